/** What operators ask: `/loandesk status`, who does not count as an approver and why, and `/loandesk resume`. */
import { type PersonKind, personKey } from '../domain/person.ts';
import type { ClosePolicy } from '../domain/policy.ts';
import { done, type Result } from '../domain/refusal.ts';
import type { Access, ApproverStanding } from './access.ts';
import type { Desk, StatusView } from './desk.ts';
import type { ExchangeStops, Log } from './ports.ts';

export interface OperateDeskParts {
  readonly access: Access;
  readonly probe: () => Promise<StatusView>;
  readonly policy: ClosePolicy;
  readonly stops: ExchangeStops;
  readonly log: Log;
}

export function createOperateDesk(parts: OperateDeskParts): Pick<Desk, 'status' | 'liftStop'> {
  const { access, stops, log } = parts;
  return {
    async status(by) {
      const roles = await access.rolesOf(by);
      if (!roles.ok) return roles;
      const [view, approvers, missing] = await Promise.all([
        parts.probe(),
        access.approvers(by.teamId),
        access.missingGroups(),
      ]);
      const lines = [...view.lines, approverLine(approvers, parts.policy)];
      if (missing.length > 0)
        lines.push({ name: 'User groups', level: 'warning', text: missingGroupsText(missing) });
      return done({ ...view, lines });
    },
    /** A person lifts the stops that the exchange's limits or bans put on Loandesk. */
    async liftStop(by) {
      const approver = await access.admit(by, 'approver');
      if (!approver.ok) return approver;
      const inForce = await stops.list();
      if (inForce.length === 0) return done([]);
      await stops.lift();
      log.warn({ by, stops: inForce }, 'exchange stops lifted by a person');
      return done(inForce);
    },
  };
}

const WHY: Readonly<Record<PersonKind, string>> = {
  member: 'a full member',
  guest: 'a guest',
  bot: 'a bot',
  deactivated: 'deactivated',
  foreign: 'of another workspace',
  'not-found': 'not known to Slack',
};

/** Null: everybody named counts. */
export function leftOutText({ leftOut, missingGroups }: ApproverStanding): string | null {
  const parts: string[] = [];
  if (leftOut.length > 0) {
    const people = leftOut.map(({ userId, kind }) => `${userId} (${WHY[kind]})`);
    parts.push(`these approvers do not count: ${people.join(', ')}`);
  }
  if (missingGroups.length > 0) parts.push(missingGroupsText(missingGroups));
  return parts.length === 0 ? null : parts.join('; ');
}

export function missingGroupsText(groups: readonly string[]): string {
  return groups.length === 1
    ? `user group ${groups[0]} does not exist in Slack: nobody counts through it`
    : `these user groups do not exist in Slack: ${groups.join(', ')}; nobody counts through them`;
}

function approverLine(
  standing: Result<ApproverStanding>,
  { quorum, samePerson }: Pick<ClosePolicy, 'quorum' | 'samePerson'>,
): StatusView['lines'][number] {
  const name = 'Approvers';
  if (!standing.ok) {
    const { refusal } = standing;
    const groups = refusal.code === 'identity-unavailable' ? (refusal.groups ?? []) : [];
    const which = groups.length === 0 ? '' : ` (user group ${groups.join(', ')})`;
    const text = `could not be looked up${which}: no vote counts and nothing is sent until Slack tells who they are`;
    return { name, level: 'fault', text };
  }
  const people = new Set(standing.value.members.map((userId) => personKey(userId, samePerson))).size;
  const leftOut = leftOutText(standing.value);
  const others = leftOut === null ? '' : `; ${leftOut}`;
  const may = `${people} ${people === 1 ? 'person' : 'people'} may approve`;
  if (people < quorum) return { name, level: 'fault', text: `${may}, ${quorum} are needed${others}` };
  return { name, level: leftOut === null ? 'ok' : 'warning', text: `${may}${others}` };
}
