/** The two-person rule: whose approvals count, and how many are needed. */
import { areFilled, type Need, openNeeds, type Seat } from './close/seats.ts';
import { accountsByPerson, type Person, type PersonId, personKey } from './person.ts';
import type { Refusal } from './refusal.ts';

/** A request keeps the policy it was made under; the `narrower` of that and the current settings decides. */
export interface ClosePolicy {
  readonly quorum: number;
  readonly requesterMayApprove: boolean;
  /** User ids (U…, W…) and user-group ids (S…). */
  readonly approvers: readonly string[];
  readonly expiresAfterMs: number;
  readonly mode: CloseMode;
  /** Groups of user ids that belong to one person: they count once, and as the requester if one of them is. */
  readonly samePerson: readonly (readonly string[])[];
  /** Who must be among the approvers, beside their number. Absent: nobody in particular. */
  readonly need?: readonly Need[] | undefined;
  /** From the last approval to the sending; who may reject or withdraw can stop it meanwhile. Absent: none. */
  readonly delayMs?: number | undefined;
  /** Of the rule in CLOSE_RULES_FILE that this came from. Absent: it came from the settings. */
  readonly ruleDigest?: string | undefined;
}

export type CloseMode = 'live' | 'dry-run';

/**
 * The policy that decides on a request: what either the frozen one or the current settings forbid is forbidden.
 * `approvers` and `need` are the frozen ones here, because comparing them needs group look-ups; `Access.peopleFor` looks
 * both up.
 */
export function narrower(frozen: ClosePolicy, current: ClosePolicy): ClosePolicy {
  const delayMs = Math.max(frozen.delayMs ?? 0, current.delayMs ?? 0);
  return {
    ...frozen,
    quorum: Math.max(frozen.quorum, current.quorum),
    requesterMayApprove: frozen.requesterMayApprove && current.requesterMayApprove,
    expiresAfterMs: Math.min(frozen.expiresAfterMs, current.expiresAfterMs),
    mode: frozen.mode === 'dry-run' || current.mode === 'dry-run' ? 'dry-run' : 'live',
    samePerson: mergeGroups([...frozen.samePerson, ...current.samePerson]),
    ...(delayMs > 0 && { delayMs }),
  };
}

/** Groups that share an account belong to one person. */
export function mergeGroups(groups: ClosePolicy['samePerson']): string[][] {
  let merged: string[][] = [];
  for (const group of groups) {
    const shares = (other: readonly string[]) => other.some((userId) => group.includes(userId));
    const joined = new Set([...merged.filter(shares).flat(), ...group]);
    merged = [...merged.filter((other) => !shares(other)), [...joined]];
  }
  return merged;
}

/** Only full, active members of the home team are allowed, whatever lists others are on. */
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

/** The listed accounts that may vote on a request by `requester`; normally none of the requester's own accounts. */
export function eligibleVoters(
  listedUserIds: Iterable<string>,
  requester: PersonId,
  policy: Pick<ClosePolicy, 'requesterMayApprove' | 'samePerson'>,
): Set<string> {
  const isRequester = (userId: string) =>
    personKey(userId, policy.samePerson) === personKey(requester.userId, policy.samePerson);
  return new Set([...listedUserIds].filter((userId) => policy.requesterMayApprove || !isRequester(userId)));
}

/**
 * Refuses a request that could never get enough approvals, or not those that a rule needs. `eligible`: accounts from
 * `eligibleVoters`.
 */
export function refuseUnreachableQuorum(
  eligible: ReadonlySet<string>,
  requester: PersonId,
  { quorum, samePerson }: Pick<ClosePolicy, 'quorum' | 'samePerson'>,
  seats: readonly (readonly Seat[])[] = [],
): Refusal | null {
  const voters = accountsByPerson(eligible, samePerson);
  // At least two people, whatever the settings say.
  const people = accountsByPerson([...eligible, requester.userId], samePerson);
  const unfilled = seats.find((rule) => !areFilled(rule, voters));
  if (quorum >= 1 && voters.length >= quorum && people.length >= 2 && unfilled === undefined) return null;
  const open = unfilled === undefined ? [] : openNeeds(unfilled, voters);
  return { code: 'quorum-unreachable', eligible: voters.length, quorum, ...(open.length > 0 && { open }) };
}
