/** What people type after `/loandesk away` and `/loandesk back`. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, dayOf, iso, timeOfDayMs } from '../../../src/domain/calendar-day.ts';
import { parseAwayQuery, parseBackQuery, type TypedAbsence } from '../../../src/domain/close/away-query.ts';

const NOW_MS = Date.UTC(2026, 10, 30, 12);

function typed(text: string, people: readonly string[] = ['U0ADA'], groups: readonly string[] = []) {
  return { people, groups, text, input: text } satisfies TypedAbsence;
}

/** The end in UTC, or why there is none. */
function read(given: TypedAbsence, timeZone = 'UTC'): string {
  const query = parseAwayQuery(given, NOW_MS, timeZone);
  if (query.ok) return new Date(query.value.untilMs).toISOString();
  return query.refusal.code === 'absence-unclear' ? query.refusal.why : query.refusal.code;
}

describe('away', () => {
  it.each([
    ['until 2026-12-06 for', 'UTC', '2026-12-06T23:59:59.999Z'],
    ['for until 2026-12-06', 'Europe/Stockholm', '2026-12-06T22:59:59.999Z'],
    ['2026-12-06', 'Asia/Singapore', '2026-12-06T15:59:59.999Z'],
    ['until 2026-12-06 18:00 for', 'America/New_York', '2026-12-06T23:00:00.000Z'],
    ['for, until 2026-12-06 at 9:05', 'Europe/Stockholm', '2026-12-06T08:05:00.000Z'],
    ['till tomorrow for', 'UTC', '2026-12-01T23:59:59.999Z'],
    ['UNTIL TODAY FOR', 'UTC', '2026-11-30T23:59:59.999Z'],
    // Over already: the rule refuses it, by the store's clock.
    ['until yesterday for', 'UTC', '2026-11-29T23:59:59.999Z'],
    // Clocks go forward at midnight there: the day after begins at 01:00, and this one at its own 01:00.
    ['until 2027-09-04 for', 'America/Santiago', '2027-09-05T03:59:59.999Z'],
    ['until 2027-09-05 00:30 for', 'America/Santiago', '2027-09-05T03:30:00.000Z'],
    ['until 2027-09-05 for', 'America/Santiago', '2027-09-06T02:59:59.999Z'],
    // Twice there, an hour apart: the earlier one.
    ['until 2027-10-31 02:30 for', 'Europe/Stockholm', '2027-10-31T00:30:00.000Z'],
    ['until 2027-10-31 18:00 for', 'Europe/Stockholm', '2027-10-31T17:00:00.000Z'],
    // Skipped there.
    ['until 2027-03-28 02:30 for', 'Europe/Stockholm', '2027-03-28T00:30:00.000Z'],
  ])('“%s” in %s ends at %s', (text, timeZone, end) => {
    expect(read(typed(text), timeZone)).toBe(end);
  });

  it.each([
    ['for', ['U0ADA'], [], 'no-day'],
    ['until for', ['U0ADA'], [], 'no-day'],
    ['until 18:00 for', ['U0ADA'], [], 'no-day'],
    ['until 2026-02-30 for', ['U0ADA'], [], 'bad-day'],
    ['until 06/12/2026 for', ['U0ADA'], [], 'bad-day'],
    ['until 2026-12-06 25:00 for', ['U0ADA'], [], 'bad-day'],
    ['until 2026-12-01 to 2026-12-06 for', ['U0ADA'], [], 'several-days'],
    ['until 2026-12-06 18:00 19:00 for', ['U0ADA'], [], 'several-days'],
    ['until friday for', ['U0ADA'], [], 'unknown-word'],
    ['until 2026-12-06', [], [], 'no-person'],
    ['until 2026-12-06 for and', ['U0ADA', 'U0BEN'], [], 'unknown-word'],
    ['until 2026-12-06 for', ['U0ADA', 'U0BEN'], [], 'several-people'],
    ['until 2026-12-06 for', [], ['S0RISK'], 'group'],
    ['until 2026-12-06 for', ['U0ADA'], ['S0RISK'], 'group'],
    ['until 2026-12-06 for @ada', [], [], 'plain-name'],
    ['', [], [], 'no-person'],
  ] as const)('“%s” for %j and %j is refused: %s', (text, people, groups, why) => {
    expect(read(typed(text, people, groups))).toBe(why);
  });
});

describe('back', () => {
  it.each([
    ['', [], [], null],
    ['', ['U0ADA'], [], 'U0ADA'],
    ['', ['U0ADA', 'U0BEN'], [], 'several-people'],
    ['', [], ['S0RISK'], 'group'],
    ['@ada', [], [], 'plain-name'],
    ['soon', [], [], 'unknown-word'],
  ] as const)('“%s” with %j and %j', (text, people, groups, expected) => {
    const query = parseBackQuery(typed(text, people, groups));
    if (query.ok) expect(query.value).toBe(expected);
    else expect(query.refusal).toMatchObject({ code: 'absence-unclear', why: expected });
  });
});

describe('a time of a day', () => {
  it('is what the clock there shows, except where clocks skip it', () => {
    const zones = [
      'UTC',
      'Europe/London',
      'America/Santiago',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Africa/Cairo',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 800 }),
        fc.integer({ min: 0, max: 1_439 }),
        (timeZone, ahead, minutes) => {
          const day = addDays(dayOf(NOW_MS, 'UTC'), ahead);
          const atMs = timeOfDayMs(day, minutes, timeZone);
          const clock = new Date(atMs).toLocaleString('sv-SE', {
            timeZone,
            dateStyle: 'short',
            timeStyle: 'short',
          });
          const wanted = `${iso(day)} ${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
          if (clock === wanted) return;
          // Skipped: an hour earlier at most, and nowhere near does the clock show it.
          expect(clock < wanted).toBe(true);
          for (let ms = atMs - 3 * 3_600_000; ms < atMs + 3 * 3_600_000; ms += 60_000)
            expect(
              new Date(ms).toLocaleString('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }),
            ).not.toBe(wanted);
        },
      ),
      { numRuns: 200 },
    );
  });
});
