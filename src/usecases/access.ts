/** Who is asking, and may they? Looked up at every call; a look-up that fails is a refusal. */
import {
  type ClosePolicy,
  eligibleVoters,
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
  /** Distinct people who may vote now under a policy: full members only, the requester left out unless allowed. */
  eligibleFor(
    policy: ClosePolicy,
    requester: PersonId,
    options?: LookupOptions,
  ): Promise<Result<ReadonlySet<string>>>;
  /** Who of the approvers of the settings counts at all, in this team. */
  approvers(teamId: string): Promise<Result<ApproverStanding>>;
}

export function createAccess(directory: Directory, lists: RoleLists): Access {
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

  async function standing(
    names: readonly string[],
    teamId: string,
    options?: LookupOptions,
  ): Promise<Result<ApproverStanding>> {
    const named = await directory.members(names, options);
    if (!named.ok) return refuse({ code: 'identity-unavailable' });
    const people = await Promise.all(
      [...named.value].map((userId) => directory.person({ teamId, userId }, options)),
    );
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

  return {
    identify,
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
    async eligibleFor(policy, requester, options) {
      const found = await standing(policy.approvers, requester.teamId, options);
      return found.ok ? done(eligibleVoters(found.value.members, requester, policy)) : found;
    },
    approvers: (teamId) => standing(lists.approvers, teamId),
  };
}
