/** Who is named as an approver and does not count, in words for operators: the status and the doctor. */

import { type PersonKind, personKey } from '../domain/person.ts';
import type { ClosePolicy } from '../domain/policy.ts';
import type { Result } from '../domain/refusal.ts';
import type { ApproverStanding } from './access.ts';
import type { StatusView } from './desk.ts';

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

export function approverLine(
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
