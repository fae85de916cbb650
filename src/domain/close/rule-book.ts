/**
 * What is kept beside the firm's own rules for closes: who is away and who stands in for them, which rules were told
 * last, and who could have approved on which day. `decideRuleBook` changes it; the caller passes the store's clock, and
 * the store saves the result with its audit entries if nothing changed meanwhile.
 */
import type { NewestEntry } from '../audit-chain.ts';
import type { PersonId } from '../person.ts';
import { done, type Result, refuse } from '../refusal.ts';
import type { StandIn } from './close-request.ts';
import { type Absence, type CloseRule, type CloseRules, digestOfRule, digestOfRules } from './close-rules.ts';

/** Longer is a change of the rules, which belongs in the file that the firm reviews. */
export const LONGEST_ABSENCE_MS = 60 * 86_400_000;

export interface RuleBook {
  readonly schema: 1;
  /** Counts every stored change. */
  readonly revision: number;
  /** As people entered them; those that are over go at the next change. */
  readonly absences: readonly EnteredAbsence[];
  /** The rules that were told last. Null: no process has said yet which ones it has. */
  readonly told: { readonly rules: CloseRules | null } | null;
  /** The newest day, in UTC, whose approvers are in the audit trail: `2026-12-01`. */
  readonly accessDay: string | null;
  /** The newest audit entry: its number and its seal. */
  readonly audit: NewestEntry;
}

export interface EnteredAbsence extends Absence {
  readonly sinceMs: number;
}

export const NO_RULE_BOOK: RuleBook = {
  ...{ schema: 1, revision: 0, absences: [], told: null, accessDay: null },
  audit: { sequence: 0, seal: '' },
};

/** Who could approve, as Slack answered. User ids. */
export interface ResolvedAccess {
  /** Digest of the rules they were looked up under; null: there is no CLOSE_RULES_FILE. */
  readonly rulesDigest: string | null;
  /** Each list of approvers as written, in the settings or a rule, with those of its people who could vote. */
  readonly lists: readonly { readonly from: readonly string[]; readonly people: readonly string[] }[];
  /** In force then. */
  readonly standIns: readonly StandIn[];
}

export type RuleEvent = { readonly atMs: number; readonly by: PersonId | null } & (
  | {
      readonly type: 'away';
      readonly approver: string;
      readonly standIn: string;
      readonly untilMs: number;
      /** Who stood in until then; null: nobody, or the same person. */
      readonly insteadOf: string | null;
    }
  | { readonly type: 'back'; readonly approver: string; readonly standIn: string }
  | ({ readonly type: 'rules-changed' } & RulesChange)
  | { readonly type: 'access-resolved'; readonly day: string; readonly access: ResolvedAccess }
);

export type RuleEventType = RuleEvent['type'];

export interface RulesChange {
  /** Digest of the file before and after; null: there was or is none. */
  readonly from: string | null;
  readonly to: string | null;
  /** The file before and after; null: there was or is none. */
  readonly before: CloseRules | null;
  readonly after: CloseRules | null;
}

/** A message to the approvals channel. Their words are drawn at delivery. */
export interface RuleNotice {
  readonly kind: 'rules-message';
  readonly event: RuleEvent;
}

export type RuleCommand =
  /** `by` is an approver and full member; `inFile`: the absences that the file has in force. Who may was checked. */
  | {
      readonly type: 'away';
      readonly by: PersonId;
      readonly standIn: string;
      readonly untilMs: number;
      readonly inFile: readonly Absence[];
    }
  /** Ends an absence that was entered. Who may was checked. */
  | { readonly type: 'back'; readonly by: PersonId; readonly approver: string }
  | { readonly type: 'note-rules'; readonly rules: CloseRules | null }
  | { readonly type: 'note-access'; readonly day: string; readonly access: ResolvedAccess };

export interface RuleBookChange {
  readonly next: RuleBook;
  readonly events: readonly RuleEvent[];
  readonly notices: readonly RuleNotice[];
}

/** Absences that hold at that time. */
export function inForce<Each extends Absence>(absences: readonly Each[], nowMs: number): readonly Each[] {
  return absences.filter(({ untilMs }) => untilMs > nowMs);
}

/** Of the file, those that hold: what an approver entered takes the place of theirs. */
export function notReplaced(inFile: readonly Absence[], entered: readonly Absence[]): readonly Absence[] {
  return inFile.filter(({ approver }) => !entered.some((each) => each.approver === approver));
}

