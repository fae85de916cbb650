/** Identity and roles, looked up at every call; a failed look-up is a refusal. */
import type { CloseRequest, PeopleNow, StandIn, VotersNow } from '../domain/close/close-request.ts';
import { hasNoRule } from '../domain/close/close-rules.ts';
import type { ResolvedAccess } from '../domain/close/rule-book.ts';
import type { Need, Seat } from '../domain/close/seats.ts';
import { type Person, type PersonId, type PersonKind, personKey, type Role } from '../domain/person.ts';
import { type ClosePolicy, eligibleVoters, mergeGroups, narrower, refuseKind } from '../domain/policy.ts';
import { done, type Refusal, type Result, refuse } from '../domain/refusal.ts';
import type { ClosePolicies } from './close-policies.ts';
import type { Directory, LookupOptions } from './ports.ts';

/** As the settings name them; a rule in CLOSE_RULES_FILE makes those it names approvers, too. */
export interface RoleLists {
  readonly requesters: readonly string[];
  readonly approvers: readonly string[];
  /** Null: requesters and approvers. */
  readonly viewers: '*' | readonly string[] | null;
}

/** Who may vote on a request now, whom its rules need, and who stands in for whom. */
export interface Voters extends Omit<PeopleNow, 'requesterMayAsk'> {
  /** Accounts of one person, stand-ins and those in whose place they act among them. */
  readonly samePerson: ClosePolicy['samePerson'];
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
  /** The person, if a list of approvers names them; standing in for one isn't enough. */
  requireListedApprover(by: PersonId): Promise<Result<Person>>;
  /**
   * Which roles this person has; refuses people without any, and all but full members of the home team. Throws
   * StoreUnavailable where only who stands in for whom could tell.
   */
  rolesOf(by: PersonId): Promise<Result<readonly Role[]>>;
  /** Why an identified person doesn't have this role; null: they have it. Throws StoreUnavailable. */
  refuseRole(by: PersonId, role: Role): Promise<Refusal | null>;
  /**
   * Who may vote now on a request under its own policy and the current one: full members on the lists of approvers of
   * both, and who stands in for them, without the requester unless both policies allow it.
   */
  votersFor(request: Ruled, options?: LookupOptions): Promise<Result<Voters>>;
  /** The same under these policies, the first of which is the request's own. */
  votersUnder(
    policies: readonly [ClosePolicy, ...ClosePolicy[]],
    requester: PersonId,
    options?: LookupOptions,
  ): Promise<Result<Voters>>;
  /** What `votersFor` says of one person: what isn't known of others must not keep anybody from stopping a close. */
  voterFor(by: PersonId, request: Ruled): Promise<Result<VotersNow>>;
  /** Whether each of these stand-ins still acts in the approver's place. Throws StoreUnavailable. */
  stillStandIn(pairs: readonly StandIn[]): Promise<boolean>;
  /** Whether the requester is still a requester and a full member. */
  requesterMayAsk(requester: PersonId, options?: LookupOptions): Promise<Result<boolean>>;
  /** `votersFor` and `requesterMayAsk` for one request. */
  peopleFor(request: Ruled, options?: LookupOptions): Promise<Result<PeopleNow>>;
  /** Which of the approvers in the settings count in this team, and which don't. */
  approvers(teamId: string): Promise<Result<ApproverLookup>>;
  /**
   * The full members on each of these lists, and who stands in for one of them. Refuses where one can't be looked up: a
   * part is not who could approve. Throws StoreUnavailable.
   */
  whoCouldApprove(
    lists: readonly (readonly string[])[],
  ): Promise<Result<Pick<ResolvedAccess, 'lists' | 'standIns'>>>;
  /** Which of these groups (default: every group in the settings) don't exist in Slack. */
  missingGroups(names?: readonly string[]): Promise<readonly string[]>;
}

/** What decides who counts for a request. */
export type Ruled = Pick<CloseRequest, 'policy' | 'requester' | 'facts'>;

function isLookedUp({ members, leftOut }: ApproverLookup, userId: string): boolean {
  return members.includes(userId) || leftOut.some((each) => each.userId === userId);
}

