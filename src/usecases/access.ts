/** Who is asking, and may they? Looked up at every call; a look-up that fails is a refusal. */
import {
  type ClosePolicy,
  eligibleVoters,
  type Person,
  type PersonId,
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
      const members = await directory.members(policy.approvers, options);
      if (!members.ok) return refuse({ code: 'identity-unavailable' });
      const people = await Promise.all(
        [...members.value].map((userId) => directory.person({ teamId: requester.teamId, userId }, options)),
      );
      const full: string[] = [];
      for (const person of people) {
        if (!person.ok) return refuse({ code: 'identity-unavailable' });
        if (refuseKind(person.value) === null) full.push(person.value.userId);
      }
      return done(eligibleVoters(full, requester, policy));
    },
  };
}
