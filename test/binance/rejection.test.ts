import { describe, expect, it } from 'vitest';
import { failureOf } from '../../src/binance/failure.ts';
import { cleanText, readRejection, stopExtent } from '../../src/binance/rejection.ts';

const NOW = 29_920_000 * 60_000 + 20_000;
const NEXT_MINUTE = 29_920_001 * 60_000;
const error = (code: number, msg: string) => JSON.stringify({ code, msg });

describe('readRejection', () => {
  it.each<[string, number, Record<string, string>, string, string | null, number | null]>([
    ['429 with Retry-After', 429, { 'retry-after': '17' }, error(-1003, 'x'), 'bucket', NOW + 17_000],
    ['429 without', 429, {}, error(-1003, 'x'), 'bucket', NEXT_MINUTE],
    ['429 with nonsense', 429, { 'retry-after': 'soon' }, '', 'bucket', NEXT_MINUTE],
    ['429 of three days', 429, { 'retry-after': '259200' }, '', 'bucket', NOW + 259_200_000],
    [
      'exchange case 21: 418, message later',
      418,
      { 'retry-after': '60' },
      error(-1003, `IP banned until ${NOW + 600_000}. x`),
      'address',
      NOW + 600_000,
    ],
    [
      'exchange case 21: 418, header later',
      418,
      { 'retry-after': '900' },
      error(-1003, `IP banned until ${NOW + 600_000}. x`),
      'address',
      NOW + 900_000,
    ],
    ['418 without either', 418, {}, '', 'address', NOW + 120_000],
    ['exchange case 21: 403 with HTML', 403, {}, '<html>blocked</html>', 'address', NOW + 300_000],
    ['403 with a longer Retry-After', 403, { 'retry-after': '900' }, '', 'address', NOW + 900_000],
    ['403 with a code is a refusal', 403, {}, error(-2015, 'x'), null, null],
    ['451', 451, {}, '<html>', null, null],
    ['503', 503, { 'retry-after': '5' }, error(-1008, 'x'), null, null],
  ])('%s', (_name, status, headers, body, extent, retryAtMs) => {
    const rejection = readRejection(status, headers, body, NOW);
    expect(stopExtent(rejection)).toBe(extent);
    expect(rejection.retryAtMs).toBe(retryAtMs);
  });

  it('takes a Retry-After that is a date', () => {
    const date = new Date(NOW + 40_000).toUTCString();
    expect(readRejection(429, { 'retry-after': date }, '', NOW).retryAtMs).toBe(NOW + 40_000);
  });

  it.each(['', 'null', '[]', '{"code":"x"}', '{"code":12345678901}', '{"msg":"x"}', '<html>', '{"code":-1'])(
    'a body that is no error answer has no code: %j',
    (body) => {
      expect(readRejection(400, {}, body, NOW)).toMatchObject({ code: null, text: '' });
    },
  );
});

describe("what is shown of the exchange's words", () => {
  it.each([
    ['a\nb\u0000c\u202ed', 'a b c d'],
    [`key ${'A'.repeat(64)} bad`, 'key … bad'],
    ['x '.repeat(200), `${'x '.repeat(80).slice(0, 159)}…`],
  ])('%j', (text, shown) => {
    expect(cleanText(text)).toBe(shown);
  });
});

describe('failureOf', () => {
  it.each([
    [400, -27001, 'refused', /not find the unit/],
    [400, -1024, 'refused', /liquidated/],
    [400, -1003, 'busy', /Too many/],
    [400, -1000, 'unavailable', /unknown error/],
    [503, -27018, 'unavailable', /still owes/],
    [503, -1016, 'unavailable', /switched this service off/],
    [400, -27999, 'refused', /code -27999, which its pages do not list/],
    [302, null, 'unavailable', /HTTP 302/],
    [404, null, 'unavailable', /HTTP 404/],
  ])('%i with %s is "%s"', (status, code, kind, meaning) => {
    const body = code === null ? '' : error(code, 'words');
    const failure = failureOf(readRejection(status, {}, body, NOW), null);
    expect(failure).toMatchObject({ kind, httpStatus: status, exchangeCode: code });
    expect(failure.meaning).toMatch(meaning);
    expect(failure.advice).not.toBe('');
  });
});
