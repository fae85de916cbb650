import { describe, expect, it } from 'vitest';
import { failureOf } from '../../src/binance/failure.ts';
import { cleanText, readRejection, stopExtent } from '../../src/binance/rejection.ts';
import { MAX_STOP_MS } from '../../src/binance/shared-state.ts';

const NOW = 29_920_000 * 60_000 + 20_000;
const NEXT_MINUTE = 29_920_001 * 60_000;
const PAST = new Date(NOW - 86_400_000).toUTCString();
const error = (code: number, msg: string) => JSON.stringify({ code, msg });

describe('readRejection', () => {
  it.each<[string, number, Record<string, string>, string, string | null, number | null]>([
    ['429 with Retry-After', 429, { 'retry-after': '57' }, error(-1003, 'x'), 'bucket', NOW + 57_000],
    ['fault A2: 429 with Retry-After 0', 429, { 'retry-after': '0' }, '', 'bucket', NEXT_MINUTE],
    ['fault A2, relative: 429, a fraction', 429, { 'retry-after': '0.5' }, '', 'bucket', NEXT_MINUTE],
    ['fault A2, relative: 429, less than the rest', 429, { 'retry-after': '1' }, '', 'bucket', NEXT_MINUTE],
    [
      'fault A2, relative: 429, more than the rest',
      429,
      { 'retry-after': '57.25' },
      '',
      'bucket',
      NOW + 57_250,
    ],
    ['fault A2, relative: 429, negative', 429, { 'retry-after': '-5' }, '', 'bucket', NEXT_MINUTE],
    ['fault A2, relative: 429, a past date', 429, { 'retry-after': PAST }, '', 'bucket', NEXT_MINUTE],
    ['fault A2: 418 with Retry-After 0', 418, { 'retry-after': '0' }, '', 'address', NOW + 120_000],
    ['fault A2, relative: 418, a fraction', 418, { 'retry-after': '0.001' }, '', 'address', NOW + 120_000],
    ['fault A2, relative: 418, negative', 418, { 'retry-after': '-1' }, '', 'address', NOW + 120_000],
    ['fault A2, relative: 418, a past date', 418, { 'retry-after': PAST }, '', 'address', NOW + 120_000],
    [
      'fault A2, relative: 418, banned until the past',
      418,
      {},
      error(-1003, `banned until ${NOW}`),
      'address',
      NOW + 120_000,
    ],
    ['fault A3: 429 for 31 years', 429, { 'retry-after': '999999999' }, '', 'bucket', NOW + MAX_STOP_MS],
    ['fault A3: 418 for 31 years', 418, { 'retry-after': '999999999' }, '', 'address', NOW + MAX_STOP_MS],
    [
      'fault A3, relative: a number without end',
      429,
      { 'retry-after': '9'.repeat(400) },
      '',
      'bucket',
      NOW + MAX_STOP_MS,
    ],
    [
      'fault A3, relative: a date in 2057',
      418,
      { 'retry-after': 'Mon, 01 Jan 2057 00:00:00 GMT' },
      '',
      'address',
      NOW + MAX_STOP_MS,
    ],
    [
      'fault A3, relative: banned until 2057',
      418,
      {},
      error(-1003, 'IP banned until 2745532800000.'),
      'address',
      NOW + MAX_STOP_MS,
    ],
    [
      'fault A3, relative: the firewall, for 31 years',
      403,
      { 'retry-after': '999999999' },
      '<html>',
      'address',
      NOW + MAX_STOP_MS,
    ],
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
    [400, -27001, 'refused', /find the unit/],
    [400, -1024, 'refused', /liquidated/],
    [400, -1003, 'busy', /Too many/],
    [400, -1000, 'unavailable', /unknown error/],
    [503, -27018, 'unavailable', /still owes/],
    [503, -1016, 'unavailable', /switched this service off/],
    [400, -27999, 'refused', /the undocumented code -27999/],
    [302, null, 'unavailable', /HTTP 302/],
    [404, null, 'unavailable', /HTTP 404/],
  ])('%i with %s is "%s"', (status, code, kind, meaning) => {
    const body = code === null ? '' : error(code, 'words');
    const failure = failureOf(readRejection(status, {}, body, NOW), null);
    expect(failure).toMatchObject({ kind, exchangeCode: code });
    expect(failure.meaning).toMatch(meaning);
    expect(failure.advice).not.toBe('');
  });
});
