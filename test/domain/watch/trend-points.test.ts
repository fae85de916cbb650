import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chartSpans,
  isWorseLtv,
  mergePoints,
  type TrendPoint,
  trendPointOf,
} from '../../../src/domain/watch/trend-points.ts';

const MINUTE = 60_000;
const at = (minute: number, ltv: string | null) => trendPointOf(ltv, minute * MINUTE);

describe('spans of readings', () => {
  it.each([
    [['0.60', '0.91', '0.61'], '0.60', '0.91', '0.61'],
    [['0.60', null, '0.61'], '0.60', null, '0.61'],
    [[null, '0.7'], '0.7', null, '0.7'],
    [['0.7', null], '0.7', null, null],
    [[null, null], null, null, null],
    // As numbers, not as texts.
    [['0.9', '0.10', '1.2'], '0.10', '1.2', '1.2'],
  ])('%j: from %s to %s, last %s', (ltvs, lowest, highest, last) => {
    const merged = ltvs.map((ltv, minute) => at(minute, ltv)).reduce(mergePoints);
    expect(merged).toEqual({ fromMs: 0, lowest, highest, last });
  });

  it('are the same however they are merged', () => {
    const ltv = fc.option(fc.constantFrom('0.5', '0.62', '0.8', '0.91'), { nil: null });
    fc.assert(
      fc.property(fc.array(ltv, { minLength: 2, maxLength: 30 }), fc.nat(), (ltvs, where) => {
        const points = ltvs.map((each, minute) => at(minute, each));
        const cut = 1 + (where % (points.length - 1));
        const halves = [points.slice(0, cut), points.slice(cut)].map((half) => half.reduce(mergePoints));
        expect(halves.reduce(mergePoints)).toEqual(points.reduce(mergePoints));
      }),
    );
  });

  it.each([
    ['0.91', '0.9', true],
    ['0.9', '0.90', false],
    ['0.89', '0.9', false],
    [null, '5', true],
    ['5', null, false],
    [null, null, false],
  ])('%s is worse than %s: %s', (ltv, than, worse) => {
    expect(isWorseLtv(ltv, than)).toBe(worse);
  });
});

describe('a chart of 24 hours in 20 spans', () => {
  const DAY = 24 * 60;
  const chart = (points: readonly TrendPoint[]) => chartSpans(points, 0, DAY * MINUTE);

  it('keeps the spike of one minute, the minimum and the last value', () => {
    const points = Array.from({ length: DAY + 1 }, (_, minute) =>
      at(minute, minute === 700 ? '0.91' : minute === 100 ? '0.55' : minute === DAY ? '0.63' : '0.60'),
    );
    const spans = chart(points);
    expect(spans).toHaveLength(20);
    expect(spans.map(({ fromMs }) => fromMs / MINUTE)).toEqual(
      Array.from({ length: 20 }, (_, index) => index * 72),
    );
    expect(spans[9]?.point).toEqual({ fromMs: 648 * MINUTE, lowest: '0.60', highest: '0.91', last: '0.60' });
    expect(spans[1]?.point?.lowest).toBe('0.55');
    expect(spans[19]?.point?.last).toBe('0.63');
  });

  it('keeps gaps as gaps, and leaves out what is older', () => {
    const spans = chart([at(-1, '0.9'), at(0, '0.6'), at(71, '0.7'), at(144, '0.8')]);
    expect(spans.map(({ point }) => point && [point.lowest, point.highest])).toEqual([
      ['0.6', '0.7'],
      null,
      ['0.8', '0.8'],
      ...Array.from({ length: 17 }, () => null),
    ]);
  });
});
