/** Identity and roles, looked up at every call; a failed look-up is a refusal. */
import type { PeopleNow } from '../domain/close/close-request.ts';
import type { Person, PersonId, PersonKind, Role } from '../domain/person.ts';
import { type ClosePolicy, eligibleVoters, narrower, refuseKind } from '../domain/policy.ts';
import { done, type Refusal, type Result, refuse } from '../domain/refusal.ts';
import type { Directory, LookupOptions } from './ports.ts';

export interface RoleLists {
  readonly requesters: readonly string[];
  readonly approvers: readonly string[];
  readonly viewers: '*' | readonly string[];
}

/** The approvers in the settings, looked up one by one. */
export interface ApproverLookup {
  /** Full members: these count. */
  readonly members: readonly string[];
  readonly leftOut: readonly { readonly userId: string; readonly kind: PersonKind }[];
  /** Groups that don't exist in Slack, so they have no members. */
  readonly missingGroups: readonly string[];
}

export interface Access {
  /** The person, if they are a full member of the home team. */
  identify(by: PersonId): Promise<Result<Person>>;
  /** The person, if they also have the role. */
  requireRole(by: PersonId, role: Role): Promise<Result<Person>>;
  /** Which roles this person has; refuses people without any, and all but full members of the home team. */
  rolesOf(by: PersonId): Promise<Result<readonly Role[]>>;
  /** Why an identified person doesn't have this role; null: they have it. */
  refuseRole(userId: string, role: Role): Promise<Refusal | null>;
  /**
   * Accounts that may vote now on a request made by `requester` under `policy`: full members on both its list of
   * approvers and the current one, without the requester unless both policies allow it.
   */
  eligibleFor(
    policy: ClosePolicy,
    requester: PersonId,
    options?: LookupOptions,
  ): Promise<Result<ReadonlySet<string>>>;
  /** Whether the requester is still a requester and a full member. */
  requesterMayAsk(requester: PersonId, options?: LookupOptions): Promise<Result<boolean>>;
  /** `eligibleFor` and `requesterMayAsk` for one request. */
  peopleFor(
    request: { readonly policy: ClosePolicy; readonly requester: PersonId },
    options?: LookupOptions,
  ): Promise<Result<PeopleNow>>;
  /** Which of the approvers in the settings count in this team, and which don't. */
  approvers(teamId: string): Promise<Result<ApproverLookup>>;
  /** Which of these groups (default: every group in the settings) don't exist in Slack. */
  missingGroups(names?: readonly string[]): Promise<readonly string[]>;
}

