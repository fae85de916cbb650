/** Whatever is charted, Slack takes it, and the end that matters is there. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBlockKitFaults } from '../../../sandbox/slack/block-kit/check-blocks.ts';
import { chart } from '../../../src/slack/views/blocks.ts';

const hours = Array.from({ length: 30 }, (_, hour) => `hour ${hour}`);
const drawn = (kind: 'line' | 'bar', values: readonly number[]) =>
  chart({ title: 'LTV', kind, labels: hours, series: { LTV: values } })[0]?.chart;

describe('a chart', () => {
  it('keeps the newest points of a line, and the first bars', () => {
    const line = drawn('line', [...hours.keys()]);
    expect(line?.axis_config.categories).toEqual(hours.slice(10));
    expect(line?.series[0]?.data.at(-1)).toEqual({ label: 'hour 29', value: 29 });
    expect(drawn('bar', [...hours.keys()])?.axis_config.categories).toEqual(hours.slice(0, 20));
  });

  it('leaves out a point without a value, and is none without points', () => {
    expect(drawn('line', [1, Number.NaN, 3])?.series[0]?.data).toEqual([
      { label: 'hour 0', value: 1 },
      { label: 'hour 2', value: 3 },
    ]);
    expect(chart({ title: 'LTV', kind: 'line', labels: hours, series: { LTV: [] } })).toEqual([]);
    expect(chart({ title: 'LTV', kind: 'line', labels: hours, series: {} })).toEqual([]);
  });

  it('names a time that comes twice twice', () => {
    const labels = ['16:00', '16:00'];
    const [block] = chart({ title: 'LTV', kind: 'line', labels, series: { LTV: [1, 2] } });
    expect(block?.chart.axis_config.categories).toEqual(['16:00', '16:00 (2)']);
  });

  it('is always taken', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 90 });
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('line' as const, 'bar' as const, 'area' as const),
        fc.array(fc.oneof(text, fc.constant('x'.repeat(40)), fc.constant('')), { maxLength: 40 }),
        fc.dictionary(text, fc.array(fc.double(), { maxLength: 40 }), { maxKeys: 15 }),
        text,
        (title, kind, labels, series, unit) => {
          const blocks = chart({ title, kind, labels, series, unit });
          expect(findBlockKitFaults('message', { text: 'x', blocks })).toEqual([]);
        },
      ),
    );
  });
});
