/** Who is asking, and may they? Looked up at every call; a look-up that fails is a refusal. */
import type { PeopleNow } from '../domain/close/close-command.ts';
import {
  type ClosePolicy,
  eligibleVoters,
  narrower,
  type Person,
  type PersonId,
  type PersonKind,
  type Role,
  refuseKind,
} from '../domain/policy.ts';
import { done, type Result, refuse } from '../domain/refusal.ts';
import type { Directory, LookupOptions } from './ports.ts';

export interface RoleLists {
  readonly requesters: readonly string[];
  readonly approvers: readonly string[];
  readonly viewers: '*' | readonly string[];
}

/** The named approvers, looked up one by one. */
export interface ApproverStanding {
  /** Full members: these count. */
  readonly members: readonly string[];
  readonly leftOut: readonly { readonly userId: string; readonly kind: PersonKind }[];
}

export interface Access {
  /** The person, if they are a full member of the home team. */
  identify(by: PersonId): Promise<Result<Person>>;
  /** The person, if they also have the role. */
  admit(by: PersonId, role: Role): Promise<Result<Person>>;
  rolesOf(by: PersonId): Promise<Result<readonly Role[]>>;
  /**
   * The accounts that may vote now on a request of `requester` made under `policy`: full members on its list of
   * approvers and on the one of the settings, the requester left out unless both allow it.
   */
  eligibleFor(
    policy: ClosePolicy,
    requester: PersonId,
    options?: LookupOptions,
  ): Promise<Result<ReadonlySet<string>>>;
  /** Whether this person, who asked, is still a requester and a full member. */
  requesterMayAsk(requester: PersonId, options?: LookupOptions): Promise<Result<boolean>>;
  /** Both of the above for one request. */
  peopleFor(
    request: { readonly policy: ClosePolicy; readonly requester: PersonId },
    options?: LookupOptions,
  ): Promise<Result<PeopleNow>>;
  /** Who of the approvers of the settings counts at all, in this team. */
  approvers(teamId: string): Promise<Result<ApproverStanding>>;
}

/** `current`: the rule that the settings of now give. */
export function createAccess(directory: Directory, lists: RoleLists, current: ClosePolicy): Access {
  const listFor = (role: Role) =>
    role === 'viewer' ? lists.viewers : role === 'requester' ? lists.requesters : lists.approvers;

  async function identify(by: PersonId): Promise<Result<Person>> {
    const found = await directory.person(by);
    if (!found.ok) return refuse({ code: 'identity-unavailable' });
    const refusal = refuseKind(found.value);
    return refusal ? refuse(refusal) : done(found.value);
  }

  async function hasRole(userId: string, role: Role): Promise<boolean | null> {
    const names = listFor(role);
    if (names === '*') return true;
    const members = await directory.members(names);
    return members.ok ? members.value.has(userId) : null;
  }

  /** Of the people on each of these lists, once their groups are looked up. */
  async function standing(
    lists: readonly (readonly string[])[],
    teamId: string,
    options?: LookupOptions,
  ): Promise<Result<ApproverStanding>> {
    const looked = await Promise.all(lists.map((names) => directory.members(names, options)));
    const named: ReadonlySet<string>[] = [];
    for (const members of looked) {
      if (!members.ok) return refuse({ code: 'identity-unavailable' });
      named.push(members.value);
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
    return done({ members, leftOut });
  }

  async function eligibleFor(
    policy: ClosePolicy,
    requester: PersonId,
    options?: LookupOptions,
  ): Promise<Result<ReadonlySet<string>>> {
    const same = policy.approvers.join() === current.approvers.join();
    const names = same ? [policy.approvers] : [policy.approvers, current.approvers];
    const found = await standing(names, requester.teamId, options);
    if (!found.ok) return found;
    return done(eligibleVoters(found.value.members, requester, narrower(policy, current)));
  }

  async function requesterMayAsk(requester: PersonId, options?: LookupOptions): Promise<Result<boolean>> {
    const [person, requesters] = await Promise.all([
      directory.person(requester, options),
      directory.members(lists.requesters, options),
    ]);
    if (!person.ok || !requesters.ok) return refuse({ code: 'identity-unavailable' });
    return done(refuseKind(person.value) === null && requesters.value.has(requester.userId));
  }

  return {
    identify,
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
    async admit(by, role) {
      const [person, has] = await Promise.all([identify(by), hasRole(by.userId, role)]);
      if (!person.ok) return person;
      if (has === null) return refuse({ code: 'identity-unavailable' });
      return has ? person : refuse({ code: 'role-missing', role });
    },
    async rolesOf(by) {
      const person = await identify(by);
      if (!person.ok) return person;
      const roles: Role[] = [];
      for (const role of ['viewer', 'requester', 'approver'] as const) {
        const has = await hasRole(by.userId, role);
        if (has === null) return refuse({ code: 'identity-unavailable' });
        if (has) roles.push(role);
      }
      return done(roles);
    },
    approvers: (teamId) => standing([lists.approvers], teamId),
  };
}
