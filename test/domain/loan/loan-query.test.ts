import { describe, expect, it } from 'vitest';
import {
  asksForStatement,
  parseLoanQuery,
  parseStatementQuery,
  usualSpans,
} from '../../../src/domain/loan/loan-query.ts';

const NOW = Date.UTC(2026, 10, 30, 16, 0);
const utc = (text: string) => Date.parse(text);

function spanOf(text: string, timeZone = 'UTC'): string {
  const query = parseLoanQuery(text, NOW, timeZone);
  return query.ok ? query.value.spanText : query.refusal.code;
}

describe('what /loan is asked', () => {
  it.each([
    ['12', '2026-11-01 to 2026-11-30'],
    ['fund-a last 7d', '2026-11-24 to 2026-11-30'],
    ['12 last 90 days', '2026-09-02 to 2026-11-30'],
    ['12 LAST 1day', '2026-11-30'],
    ['12 yesterday', '2026-11-29'],
    ['12 2026-10-01', '2026-10-01'],
    ['12 2026-10-01 2026-10-31', '2026-10-01 to 2026-10-31'],
    ['12 from 2026-10-01 to 2026-10-31', '2026-10-01 to 2026-10-31'],
    ['12 2026-10-01 - 2026-10-31', '2026-10-01 to 2026-10-31'],
    ['12 since 2026-11-15', '2026-11-15 to 2026-11-30'],
    ['12 2025-11-30 2026-11-30', '2025-11-30 to 2026-11-30'],
    ['12 last 366d', '2025-11-30 to 2026-11-30'],
  ])('"%s" is %s', (text, expected) => expect(spanOf(text)).toBe(expected));

  it.each([
    ['', 'unit-id-missing'],
    ['12 tomorrow', 'bad-filter'],
    ['12 2026-02-30', 'bad-filter'],
    ['12 2026-13-01 2026-13-02', 'bad-filter'],
    ['12 last', 'bad-filter'],
    ['12 last 0d', 'bad-filter'],
    ['12 last 99999d', 'bad-filter'],
    ['12 to 2026-10-01', 'bad-filter'],
    ['12 2026-10-01 2026-10-02 2026-10-03', 'bad-filter'],
    ['12 from', 'bad-filter'],
    ['12; DROP', 'bad-filter'],
    ['> 80%', 'bad-filter'],
    ['012', 'bad-filter'],
    ['12 2026-12-01', 'bad-span'],
    ['12 2026-10-01 2026-12-31', 'bad-span'],
    ['12 2026-10-31 2026-10-01', 'bad-span'],
    ['12 since 2027-01-01', 'bad-span'],
    ['12 last 367d', 'bad-span'],
    ['12 2020-01-01 2026-01-01', 'bad-span'],
  ])('"%s" is refused: %s', (text, code) => expect(spanOf(text)).toBe(code));

  it('says why days that were understood are refused', () => {
    const why = (text: string) => {
      const query = parseLoanQuery(text, NOW, 'UTC');
      return !query.ok && query.refusal.code === 'bad-span' ? query.refusal.why : null;
    };
    expect(why('12 2026-12-01')).toBe('future');
    expect(why('12 since 2027-01-01')).toBe('reversed');
    expect(why('12 2026-10-31 2026-10-01')).toBe('reversed');
    expect(why('12 last 400d')).toBe('too-long');
    expect(why('12 2024-12-31')).toBe('too-early');
    expect(why('12 1969-12-31')).toBe('too-early');
    expect(why('12 2024-12-31 2025-01-02')).toBe('too-early');
    expect(why('12 2025-01-01')).toBeNull();
    for (const month of ['2024-12', '1969-12']) {
      const query = parseStatementQuery(`12 statement ${month}`, NOW);
      expect(query).toMatchObject({ ok: false, refusal: { code: 'bad-span', why: 'too-early' } });
    }
    expect(parseStatementQuery('12 statement 2025-01', NOW).ok).toBe(true);
  });

  it("days are the reader's, from 01:00 where a midnight is missing", () => {
    const inSantiago = parseLoanQuery('12 2026-09-06', NOW, 'America/Santiago');
    expect(inSantiago.ok && inSantiago.value.span).toEqual({
      fromMs: utc('2026-09-06T04:00:00Z'),
      beforeMs: utc('2026-09-07T03:00:00Z'),
    });
    const skipped = parseLoanQuery('12 2011-12-30', NOW, 'Pacific/Apia');
    expect(skipped).toMatchObject({ ok: false, refusal: { code: 'bad-filter' } });
    expect(spanOf('12', 'Pacific/Kiritimati')).toBe('2026-11-02 to 2026-12-01');
  });

  it('yesterday and the month so far, also on the first of a month', () => {
    const { yesterday, month } = usualSpans(utc('2026-11-01T12:00:00Z'), 'UTC');
    expect(yesterday).toEqual({ fromMs: utc('2026-10-31T00:00:00Z'), beforeMs: utc('2026-11-01T00:00:00Z') });
    expect(month).toEqual({ fromMs: utc('2026-11-01T00:00:00Z'), beforeMs: utc('2026-11-02T00:00:00Z') });
  });
});

describe('which statement', () => {
  it.each([
    ['12 statement 2026-10', '2026-10'],
    ['12 statement last month', '2026-10'],
    ['12 statement', '2026-10'],
    ['12 statement this month', '2026-11'],
    ['fund-a Statement 2025-01', '2025-01'],
    ['12 statement 2026-12', 'bad-span'],
    ['12 statement 2026-13', 'bad-filter'],
    ['12 statement october', 'bad-filter'],
    ['12 last 30d', 'bad-filter'],
    ['12 statement 2026-10 2026-11', 'bad-filter'],
  ])('"%s" is %s', (text, expected) => {
    const query = parseStatementQuery(text, NOW);
    expect(query.ok ? query.value.month : query.refusal.code).toBe(expected);
  });

  it('the month is in UTC, and the last one of a January is December', () => {
    const query = parseStatementQuery('12 statement last month', utc('2027-01-15T00:00:00Z'));
    expect(query.ok && query.value).toMatchObject({
      month: '2026-12',
      span: { fromMs: utc('2026-12-01T00:00:00Z'), beforeMs: utc('2027-01-01T00:00:00Z') },
    });
    expect(asksForStatement('12 STATEMENT x')).toBe(true);
    expect(asksForStatement('statement 2026-10')).toBe(false);
  });
});
