/** The text after `/loandesk away` and `/loandesk back`: whom, and until when by the clock of who types it. */
import { addDays, type Day, dayOf, parseDay, startOfDayMs, timeOfDayMs } from '../calendar-day.ts';
import { done, type Result, refuse, type WhyAbsenceUnclear } from '../refusal.ts';

/** What was typed, with the mentions taken out of it. */
export interface TypedAbsence {
  /** User ids, in the order of their mentions, each once. */
  readonly people: readonly string[];
  /** User-group ids. */
  readonly groups: readonly string[];
  /** The other words. */
  readonly text: string;
  /** All of it, as the person sees it. */
  readonly input: string;
}

export interface AwayQuery {
  readonly standIn: string;
  /** The last millisecond of the day, so that it is shown as that day; or the time given. */
  readonly untilMs: number;
}

const JOINING: ReadonlySet<string> = new Set(['until', 'till', 'to', 'for', 'with', 'at', '-', '–']);

/** "until 2026-12-06 for" or "for until 2026-12-06 18:00", beside one person. */
export function parseAwayQuery(typed: TypedAbsence, nowMs: number, timeZone: string): Result<AwayQuery> {
  const unclear = (why: WhyAbsenceUnclear) => refuse({ code: 'absence-unclear', input: typed.input, why });
  const days: Day[] = [];
  const times: number[] = [];
  for (const word of wordsOf(typed)) {
    const day = word === 'tomorrow' ? addDays(dayOf(nowMs, timeZone), 1) : parseDay(word, nowMs, timeZone);
    const minutes = minutesOf(word);
    if (day !== null) days.push(day);
    else if (minutes !== null) times.push(minutes);
    else if (!JOINING.has(word)) return unclear(whyNot(word));
  }
  const whom = onlyPerson(typed);
  if (!whom.ok) return whom;
  const [day] = days;
  const [minutes] = times;
  if (day === undefined) return unclear('no-day');
  if (days.length > 1 || times.length > 1) return unclear('several-days');
  const untilMs =
    minutes === undefined ? startOfDayMs(addDays(day, 1), timeZone) - 1 : timeOfDayMs(day, minutes, timeZone);
  return done({ standIn: whom.value, untilMs });
}

/** Who is back; null: who typed it. */
export function parseBackQuery(typed: TypedAbsence): Result<string | null> {
  const word = wordsOf(typed)[0];
  if (word !== undefined) return refuse({ code: 'absence-unclear', input: typed.input, why: whyNot(word) });
  return typed.people.length + typed.groups.length === 0 ? done(null) : onlyPerson(typed);
}

function onlyPerson({ people, groups, input }: TypedAbsence): Result<string> {
  const unclear = (why: WhyAbsenceUnclear) => refuse({ code: 'absence-unclear', input, why });
  const [person, ...others] = people;
  if (groups.length > 0) return unclear('group');
  if (person === undefined) return unclear('no-person');
  return others.length > 0 ? unclear('several-people') : done(person);
}

function wordsOf({ text }: TypedAbsence): readonly string[] {
  return text.toLowerCase().match(/[^\s,]+/g) ?? [];
}

function whyNot(word: string): WhyAbsenceUnclear {
  if (word.startsWith('@')) return 'plain-name';
  return /^\d/.test(word) ? 'bad-day' : 'unknown-word';
}

/** "18:00": after midnight. */
function minutesOf(word: string): number | null {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(word);
  return match === null ? null : Number(match[1]) * 60 + Number(match[2]);
}