/** The store sets revision and audit. `nowMs` is the store's clock. */
export function decideRuleBook(book: RuleBook, command: RuleCommand, nowMs: number): Result<RuleBookChange> {
  const absences = inForce(book.absences, nowMs);
  switch (command.type) {
    case 'away': {
      const { by, standIn, untilMs } = command;
      const approver = by.userId;
      if (standIn === approver) return refuse({ code: 'stand-in-not-allowed', standIn, why: 'yourself' });
      if (untilMs <= nowMs || untilMs - nowMs > LONGEST_ABSENCE_MS) {
        const why = untilMs <= nowMs ? 'over' : 'too-long';
        return refuse({ code: 'bad-absence', untilMs, why, longestMs: LONGEST_ABSENCE_MS });
      }
      // No chain: somebody who is away themselves can't act for another.
      const others = [...absences, ...inForce(command.inFile, nowMs)];
      if (others.some((each) => each.approver === standIn))
        return refuse({ code: 'stand-in-not-allowed', standIn, why: 'away' });
      const before = absences.find((each) => each.approver === approver);
      if (before?.standIn === standIn && before.untilMs === untilMs)
        return refuse({ code: 'nothing-changed' });
      const kept = absences.filter((each) => each !== before);
      return changed(
        { ...book, absences: [...kept, { approver, standIn, untilMs, sinceMs: nowMs }] },
        {
          ...{ type: 'away', atMs: nowMs, by, approver, standIn, untilMs },
          insteadOf: before === undefined || before.standIn === standIn ? null : before.standIn,
        },
      );
    }
    case 'back': {
      const { by, approver } = command;
      const before = absences.find((each) => each.approver === approver);
      if (before === undefined) return refuse({ code: 'not-away', approver });
      const kept = absences.filter((each) => each !== before);
      return changed(
        { ...book, absences: kept },
        { type: 'back', atMs: nowMs, by, approver, standIn: before.standIn },
      );
    }
    case 'note-rules': {
      const { rules } = command;
      const before = book.told?.rules ?? null;
      const [from, to] = [before, rules].map((each) => (each === null ? null : digestOfRules(each)));
      if (from === undefined || to === undefined) throw new Error('two files have two digests');
      if (book.told !== null && from === to) return refuse({ code: 'nothing-changed' });
      const next = { ...book, absences, told: { rules } };
      if (from === to) return done({ next, events: [], notices: [] });
      return changed(next, {
        ...{ type: 'rules-changed', atMs: nowMs, by: null, from, to, before, after: rules },
      });
    }
    case 'note-access': {
      const { day, access } = command;
      if (book.accessDay !== null && day <= book.accessDay) return refuse({ code: 'nothing-changed' });
      return changed(
        { ...book, absences, accessDay: day },
        { type: 'access-resolved', atMs: nowMs, by: null, day, access },
      );
    }
  }
}

function changed(next: RuleBook, event: RuleEvent): Result<RuleBookChange> {
  return done({ next, events: [event], notices: noticesOf(event) });
}

/** Exhaustive: a new event doesn't compile without its notices. */
function noticesOf(event: RuleEvent): RuleNotice[] {
  switch (event.type) {
    case 'away':
    case 'back':
    case 'rules-changed':
      return [{ kind: 'rules-message', event }];
    case 'access-resolved':
      return [];
  }
}

/** Rules that went, came, or only moved among those that stayed; those with the same digest are the same. */
export function rulesThatDiffer({ before, after }: Pick<RulesChange, 'before' | 'after'>): {
  readonly removed: readonly CloseRule[];
  readonly added: readonly CloseRule[];
  readonly moved: readonly CloseRule[];
} {
  const was = before?.rules ?? [];
  const is = after?.rules ?? [];
  const stayed = (some: readonly CloseRule[], others: readonly CloseRule[]) => {
    const digests = new Set(others.map(digestOfRule));
    return some.filter((rule) => digests.has(digestOfRule(rule)));
  };
  const [kept, keptNow] = [stayed(was, is), stayed(is, was)];
  const order = kept.map(digestOfRule);
  return {
    removed: was.filter((rule) => !kept.includes(rule)),
    added: is.filter((rule) => !keptNow.includes(rule)),
    moved: keptNow.filter((rule, at) => digestOfRule(rule) !== order[at]),
  };
}
