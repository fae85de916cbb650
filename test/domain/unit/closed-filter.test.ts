import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import { keeps, parseClosedFilter } from '../../../src/domain/unit/closed-filter.ts';

const NOW = Date.UTC(2026, 10, 21, 3, 30);
const at = (iso: string) => Date.parse(iso);

function parsed(text: string, timeZone = 'UTC') {
  const filter = parseClosedFilter(text, NOW, timeZone);
  if (!filter.ok) throw new Error(`refused: ${text}`);
  return filter.value;
}

describe('the filter of /closed-units', () => {
  it.each([
    ['', null, null, null],
    ['72', 'unit 72', null, null],
    ['2026-07-25', '2026-07-25', '2026-07-25T00:00Z', '2026-07-26T00:00Z'],
    ['yesterday', '2026-11-20', '2026-11-20T00:00Z', '2026-11-21T00:00Z'],
    ['2026-01-01 2026-01-31', '2026-01-01 to 2026-01-31', '2026-01-01T00:00Z', '2026-02-01T00:00Z'],
    ['from 2026-01-01 to 2026-01-31', '2026-01-01 to 2026-01-31', '2026-01-01T00:00Z', '2026-02-01T00:00Z'],
    ['from 2026-01-01', 'from 2026-01-01', '2026-01-01T00:00Z', null],
    ['to 2026-01-31', 'to 2026-01-31', null, '2026-02-01T00:00Z'],
    ['last 30d', '2026-10-23 to 2026-11-21', '2026-10-23T00:00Z', '2026-11-22T00:00Z'],
    ['  LAST \t 2days ', '2026-11-20 to 2026-11-21', '2026-11-20T00:00Z', '2026-11-22T00:00Z'],
    ['last 1day', '2026-11-21', '2026-11-21T00:00Z', '2026-11-22T00:00Z'],
    ['last 9999d', '1999-07-08 to 2026-11-21', '1999-07-08T00:00Z', '2026-11-22T00:00Z'],
    ['since yesterday', 'from 2026-11-20', '2026-11-20T00:00Z', null],
    ['to 1960-01-01', 'to 1960-01-01', null, '1960-01-02T00:00Z'],
    ['  ', null, null, null],
    ['last', 'account contains "last"', null, null],
    ['until TODAY', 'to 2026-11-21', null, '2026-11-22T00:00Z'],
    [
      'from 2026-01-01 until 2026-01-31',
      '2026-01-01 to 2026-01-31',
      '2026-01-01T00:00Z',
      '2026-02-01T00:00Z',
    ],
    ['from 2026-01-01 to', 'from 2026-01-01', '2026-01-01T00:00Z', null],
    ['from to 2026-01-31', 'to 2026-01-31', null, '2026-02-01T00:00Z'],
    ['2026-01-31 to', 'to 2026-01-31', null, '2026-02-01T00:00Z'],
    ['2026-01-01 - 2026-01-31', '2026-01-01 to 2026-01-31', '2026-01-01T00:00Z', '2026-02-01T00:00Z'],
    ['2026-01-01 – 2026-01-31', '2026-01-01 to 2026-01-31', '2026-01-01T00:00Z', '2026-02-01T00:00Z'],
    ['0200-01-01', '0200-01-01', '0200-01-01T00:00Z', '0200-01-02T00:00Z'],
    ['unit 72', 'unit 72', null, null],
    ['account 9fund 72', 'unit 72, account contains "9fund"', null, null],
    ['Ünal+x_y.z-1@test.com', 'account contains "ünal+x_y.z-1@test.com"', null, null],
    [
      '72 fund-a 2026-02-01',
      'unit 72, account contains "fund-a", 2026-02-01',
      '2026-02-01T00:00Z',
      '2026-02-02T00:00Z',
    ],
  ])('%j means %s', (text, words, from, before) => {
    const filter = parsed(text);
    expect(filter.text).toBe(words);
    expect(filter.fromMs).toBe(from === null ? null : at(from));
    expect(filter.beforeMs).toBe(before === null ? null : at(before));
  });

  it('reads days in the time zone of the person who asks, also where clocks change', () => {
    expect(parsed('yesterday', 'America/New_York').fromMs).toBe(at('2026-11-19T05:00Z'));
    expect(parsed('today', 'Asia/Tokyo').fromMs).toBe(at('2026-11-20T15:00Z'));
    const clocksBack = parsed('2026-11-01', 'America/New_York');
    expect((clocksBack.beforeMs ?? 0) - (clocksBack.fromMs ?? 0)).toBe(25 * 3_600_000);
    const clocksForward = parsed('2026-03-08', 'America/New_York');
    expect((clocksForward.beforeMs ?? 0) - (clocksForward.fromMs ?? 0)).toBe(23 * 3_600_000);
  });

  /** Clocks there go forward at midnight on this day. */
  it.each([
    ['fault W8', 'America/Santiago', '2026-09-06', '2026-09-06T04:00Z', 23],
    ['fault W8, relative', 'Africa/Cairo', '2026-04-24', '2026-04-23T22:00Z', 23],
    ['fault W8, relative', 'America/Havana', '2026-03-08', '2026-03-08T05:00Z', 23],
    ['fault W8, relative', 'Asia/Beirut', '2026-03-29', '2026-03-28T22:00Z', 23],
    ['fault W8, relative', 'America/Santiago', '2026-04-04', '2026-04-04T03:00Z', 25],
    ['fault W8, relative', 'America/Santiago', '2026-09-05', '2026-09-05T04:00Z', 24],
  ])('%s: in %s %s begins at %s and has %i hours', (_, zone, day, begins, hours) => {
    const { fromMs, beforeMs } = parsed(day, zone);
    expect(fromMs).toBe(at(begins));
    expect(beforeMs).toBe(at(begins) + hours * 3_600_000);
  });

  it('fault W8, relative: every day of the year begins where the day before it ends, in zones of every kind', () => {
    const zones = ['America/Santiago', 'Africa/Cairo', 'Asia/Kolkata', 'Pacific/Kiritimati', 'Pacific/Niue'];
    const days = Array.from({ length: 366 }, (_, day) =>
      new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10),
    );
    for (const zone of zones) {
      const calendar = new Intl.DateTimeFormat('sv-SE', { timeZone: zone });
      let endedMs: number | null = null;
      for (const day of days) {
        const { fromMs, beforeMs } = parsed(day, zone);
        if (fromMs === null || beforeMs === null) throw new Error('a day has no end');
        expect([calendar.format(fromMs), calendar.format(beforeMs - 1)]).toEqual([day, day]);
        if (endedMs !== null) expect(fromMs).toBe(endedMs);
        endedMs = beforeMs;
      }
    }
  });

  it.each([
    '2026-02-30',
    '2026-13-01',
    '2026-01-31 2026-01-01',
    'from',
    '1; DROP',
    '072',
    '1.5',
    'last 30d 2026-01-01',
    '2026-01-01 2026-01-02 2026-01-03',
    'last 0d',
    'last 12345d',
    'last 30dx',
    'last x30d',
    'from 72',
    'to',
    '72 73',
    'fund-a fund-b',
    'fund-a 30d',
    'fund/a',
    '/fund',
    'fund!',
    '2026-1-01',
    '02026-01-01',
    '2026-01-011',
    '0099-01-01',
  ])('refuses %j', (text) => {
    expect(parseClosedFilter(text, NOW, 'UTC')).toMatchObject({
      ok: false,
      refusal: { code: 'bad-filter', input: text },
    });
  });

  it('refuses what was typed without the blanks around it', () => {
    expect(parseClosedFilter(' 072  x ', NOW, 'UTC')).toMatchObject({ refusal: { input: '072  x' } });
  });

  it('keeps what fits all of its parts', () => {
    const unit = {
      groupId: longId('72'),
      parentEmail: 'p@test.com',
      creditEmail: 'Fund-A@test.com',
      enabled: false,
      createdAtMs: at('2025-07-25T00:00Z'),
      closedAtMs: at('2025-07-25T05:54:59Z'),
    };
    expect(keeps(parsed(''), unit)).toBe(true);
    for (const fitting of [
      '72 fund-a 2025-07-25',
      '72',
      'FUND-A',
      '2025-07-25',
      'from 2025-07-25',
      'to 2025-07-25',
    ])
      expect(keeps(parsed(fitting), unit), fitting).toBe(true);
    for (const other of [
      '73',
      'fund-b',
      '2025-07-26',
      '2025-07-24',
      '72 fund-b',
      '73 fund-a',
      '72 2025-07-26',
    ])
      expect(keeps(parsed(other), unit), other).toBe(false);
  });

  it('keeps from the first moment of its days to the last', () => {
    const closedAt = (iso: string) => ({
      groupId: longId('72'),
      parentEmail: 'p@test.com',
      creditEmail: 'fund-a@test.com',
      enabled: false,
      createdAtMs: 0,
      closedAtMs: at(iso),
    });
    const filter = parsed('2025-07-25');
    expect(keeps(filter, closedAt('2025-07-24T23:59:59.999Z'))).toBe(false);
    expect(keeps(filter, closedAt('2025-07-25T00:00:00.000Z'))).toBe(true);
    expect(keeps(filter, closedAt('2025-07-25T23:59:59.999Z'))).toBe(true);
    expect(keeps(filter, closedAt('2025-07-26T00:00:00.000Z'))).toBe(false);
  });
});
