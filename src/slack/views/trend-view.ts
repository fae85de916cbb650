/** LTV over time: a line against the levels, and the same in words, because a chart cannot show a gap or a last value. */
import type { KnownBlock } from '@slack/types';
import { amount } from '../../domain/amount.ts';
import { TREND_SPANS } from '../../domain/unit/unit-query.ts';
import type { WatchLevel } from '../../domain/watch/levels.ts';
import { chartSpans, isWorseLtv, type TrendPoint } from '../../domain/watch/trend-points.ts';
import type { TrendView } from '../../usecases/desk.ts';
import { writeTrendValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import { levelName, pointsText, readLtv } from './alert-figures.ts';
import {
  type ButtonSpec,
  buttons,
  type ChartBlock,
  chart,
  context,
  header,
  inForms,
  type Message,
  section,
} from './blocks.ts';
import { dateToken, durationText, zonedText } from './format.ts';

/** What a chart of one unit is drawn from. */
export interface Trend {
  readonly fromMs: number;
  readonly toMs: number;
  /** How long one point is, or the time between two readings where that is longer. */
  readonly stepMs: number;
  /** Oldest first; spans without a reading are missing. */
  readonly points: readonly TrendPoint[];
}

/** Slack takes no holes in a line: a point without a reading is left out, and the next one is marked. */
const AFTER_A_GAP = '⋯ ';
/** An LTV that isn't defined is beyond every percentage; the words say so. */
const DRAWN_WHEN_UNDEFINED = 100;
/** Levels further from the line than this would flatten it. */
const LEVEL_WITHIN_POINTS = 12;
const LEVELS_AT_MOST = 5;

/** Nothing where there are not two points to join. */
export function trendChart(
  trend: Trend,
  levels: readonly WatchLevel[],
  timeZone: string,
): readonly ChartBlock[] {
  const { fromMs, toMs } = trend;
  const spans = chartSpans(trend.points, fromMs, toMs);
  const labels: string[] = [];
  const highest: number[] = [];
  const gaps = gapsOf(trend);
  const lengthMs = (toMs - fromMs) / spans.length;
  for (const span of spans) {
    if (span.point === null) continue;
    const isAfterGap = gaps.some(({ until }) => until >= span.fromMs && until < span.fromMs + lengthMs);
    labels.push(`${isAfterGap ? AFTER_A_GAP : ''}${labelOf(span.fromMs, toMs - fromMs, timeZone)}`);
    highest.push(percent(span.point.highest));
  }
  // One point is no line.
  if (labels.length < 2) return [];
  const [lowestDrawn, highestDrawn] = [Math.min(...highest), Math.max(...highest)];
  const lines = levels
    .flatMap(({ key, at }) => (at === null ? [] : [{ name: levelName(key), value: percent(at.toFixed()) }]))
    .filter(
      ({ value }) =>
        value >= lowestDrawn - LEVEL_WITHIN_POINTS && value <= highestDrawn + LEVEL_WITHIN_POINTS,
    )
    .slice(-LEVELS_AT_MOST);
  return chart({
    title: `Highest LTV, ${durationText(toMs - fromMs)}`,
    kind: 'line',
    labels,
    series: Object.fromEntries([
      ['LTV', highest],
      ...lines.map(({ name, value }) => [name, labels.map(() => value)]),
    ]),
    unit: `% · times in ${timeZone}`,
  });
}

function percent(ltv: string | null): number {
  return ltv === null ? DRAWN_WHEN_UNDEFINED : amount(ltv).times(100).round(2).toNumber();
}

const DAY_MS = 24 * 3_600_000;

/** "03:10"; with the day where the span is longer than one. */
function labelOf(ms: number, lengthMs: number, timeZone: string): string {
  const [date = '', time = ''] = zonedText(ms, timeZone).split(' ');
  return lengthMs > DAY_MS ? `${date.slice(5)} ${time}` : time;
}

/** "LTV 85.30%, up 2.1 points in 1 h": the last value and where it came from, extremes, gaps. mrkdwn. */
export function trendWords(trend: Trend, levels: readonly WatchLevel[]): readonly string[] {
  const { points, fromMs, toMs } = trend;
  const [first] = points;
  const last = points.at(-1);
  const span = durationText(toMs - fromMs);
  if (first === undefined || last === undefined) return [`No reading in the last ${span}.`];
  const worst = points.reduce((found, point) => (isWorseLtv(point.highest, found.highest) ? point : found));
  const best = points.reduce((found, point) => (isWorseLtv(found.lowest, point.lowest) ? point : found));
  const ltv = (value: string | null) => readLtv(value, levels);
  return [
    `LTV *${ltv(last.last)}* ${dateToken(last.fromMs)}${changeText(first.last, last.last, last.fromMs - first.fromMs)}.`,
    `Highest ${ltv(worst.highest)} ${dateToken(worst.fromMs)}, lowest ${ltv(best.lowest)} ${dateToken(best.fromMs)}.`,
    ...(first.fromMs - fromMs > 2 * trend.stepMs ? [`No reading before ${dateToken(first.fromMs)}.`] : []),
    ...gapWords(trend),
  ];
}

function changeText(before: string | null, after: string | null, overMs: number): string {
  const over = durationText(overMs);
  if (overMs <= 0) return '';
  if (before === null || after === null) {
    if (before === after) return `, as ${over} before`;
    return after === null ? `, defined ${over} before` : `, not defined ${over} before`;
  }
  return `, ${pointsText(before, after) ?? 'unchanged'} in ${over}`;
}

const GAPS_NAMED = 3;

/** After the first reading, longer than two points: one may fall between two readings. Oldest first. */
function gapsOf({
  points,
  fromMs,
  toMs,
  stepMs,
}: Trend): readonly { readonly from: number; readonly until: number }[] {
  const begins = points.map((point) => point.fromMs);
  return [...begins.slice(1), toMs]
    .map((until, index) => ({ from: (begins[index] ?? fromMs) + stepMs, until }))
    .filter(({ from, until }) => until - from > 2 * stepMs);
}

function gapWords(trend: Trend): readonly string[] {
  const gaps = gapsOf(trend);
  if (gaps.length === 0) return [];
  const named = gaps
    .slice(-GAPS_NAMED)
    .map(({ from, until }) => `${dateToken(from)} to ${dateToken(until)} (${durationText(until - from)})`);
  const more = gaps.length > GAPS_NAMED ? ` and ${gaps.length - GAPS_NAMED} earlier` : '';
  return [`No reading: ${named.join(', ')}${more}.`];
}

/** `/ltv 12 trend 7d` */
export function trendMessage(view: TrendView): Message {
  const trend = { ...view, toMs: view.nowMs };
  const words = trendWords(trend, view.levels);
  const title = `Unit ${view.groupId}: LTV over ${view.span}`;
  const around = (middle: Message['blocks']): Message['blocks'] => [
    header(title),
    section(words.join('\n')),
    ...middle,
    context('The line shows the highest LTV of each span, so that no spike is lost. Only you see this.'),
    ...buttons(spanButtons(view)),
  ];
  const text = [`${title}.`, ...words].join('\n');
  return inForms(
    text,
    around(trendChart(trend, view.levels, view.timeZone)),
    around(pointLines(trend, view.levels)),
  );
}

/** Where Slack draws no chart: each span on a line. */
function pointLines({ points, fromMs, toMs }: Trend, levels: readonly WatchLevel[]): readonly KnownBlock[] {
  const lines = chartSpans(points, fromMs, toMs).map(({ fromMs: at, point }) =>
    point === null ? `${dateToken(at)}: no reading` : `${dateToken(at)}: ${readLtv(point.highest, levels)}`,
  );
  return [section(lines.join('\n'))];
}

const SPAN_ACTIONS = { '24h': ACTIONS.trendDay, '7d': ACTIONS.trendWeek, '30d': ACTIONS.trendMonth } as const;

function spanButtons({ groupId, span: shown }: TrendView): readonly ButtonSpec[] {
  return TREND_SPANS.map((span) => ({
    id: SPAN_ACTIONS[span],
    label: span === shown ? `Refresh ${span}` : span,
    value: writeTrendValue({ unit: groupId, span }),
    spoken: `${span === shown ? `Refresh ${span}` : span}: LTV of unit ${groupId}`,
  }));
}
