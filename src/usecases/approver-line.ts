/** Who is named as an approver and does not count, in words for operators: the status and the doctor. */
import { type ClosePolicy, type PersonKind, personKey } from '../domain/policy.ts';
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
export function leftOutText({ leftOut }: ApproverStanding): string | null {
  if (leftOut.length === 0) return null;
  const people = leftOut.map(({ userId, kind }) => `${userId} (${WHY[kind]})`);
  return `these approvers do not count: ${people.join(', ')}`;
}

export function approverLine(
  standing: Result<ApproverStanding>,
  { quorum, samePerson }: Pick<ClosePolicy, 'quorum' | 'samePerson'>,
): StatusView['lines'][number] {
  const name = 'Approvers';
  if (!standing.ok) {
    const text = 'could not be looked up: no vote counts and nothing is sent until Slack tells who they are';
    return { name, level: 'fault', text };
  }
  const people = new Set(standing.value.members.map((userId) => personKey(userId, samePerson))).size;
  const leftOut = leftOutText(standing.value);
  const others = leftOut === null ? '' : `; ${leftOut}`;
  const may = `${people} ${people === 1 ? 'person' : 'people'} may approve`;
  if (people < quorum) return { name, level: 'fault', text: `${may}, ${quorum} are needed${others}` };
  return { name, level: leftOut === null ? 'ok' : 'warning', text: `${may}${others}` };
}
