/**
 * LTV over time, merged into spans that keep their lowest, highest and last value: a spike of one reading survives
 * however coarse the spans are. LTVs are decimal strings; null is an undefined LTV, the highest of all.
 */
import { amount } from '../amount.ts';
import { compareLtv } from '../unit/risk-unit.ts';

/** The readings of one span. */
export interface TrendPoint {
  readonly fromMs: number;
  readonly lowest: string | null;
  readonly highest: string | null;
  readonly last: string | null;
}

export function isWorseLtv(ltv: string | null, than: string | null): boolean {
  return compareLtv(parsed(ltv), parsed(than)) < 0;
}

function parsed(ltv: string | null) {
  return ltv === null ? null : amount(ltv);
}

export function trendPointOf(ltv: string | null, fromMs: number): TrendPoint {
  return { fromMs, lowest: ltv, highest: ltv, last: ltv };
}

/** One span of two; `later` follows `point` in time. */
export function mergePoints(point: TrendPoint, later: TrendPoint): TrendPoint {
  return {
    fromMs: point.fromMs,
    lowest: isWorseLtv(point.lowest, later.lowest) ? later.lowest : point.lowest,
    highest: isWorseLtv(later.highest, point.highest) ? later.highest : point.highest,
    last: later.last,
  };
}

/** A chart draws at most this many spans. */
const CHART_SPANS = 20;

/** Equal spans from `fromMs` to `toMs`; null: no reading in that span, a gap. `points`: oldest first. */
export function chartSpans(
  points: readonly TrendPoint[],
  fromMs: number,
  toMs: number,
): { readonly fromMs: number; readonly point: TrendPoint | null }[] {
  const lengthMs = (toMs - fromMs) / CHART_SPANS;
  const spans = Array.from({ length: CHART_SPANS }, (_, index): TrendPoint | null => {
    const inSpan = points.filter(
      (point) => Math.min(Math.floor((point.fromMs - fromMs) / lengthMs), CHART_SPANS - 1) === index,
    );
    return inSpan.length === 0 ? null : inSpan.reduce(mergePoints);
  });
  return spans.map((point, index) => ({ fromMs: Math.round(fromMs + index * lengthMs), point }));
}
