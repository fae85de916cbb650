/**
 * Who may view, ask and approve. Only (team id, user id) decides: never a name, an e-mail or channel membership.
 */
import type { Refusal } from './refusal.ts';

export interface PersonId {
  readonly teamId: string;
  readonly userId: string;
}

/** `not-found`: Slack says that there is no such user, as of somebody who left or a mistyped id. */
export type PersonKind = 'member' | 'guest' | 'bot' | 'deactivated' | 'foreign' | 'not-found';

export interface Person extends PersonId {
  readonly kind: PersonKind;
  /** IANA name from the Slack profile, to read "yesterday" as the person means it; null when Slack gives none. */
  readonly timeZone: string | null;
}

export type Role = 'viewer' | 'requester' | 'approver';

/** The two-person rule as it stood when a request was made; later changes of settings do not touch the request. */
export interface ClosePolicy {
  readonly quorum: number;
  readonly requesterMayApprove: boolean;
  /** User ids (U…, W…) and user-group ids (S…). */
  readonly approvers: readonly string[];
  readonly expiresAfterMs: number;
  readonly mode: CloseMode;
  /** Groups of user ids that belong to one person: they count once, and as the requester if one of them is. */
  readonly samePerson: readonly (readonly string[])[];
}

export type CloseMode = 'live' | 'dry-run';

/** People (not accounts) are counted, so the first account listed for a person stands for all of them. */
export function personKey(userId: string, samePerson: ClosePolicy['samePerson']): string {
  return samePerson.find((accounts) => accounts.includes(userId))?.[0] ?? userId;
}

/** Everyone but full, active members of the home team is refused, whatever lists they are on. */
export function refuseKind(person: Person): Refusal | null {
  switch (person.kind) {
    case 'member':
      return null;
    case 'guest':
    case 'bot':
    case 'deactivated':
    case 'foreign':
    case 'not-found':
      return { code: 'not-a-full-member', kind: person.kind };
  }
}

/** The distinct people who may vote on a request of `requester`: keys from `personKey`. */
export function eligibleVoters(
  approverUserIds: Iterable<string>,
  requester: PersonId,
  policy: Pick<ClosePolicy, 'requesterMayApprove' | 'samePerson'>,
): Set<string> {
  const people = new Set<string>();
  for (const userId of approverUserIds) people.add(personKey(userId, policy.samePerson));
  if (!policy.requesterMayApprove) people.delete(personKey(requester.userId, policy.samePerson));
  return people;
}

/** A request that nobody could decide must not be made. */
export function refuseUnreachableQuorum(eligible: ReadonlySet<string>, quorum: number): Refusal | null {
  if (quorum >= 1 && eligible.size >= quorum) return null;
  return { code: 'quorum-unreachable', eligible: eligible.size, quorum };
}