/** `current`: the policy in the settings. */
export function createAccess(directory: Directory, lists: RoleLists, current: ClosePolicy): Access {
  const listFor = (role: Role) =>
    role === 'viewer' ? lists.viewers : role === 'requester' ? lists.requesters : lists.approvers;

  async function identify(by: PersonId): Promise<Result<Person>> {
    const found = await directory.person(by);
    if (!found.ok) return refuse({ code: 'identity-unavailable' });
    const refusal = refuseKind(found.value);
    return refusal ? refuse(refusal) : done(found.value);
  }

  /** Null: they have it. An unreadable group refuses only people who aren't elsewhere on the list. */
  async function refuseRole(userId: string, role: Role): Promise<Refusal | null> {
    const names = listFor(role);
    if (names === '*') return null;
    const members = await directory.members(names);
    if (!members.ok) {
      if (members.known.has(userId)) return null;
      return { code: 'identity-unavailable', groups: members.unreadGroups };
    }
    if (members.value.has(userId)) return null;
    const { missingGroups } = members;
    return { code: 'role-missing', role, ...(missingGroups.length > 0 && { missingGroups }) };
  }

  /** The people who are on every one of these lists. */
  async function lookUpApprovers(
    lists: readonly (readonly string[])[],
    teamId: string,
    options?: LookupOptions,
  ): Promise<Result<ApproverLookup>> {
    const looked = await Promise.all(lists.map((names) => directory.members(names, options)));
    const named: ReadonlySet<string>[] = [];
    const missingGroups = new Set<string>();
    for (const members of looked) {
      if (!members.ok) return refuse({ code: 'identity-unavailable', groups: members.unreadGroups });
      named.push(members.value);
      for (const group of members.missingGroups) missingGroups.add(group);
    }
    const onAll = [...(named[0] ?? [])].filter((userId) => named.every((members) => members.has(userId)));
    const people = await Promise.all(onAll.map((userId) => directory.person({ teamId, userId }, options)));
    const members: string[] = [];
    const leftOut: { userId: string; kind: PersonKind }[] = [];
    for (const person of people) {
      if (!person.ok) return refuse({ code: 'identity-unavailable' });
      const { userId, kind } = person.value;
      if (refuseKind(person.value) === null) members.push(userId);
      else leftOut.push({ userId, kind });
    }
    return done({ members, leftOut, missingGroups: [...missingGroups] });
  }

  async function eligibleFor(
    policy: ClosePolicy,
    requester: PersonId,
    options?: LookupOptions,
  ): Promise<Result<ReadonlySet<string>>> {
    const same = policy.approvers.join() === current.approvers.join();
    const names = same ? [policy.approvers] : [policy.approvers, current.approvers];
    const found = await lookUpApprovers(names, requester.teamId, options);
    if (!found.ok) return found;
    return done(eligibleVoters(found.value.members, requester, narrower(policy, current)));
  }

  async function requesterMayAsk(requester: PersonId, options?: LookupOptions): Promise<Result<boolean>> {
    const [person, requesters] = await Promise.all([
      directory.person(requester, options),
      directory.members(lists.requesters, options),
    ]);
    if (!person.ok) return refuse({ code: 'identity-unavailable' });
    if (!requesters.ok) return refuse({ code: 'identity-unavailable', groups: requesters.unreadGroups });
    return done(refuseKind(person.value) === null && requesters.value.has(requester.userId));
  }

  return {
    identify,
    refuseRole,
    eligibleFor,
    requesterMayAsk,
    async peopleFor({ policy, requester }, options) {
      const [eligible, mayAsk] = await Promise.all([
        eligibleFor(policy, requester, options),
        requesterMayAsk(requester, options),
      ]);
      if (!eligible.ok) return eligible;
      return mayAsk.ok ? done({ eligible: eligible.value, requesterMayAsk: mayAsk.value }) : mayAsk;
    },
    async requireRole(by, role) {
      const [person, refusal] = await Promise.all([identify(by), refuseRole(by.userId, role)]);
      if (!person.ok) return person;
      return refusal === null ? person : refuse(refusal);
    },
    async rolesOf(by) {
      const person = await identify(by);
      if (!person.ok) return person;
      const all = ['viewer', 'requester', 'approver'] as const;
      const refusals = await Promise.all(all.map((role) => refuseRole(by.userId, role)));
      const roles = all.filter((_, index) => refusals[index] === null);
      // An unreadable list takes away no role found on another one; each verb checks its own role.
      const unread = refusals.find((refusal) => refusal?.code === 'identity-unavailable');
      if (roles.length > 0) return done(roles);
      return refuse(unread ?? { code: 'role-missing', role: 'viewer' });
    },
    approvers: (teamId) => lookUpApprovers([lists.approvers], teamId),
    async missingGroups(names) {
      const viewers = lists.viewers === '*' ? [] : lists.viewers;
      const asked = names ?? [...lists.requesters, ...lists.approvers, ...viewers];
      const groups = [...new Set(asked.filter((name) => name.startsWith('S')))];
      // One by one, so that an unreadable group doesn't hide the others.
      const looked = await Promise.all(groups.map((group) => directory.members([group])));
      return groups.filter((_, index) => {
        const each = looked[index];
        return each?.ok === true && each.missingGroups.length > 0;
      });
    },
  };
}