export function createAccess(directory: Directory, lists: RoleLists, policies: ClosePolicies): Access {
  const approverNames = () => [...new Set([...lists.approvers, ...policies.named()])];
  const listFor = (role: Role) => {
    if (role === 'requester') return lists.requesters;
    if (role === 'approver') return approverNames();
    return lists.viewers ?? [...new Set([...lists.requesters, ...approverNames()])];
  };

  async function identify(by: PersonId): Promise<Result<Person>> {
    const found = await directory.person(by);
    if (!found.ok) return refuse({ code: 'identity-unavailable' });
    const refusal = refuseKind(found.value);
    return refusal ? refuse(refusal) : done(found.value);
  }

  /** Null: they have it. */
  async function refuseRole(by: PersonId, role: Role, standIns = policies.standIns): Promise<Refusal | null> {
    const refusal = await refuseListed(by, role);
    const isApprover = role === 'approver' || (role === 'viewer' && lists.viewers === null);
    return refusal?.code === 'role-missing' && isApprover && (await standsIn(by, standIns)) ? null : refusal;
  }

  /** Null: they are on the list. An unreadable group refuses only people who aren't elsewhere on it. */
  async function refuseListed({ userId }: PersonId, role: Role): Promise<Refusal | null> {
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

  /** Whether they act in the place of an approver who is still a full member. */
  async function standsIn({ teamId, userId }: PersonId, standIns = policies.standIns): Promise<boolean> {
    const own = (await standIns()).filter(({ standIn }) => standIn === userId);
    if (own.length === 0) return false;
    const found = await lookUpApprovers([approverNames()], teamId);
    return found.ok && own.some(({ approver }) => found.value.members.includes(approver));
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

  /** Those on each list and their stand-ins; a stand-in of somebody who left, or is on no list, counts for nothing. */
  async function votersUnder(
    [own, ...others]: readonly [ClosePolicy, ...ClosePolicy[]],
    requester: PersonId,
    options?: LookupOptions,
  ): Promise<Result<Voters>> {
    const [found, standIns] = await Promise.all([
      lookUpApprovers(approverListsOf(own, others), requester.teamId, options),
      policies.standIns(),
    ]);
    if (!found.ok) return found;
    const direct = new Set(found.value.members);
    const policy = others.reduce(narrower, own);
    const ofApprovers = standIns.filter(({ approver }) => direct.has(approver));
    const pairs = await whereMember(exceptOf(requester, policy, ofApprovers), requester.teamId, options);
    if (!pairs.ok) return pairs;
    const together = pairs.value.map(({ approver, standIn }) => [approver, standIn]);
    const samePerson = mergeGroups([...policy.samePerson, ...together]);
    const accounts = [...direct, ...pairs.value.map(({ standIn }) => standIn)];
    const eligible = eligibleVoters(accounts, requester, { ...policy, samePerson });
    const seats: Seat[][] = [];
    for (const { need } of [own, ...others]) {
      if (need === undefined) continue;
      const rule = await Promise.all(need.map((each) => seatOf(each, eligible, pairs.value)));
      const unread = rule.find((each) => !each.ok);
      if (unread !== undefined) return unread;
      seats.push(rule.flatMap((each) => (each.ok ? [each.value] : [])));
    }
    const ruleDigest = (others.at(-1) ?? own).ruleDigest ?? null;
    return done({ eligible, seats, pairs: pairs.value, samePerson, ruleDigest });
  }

  /** Those pairs whose stand-in is a full member. */
  async function whereMember(
    pairs: readonly StandIn[],
    teamId: string,
    options?: LookupOptions,
  ): Promise<Result<readonly StandIn[]>> {
    const people = await Promise.all(
      pairs.map(({ standIn }) => directory.person({ teamId, userId: standIn }, options)),
    );
    if (people.some((person) => !person.ok)) return refuse({ code: 'identity-unavailable' });
    return done(
      pairs.filter((_, at) => {
        const person = people[at];
        return person?.ok === true && refuseKind(person.value) === null;
      }),
    );
  }

  async function seatOf(
    need: Need,
    eligible: ReadonlySet<string>,
    pairs: readonly StandIn[],
  ): Promise<Result<Seat>> {
    // These groups were looked up a moment ago, with all approvers.
    const members = await directory.members(need.from);
    if (!members.ok) return refuse({ code: 'identity-unavailable', groups: members.unreadGroups });
    const standIns = pairs
      .filter(({ approver }) => members.value.has(approver))
      .map(({ standIn }) => standIn);
    const accounts = [...members.value, ...standIns].filter((userId) => eligible.has(userId));
    return done({ ...need, accounts: new Set(accounts) });
  }

  const votersFor = ({ policy, requester, facts }: Ruled, options?: LookupOptions) =>
    votersUnder([policy, policies.for(facts)], requester, options);

  async function voterFor(
    { teamId, userId }: PersonId,
    { policy: own, requester, facts }: Ruled,
  ): Promise<Result<VotersNow>> {
    const current = policies.for(facts);
    const policy = narrower(own, current);
    const [looked, standIns] = await Promise.all([
      Promise.all(approverListsOf(own, [current]).map((names) => directory.members(names))),
      policies.standIns(),
    ]);
    const isListed = (each: string) =>
      looked.every((members) => (members.ok ? members.value : members.known).has(each));
    const pairs: StandIn[] = [];
    let unread: Refusal | null = null;
    const ofThem = standIns.filter(({ standIn }) => standIn === userId);
    for (const pair of exceptOf(requester, policy, ofThem)) {
      const approver = await directory.person({ teamId, userId: pair.approver });
      if (!approver.ok) unread = { code: 'identity-unavailable' };
      else if (isListed(pair.approver) && refuseKind(approver.value) === null) pairs.push(pair);
    }
    const isVoter = isListed(userId) || pairs.length > 0;
    const groups = [...new Set(looked.flatMap((members) => (members.ok ? [] : members.unreadGroups)))];
    if (!isVoter && groups.length > 0) return refuse({ code: 'identity-unavailable', groups });
    if (!isVoter && unread !== null) return refuse(unread);
    return done({ eligible: eligibleVoters(isVoter ? [userId] : [], requester, policy), pairs });
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
    votersFor,
    votersUnder,
    voterFor,
    async stillStandIn(pairs) {
      if (pairs.length === 0) return true;
      const now = await policies.standIns();
      return pairs.every(({ approver, standIn }) =>
        now.some((each) => each.approver === approver && each.standIn === standIn),
      );
    },
    requesterMayAsk,
    async peopleFor(request, options) {
      const [voters, mayAsk] = await Promise.all([
        votersFor(request, options),
        requesterMayAsk(request.requester, options),
      ]);
      if (!voters.ok) return voters;
      return mayAsk.ok ? done({ ...voters.value, requesterMayAsk: mayAsk.value }) : mayAsk;
    },
    async requireRole(by, role) {
      const [person, refusal] = await Promise.all([identify(by), refuseRole(by, role)]);
      if (!person.ok) return person;
      return refusal === null ? person : refuse(refusal);
    },
    async requireListedApprover(by) {
      const [person, refusal] = await Promise.all([identify(by), refuseListed(by, 'approver')]);
      if (!person.ok) return person;
      if (refusal === null) return person;
      const isStandIn = refusal.code === 'role-missing' && (await standsIn(by));
      return refuse(isStandIn ? { code: 'only-stand-in' } : refusal);
    },
    async rolesOf(by) {
      const person = await identify(by);
      if (!person.ok) return person;
      const all = ['viewer', 'requester', 'approver'] as const;
      const standIns = once(policies.standIns);
      const looked = await Promise.allSettled(all.map((role) => refuseRole(by, role, standIns)));
      const refusals = looked.map((each) => (each.status === 'fulfilled' ? each.value : undefined));
      const roles = all.filter((_, index) => refusals[index] === null);
      // What can't be read takes away no role found on another list; each verb checks its own role.
      if (roles.length > 0) return done(roles);
      const failed = looked.find((each) => each.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      const unread = refusals.find((refusal) => refusal?.code === 'identity-unavailable');
      return refuse(unread ?? { code: 'role-missing', role: 'viewer' });
    },
    approvers: (teamId) => lookUpApprovers([approverNames()], teamId),
    async whoCouldApprove(lists) {
      const home = await directory.homeTeam();
      if (!home.ok) return refuse({ code: 'identity-unavailable' });
      // All at once first: each group and each person is asked for once, however many lists name them.
      const all = await lookUpApprovers([[...new Set(lists.flat())]], home.value);
      if (!all.ok) return all;
      const isMember = new Set(all.value.members);
      const resolved: { from: readonly string[]; people: readonly string[] }[] = [];
      for (const from of lists) {
        const named = await directory.members(from);
        if (!named.ok) return refuse({ code: 'identity-unavailable', groups: named.unreadGroups });
        // Somebody who joined a group between the two look-ups is not known to be a full member.
        if ([...named.value].some((userId) => !isLookedUp(all.value, userId)))
          return refuse({ code: 'identity-unavailable' });
        resolved.push({ from, people: [...named.value].filter((userId) => isMember.has(userId)).sort() });
      }
      const ofThem = (await policies.standIns()).filter(({ approver }) => isMember.has(approver));
      const standIns = await whereMember(ofThem, home.value);
      return standIns.ok ? done({ lists: resolved, standIns: standIns.value }) : standIns;
    },
    async missingGroups(names) {
      const viewers = lists.viewers === '*' || lists.viewers === null ? [] : lists.viewers;
      const asked = names ?? [...lists.requesters, ...approverNames(), ...viewers];
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

/** Reads at the first call, and gives every caller that answer. */
function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let answer: Promise<Value> | null = null;
  return () => {
    answer ??= read();
    return answer;
  };
}

/** Where no rule is left for the unit its own list still stops it, and nobody can approve it. */
function approverListsOf(own: ClosePolicy, others: readonly ClosePolicy[]): readonly (readonly string[])[] {
  const lists = [own, ...others.filter((policy) => !hasNoRule(policy))].map(({ approvers }) => approvers);
  return [...new Map(lists.map((names) => [names.join(), names])).values()];
}

/** Nobody acts in another's place on a request of either of them: each is left to act for themselves. */
function exceptOf(
  requester: PersonId,
  { samePerson }: Pick<ClosePolicy, 'samePerson'>,
  pairs: readonly StandIn[],
): readonly StandIn[] {
  const isRequester = (userId: string) =>
    personKey(userId, samePerson) === personKey(requester.userId, samePerson);
  return pairs.filter(({ approver, standIn }) => !isRequester(approver) && !isRequester(standIn));
}
