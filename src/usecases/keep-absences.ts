/** `/loandesk away` and `/loandesk back`: approvers who are away, and who stands in for them. */
import { parseAwayQuery, parseBackQuery } from '../domain/close/away-query.ts';
import type { Absence, CloseRules } from '../domain/close/close-rules.ts';
import { inForce, notReplaced, type RuleBook } from '../domain/close/rule-book.ts';
import { knownTimeZone, personKey } from '../domain/person.ts';
import type { ClosePolicy } from '../domain/policy.ts';
import { done, refuse } from '../domain/refusal.ts';
import type { Access } from './access.ts';
import type { AbsenceRow, Desk } from './desk.ts';
import type { KeepRuleBook } from './rule-book.ts';

export interface KeepAbsencesParts {
  readonly access: Access;
  readonly ruleBook: KeepRuleBook;
  /** As read last from CLOSE_RULES_FILE; default: there is none. */
  readonly rules?: () => CloseRules | null;
  readonly policy: Pick<ClosePolicy, 'samePerson'>;
}

export interface KeepAbsences extends Pick<Desk, 'listAbsences' | 'enterAbsence' | 'endAbsence'> {
  /** As `listAbsences`, for people of this team. Throws UnreadableRecord, StoreUnavailable. */
  absencesNow(teamId: string): Promise<readonly AbsenceRow[]>;
}

export function createKeepAbsences({
  access,
  ruleBook,
  rules = () => null,
  policy,
}: KeepAbsencesParts): KeepAbsences {
  const inFile = (nowMs: number) => inForce(rules()?.away ?? [], nowMs);

  function holding(book: RuleBook, nowMs: number): readonly (Absence & Pick<AbsenceRow, 'source'>)[] {
    const entered = inForce(book.absences, nowMs);
    const others = notReplaced(inFile(nowMs), entered);
    return [
      ...entered.map((each) => ({ ...absenceIn(each), source: 'entered' as const })),
      ...others.map((each) => ({ ...absenceIn(each), source: 'file' as const })),
    ];
  }

  async function absencesNow(teamId: string): Promise<readonly AbsenceRow[]> {
    const { book, nowMs } = await ruleBook.load();
    const approvers = await access.approvers(teamId);
    const noEffect = async ({ approver, standIn }: Absence): Promise<AbsenceRow['noEffect']> => {
      if (!approvers.ok) return 'not-looked-up';
      if (!approvers.value.members.includes(approver)) return 'not-an-approver';
      const person = await access.identify({ teamId, userId: standIn });
      if (person.ok) return null;
      return person.refusal.code === 'not-a-full-member' ? person.refusal.kind : 'not-looked-up';
    };
    const rows = await Promise.all(
      holding(book, nowMs).map(async (each) => ({ ...each, noEffect: await noEffect(each) })),
    );
    return rows.sort((a, b) => a.untilMs - b.untilMs);
  }

  return {
    absencesNow,
    async listAbsences(by) {
      const roles = await access.rolesOf(by);
      return roles.ok ? done(await absencesNow(by.teamId)) : roles;
    },
    async enterAbsence(by, typed) {
      const approver = await access.requireListedApprover(by);
      if (!approver.ok) return approver;
      const { book, nowMs } = await ruleBook.load();
      const query = parseAwayQuery(typed, nowMs, knownTimeZone(approver.value.timeZone));
      if (!query.ok) return query;
      const { standIn, untilMs } = query.value;
      const { samePerson } = policy;
      if (personKey(standIn, samePerson) === personKey(by.userId, samePerson))
        return refuse({ code: 'stand-in-not-allowed', standIn, why: 'yourself' });
      const person = await access.identify({ teamId: by.teamId, userId: standIn });
      if (!person.ok) {
        const { refusal } = person;
        if (refusal.code === 'not-a-full-member')
          return refuse({ code: 'stand-in-not-allowed', standIn, why: refusal.kind });
        return refusal.code === 'identity-unavailable' ? refuse({ ...refusal, userId: standIn }) : person;
      }
      const { teamId, userId } = by;
      const entered = await ruleBook.apply({
        type: 'away',
        by: { teamId, userId },
        standIn,
        untilMs,
        inFile: inFile(nowMs),
      });
      // Entering the same once more says again what holds.
      if (!entered.ok && entered.refusal.code !== 'nothing-changed') return entered;
      const event = entered.ok ? entered.value.events[0] : undefined;
      return done({
        absence: { approver: userId, standIn, untilMs },
        insteadOf: event?.type === 'away' ? event.insteadOf : null,
        standsInFor: holding(book, nowMs).filter((each) => each.standIn === userId),
      });
    },
    async endAbsence(by, typed) {
      const person = await access.identify(by);
      if (!person.ok) return person;
      const query = parseBackQuery(typed);
      if (!query.ok) return query;
      const approver = query.value ?? by.userId;
      const { book, nowMs } = await ruleBook.load();
      const entered = ofApprover(inForce(book.absences, nowMs), approver);
      // Less may be done afterwards, so those concerned may end it also when they are no approvers any more.
      if (entered === null || (entered.approver !== by.userId && entered.standIn !== by.userId)) {
        const allowed = await access.requireRole(by, 'approver');
        if (!allowed.ok) return allowed;
      }
      const file = ofApprover(inFile(nowMs), approver);
      const notAway = { code: 'not-away', approver, ...(file && { fileUntilMs: file.untilMs }) } as const;
      const { teamId, userId } = by;
      const ended = await ruleBook.apply({ type: 'back', by: { teamId, userId }, approver });
      if (!ended.ok) return ended.refusal.code === 'not-away' ? refuse(notAway) : ended;
      const event = ended.value.events[0];
      if (event?.type !== 'back') throw new Error('an absence ended without its event');
      return done({ approver, standIn: event.standIn, inFile: file && absenceIn(file) });
    },
  };
}

function absenceIn({ approver, standIn, untilMs }: Absence): Absence {
  return { approver, standIn, untilMs };
}

function ofApprover<Each extends Absence>(absences: readonly Each[], approver: string): Each | null {
  return absences.find((each) => each.approver === approver) ?? null;
}
