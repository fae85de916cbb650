/**
 * Rules by group, stand-ins and the time to stop a close: whatever people, groups and settings do in whatever order, what
 * is sent has the approvals that both rules ask for, found by trying every assignment.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CloseRequest, Command, PeopleNow, StandIn } from '../../../src/domain/close/close-request.ts';
import type { Need } from '../../../src/domain/close/seats.ts';
import { splitVotes } from '../../../src/domain/close/votes.ts';
import { personKey } from '../../../src/domain/person.ts';
import { type ClosePolicy, eligibleVoters, mergeGroups, narrower } from '../../../src/domain/policy.ts';
import {
  ALICE,
  BOB,
  CAROL,
  decideAt,
  person,
  policy,
  REQUESTER,
  request,
  START_MS,
} from '../../support/close-requests.ts';

const DAN = person('U0DAN');
const EVE = person('U0EVE');
const EVERYBODY = [ALICE, BOB, CAROL, DAN, EVE, REQUESTER];
const IDS = EVERYBODY.map(({ userId }) => userId);
const MINUTE_MS = 60_000;

type Groups = Readonly<Record<'T' | 'K', readonly string[]>>;

interface Scene {
  readonly groups: Groups;
  readonly pairs: readonly StandIn[];
  readonly current: readonly Need[];
  readonly currentDelayMs: number;
}

const groups = fc.record({ T: fc.subarray(IDS), K: fc.subarray(IDS) });
const pairs = fc.subarray([
  { approver: ALICE.userId, standIn: EVE.userId },
  { approver: BOB.userId, standIn: REQUESTER.userId },
  { approver: EVE.userId, standIn: DAN.userId },
]);
const need = fc.record({
  from: fc.constantFrom(['T'], ['K'], ['T', 'K'], ['T', CAROL.userId]),
  count: fc.integer({ min: 1, max: 2 }),
});
const needs = fc.array(need, { minLength: 1, maxLength: 2 });
const delay = fc.constantFrom(0, 0, 15 * MINUTE_MS);
const scene: fc.Arbitrary<Scene> = fc.record({ groups, pairs, current: needs, currentDelayMs: delay });

type Step =
  | { readonly do: 'approve' | 'reject'; readonly who: number }
  | { readonly do: 'claim' | 'mark' | 'recount' }
  | { readonly do: 'wait'; readonly minutes: number }
  | { readonly do: 'change'; readonly to: Scene };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.nat(IDS.length - 1).map((who) => ({ do: 'approve' as const, who })),
  },
  { weight: 1, arbitrary: fc.nat(IDS.length - 1).map((who) => ({ do: 'reject' as const, who })) },
  { weight: 8, arbitrary: fc.constantFrom({ do: 'claim' as const }, { do: 'mark' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'recount' as const }) },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 20 }).map((minutes) => ({ do: 'wait' as const, minutes })),
  },
  { weight: 1, arbitrary: scene.map((to) => ({ do: 'change' as const, to })) },
);

const membersOf = (names: readonly string[], { T, K }: Groups) =>
  new Set(names.flatMap((name) => (name === 'T' ? T : name === 'K' ? K : [name])));

const policyOf = (list: readonly Need[], delayMs: number) =>
  policy({
    need: list,
    approvers: [...new Set(list.flatMap(({ from }) => from))],
    quorum: list.reduce((sum, { count }) => sum + count, 0),
    ...(delayMs > 0 && { delayMs }),
  });

/** As Access looks people up, from the scene. */
function peopleIn({ policy: own }: CloseRequest, now: Scene): PeopleNow {
  const current = policyOf(now.current, now.currentDelayMs);
  const listed = [own, current].map(({ approvers }) => membersOf(approvers, now.groups));
  const direct = IDS.filter((userId) => listed.every((members) => members.has(userId)));
  const rule = narrower(own, current);
  const isRequester = (userId: string) => userId === REQUESTER.userId;
  const inForce = now.pairs.filter(
    ({ approver, standIn }) => direct.includes(approver) && !isRequester(approver) && !isRequester(standIn),
  );
  const together = inForce.map(({ approver, standIn }) => [approver, standIn]);
  const samePerson = mergeGroups([...rule.samePerson, ...together]);
  const accounts = [...direct, ...inForce.map(({ standIn }) => standIn)];
  const eligible = eligibleVoters(accounts, REQUESTER, { ...rule, samePerson });
  const seats = [own.need ?? [], now.current].map((list) =>
    list.map((each) => {
      const members = membersOf(each.from, now.groups);
      const standIns = inForce.filter(({ approver }) => members.has(approver)).map(({ standIn }) => standIn);
      return {
        ...each,
        accounts: new Set([...members, ...standIns].filter((userId) => eligible.has(userId))),
      };
    }),
  );
  return { eligible, seats, pairs: inForce, requesterMayAsk: true, ruleDigest: null };
}

/** Whether some assignment of these people fills every place. */
function canFill(places: readonly ReadonlySet<string>[], people: readonly ReadonlySet<string>[]): boolean {
  const [place, ...others] = places;
  if (place === undefined) return true;
  return people.some(
    (accounts, at) =>
      [...accounts].some((userId) => place.has(userId)) && canFill(others, people.toSpliced(at, 1)),
  );
}

function commandFor(made: Step, at: CloseRequest, now: Scene, nowMs: number): Command | null {
  const people = peopleIn(at, now);
  const { version, factsDigest } = at;
  switch (made.do) {
    case 'approve':
      return { type: 'approve', by: EVERYBODY[made.who] ?? ALICE, version, factsDigest, ...people };
    case 'reject': {
      const { eligible, pairs: standing } = people;
      const by = EVERYBODY[made.who] ?? ALICE;
      return { type: 'reject', by, version, reason: 'no', eligible, pairs: standing };
    }
    case 'claim':
      return { type: 'claim', owner: 'one', deadlineAtMs: nowMs + MINUTE_MS, starter: null };
    case 'mark': {
      const signed = { signedTimestampMs: nowMs, recvWindowMs: 5_000, deadlineAtMs: nowMs + 30_000 };
      return { type: 'mark-sent', owner: 'one', ...signed, ...people };
    }
    case 'recount':
      return { type: 'recount-votes', ...people };
    default:
      return null;
  }
}

describe('for any people, groups, stand-ins and changes of the rules', () => {
  it('what is sent has the approvals that the rule of the ask and the rule of now ask for', () => {
    let sentOnce = 0;
    let waited = 0;
    fc.assert(
      fc.property(
        needs,
        delay,
        scene,
        fc.array(step, { maxLength: 50, size: 'max' }),
        (list, delayMs, first, steps) => {
          let at = request({}, policyOf(list, delayMs));
          let now = first;
          let nowMs = START_MS;
          for (const made of steps) {
            if (made.do === 'wait') nowMs += made.minutes * MINUTE_MS;
            if (made.do === 'change') now = made.to;
            const command = commandFor(made, at, now, nowMs);
            if (command === null) continue;
            const decision = decideAt(at, command, nowMs, policyOf(now.current, now.currentDelayMs));
            if (!decision.ok) continue;
            at = decision.next;
            if (at.sent !== null) break;
          }
          if (at.sent === null) return;
          sentOnce += 1;
          const people = peopleIn(at, now);
          const together = (people.pairs ?? []).map(({ approver, standIn }) => [approver, standIn]);
          const who = (userId: string) => personKey(userId, mergeGroups(together));
          const voters = new Map<string, Set<string>>();
          const counting = splitVotes(at, people, nowMs).kept;
          for (const { voter } of counting) {
            voters.set(who(voter.userId), new Set([...(voters.get(who(voter.userId)) ?? []), voter.userId]));
          }
          for (const places of people.seats ?? []) {
            const each = places.flatMap(({ count, accounts }) =>
              Array.from({ length: count }, () => accounts),
            );
            expect(canFill(each, [...voters.values()])).toBe(true);
          }
          expect(voters.has(who(REQUESTER.userId))).toBe(false);
          const lastMs = Math.max(...counting.map(({ atMs }) => atMs));
          const heldMs = Math.max(delayMs, now.currentDelayMs);
          expect(at.sent.atMs).toBeGreaterThanOrEqual(lastMs + heldMs);
          if (heldMs > 0) waited += 1;
        },
      ),
      { numRuns: 6_000 },
    );
    expect(sentOnce).toBeGreaterThan(100);
    expect(waited).toBeGreaterThan(10);
  });
});

/** Whether some of them, voting one after another, bring the request to its approval: by trying each choice. */
function canBeApproved(start: CloseRequest, people: PeopleNow, current: ClosePolicy): boolean {
  for (let choice = 0; choice < 2 ** IDS.length; choice += 1) {
    let at = start;
    for (const by of EVERYBODY.filter((_, index) => ((choice >> index) & 1) === 1)) {
      const { version, factsDigest } = at;
      const voted = decideAt(at, { type: 'approve', by, version, factsDigest, ...people }, START_MS, current);
      if (voted.ok) at = voted.next;
    }
    if (at.state === 'approved') return true;
  }
  return false;
}

describe('whether it can still be approved', () => {
  it('is said as trying every choice of voters finds it, for any earlier votes', () => {
    const found = { yes: 0, no: 0, afterVotes: 0 };
    fc.assert(
      fc.property(
        needs,
        scene,
        scene,
        fc.array(fc.nat(IDS.length - 1), { maxLength: 3 }),
        (list, before, now, voters) => {
          let at = request({}, policyOf(list, 0));
          for (const who of voters) {
            const { version, factsDigest } = at;
            const by = EVERYBODY[who] ?? ALICE;
            const vote = { type: 'approve', by, version, factsDigest, ...peopleIn(at, before) } as const;
            const decision = decideAt(at, vote, START_MS, policyOf(before.current, 0));
            if (decision.ok && decision.next.state === 'pending') at = decision.next;
          }
          const current = policyOf(now.current, 0);
          const people = peopleIn(at, now);
          const noted = decideAt(at, { type: 'note-reach', ...people }, START_MS, current);
          const isReachable = canBeApproved(at, people, current);
          expect(noted.ok ? noted.event.type : 'reachable').toBe(isReachable ? 'reachable' : 'unreachable');
          found[isReachable ? 'yes' : 'no'] += 1;
          if (at.votes.length > 0) found.afterVotes += 1;
        },
      ),
      { numRuns: 4_000 },
    );
    for (const times of Object.values(found)) expect(times).toBeGreaterThan(50);
  });

  const list: readonly Need[] = [
    { from: ['T'], count: 1 },
    { from: ['K'], count: 1 },
  ];
  const scenes = {
    first: { groups: { T: [ALICE.userId, BOB.userId], K: [CAROL.userId] }, pairs: [] },
    /** Alice is away, and who stands in for her is the only one left in K. */
    away: {
      groups: { T: [ALICE.userId, BOB.userId], K: [EVE.userId] },
      pairs: [{ approver: ALICE.userId, standIn: EVE.userId }],
    },
  };
  const noteAt = (at: CloseRequest, { groups: names, pairs: standing }: (typeof scenes)['away']) => {
    const now = { groups: names, pairs: standing, current: list, currentDelayMs: 0 };
    return decideAt(at, { type: 'note-reach', ...peopleIn(at, now) }, START_MS, policyOf(list, 0));
  };
  const by = (who: typeof ALICE): CloseRequest['votes'][number] => ({
    ...{ voter: { teamId: who.teamId, userId: who.userId }, atMs: START_MS, version: 1, factsDigest: 'd' },
  });

  it('a person who voted with one account fills no place with another', () => {
    const lack = { eligible: 2, quorum: 2, open: [{ from: ['K'], count: 1 }] };
    expect(noteAt(request({ votes: [by(BOB)] }, policyOf(list, 0)), scenes.away)).toMatchObject({
      refusal: { code: 'nothing-changed' },
    });
    expect(noteAt(request({ votes: [by(ALICE)] }, policyOf(list, 0)), scenes.away)).toMatchObject({
      ok: true,
      event: { type: 'unreachable', ...lack },
      next: { unreachable: { ...lack, sinceMs: START_MS } },
    });
  });

  it('what is short is kept since it first was, and told again only if it changed', () => {
    const emptied = { groups: { ...scenes.first.groups, K: [] }, pairs: [] };
    const start = request({}, policyOf(list, 0));
    const noted = noteAt(start, emptied);
    if (!noted.ok) throw new Error(noted.refusal.code);
    expect(noteAt(noted.next, emptied)).toMatchObject({ refusal: { code: 'nothing-changed' } });
    const nobody = noteAt({ ...noted.next, createdAtMs: 0 }, { groups: { T: [], K: [] }, pairs: [] });
    expect(nobody).toMatchObject({ event: { eligible: 0 }, next: { unreachable: { sinceMs: START_MS } } });
    const back = noteAt(noted.next, scenes.first);
    expect(back).toMatchObject({ ok: true, event: { type: 'reachable' }, next: { unreachable: undefined } });
  });
});

describe('one of treasury and one of risk', () => {
  const rule = policyOf(
    [
      { from: ['T'], count: 1 },
      { from: ['K'], count: 1 },
    ],
    0,
  );
  const groupsNow: Groups = { T: [ALICE.userId, BOB.userId], K: [BOB.userId, CAROL.userId] };
  const plain: Scene = { groups: groupsNow, pairs: [], current: rule.need ?? [], currentDelayMs: 0 };

  function approve(at: CloseRequest, by: typeof ALICE, now: Scene, nowMs = START_MS) {
    const { version, factsDigest } = at;
    const command = { type: 'approve', by, version, factsDigest, ...peopleIn(at, now) } as const;
    return decideAt(at, command, nowMs, policyOf(now.current, now.currentDelayMs));
  }

  function approvedBy(at: CloseRequest, by: typeof ALICE, now: Scene, nowMs = START_MS): CloseRequest {
    const decision = approve(at, by, now, nowMs);
    if (!decision.ok) throw new Error(decision.refusal.code);
    return decision.next;
  }

  it.each([
    ['one of each', [ALICE, CAROL], 'approved'],
    ['somebody in both fills what is open', [BOB, ALICE], 'approved'],
    ['in whatever order', [BOB, CAROL], 'approved'],
    ['two of one group', [ALICE], 'pending'],
  ])('%s', (_, who, expected) => {
    const end = who.reduce((at, by) => approvedBy(at, by, plain), request({}, rule));
    expect(end.state).toBe(expected);
  });

  it('two of treasury are two approvals and not enough', () => {
    const wide = { ...plain, groups: { T: [ALICE.userId, BOB.userId], K: [CAROL.userId] } };
    const both = [ALICE, BOB].reduce((at, by) => approvedBy(at, by, wide), request({}, rule));
    expect(both).toMatchObject({ state: 'pending', votes: [{}, {}] });
    expect(approvedBy(both, CAROL, wide).state).toBe('approved');
  });

  it('an emptied group takes its approval back, and the close waits again', () => {
    const approved = [ALICE, CAROL].reduce((at, by) => approvedBy(at, by, plain), request({}, rule));
    const emptied = { ...plain, groups: { T: groupsNow.T, K: [] } };
    const recount = { type: 'recount-votes', ...peopleIn(approved, emptied) } as const;
    const decision = decideAt(approved, recount, START_MS, rule);
    expect(decision).toMatchObject({
      ok: true,
      next: { state: 'pending', votes: [{ voter: { userId: ALICE.userId } }] },
    });
  });

  it('the stricter of two rules holds, whichever is the newer', () => {
    const stricter: Scene = {
      ...plain,
      current: [
        { from: ['T'], count: 2 },
        { from: ['K'], count: 1 },
      ],
    };
    const two = [ALICE, CAROL].reduce((at, by) => approvedBy(at, by, stricter), request({}, rule));
    expect(two.state).toBe('pending');
    expect(approvedBy(two, BOB, stricter).state).toBe('approved');
  });

  it('a stand-in counts in their place, once with them, and never for their own request', () => {
    const away = { ...plain, pairs: [{ approver: CAROL.userId, standIn: EVE.userId }] };
    const byEve = approvedBy(approvedBy(request({}, rule), ALICE, away), EVE, away);
    expect(byEve).toMatchObject({ state: 'approved', votes: [{}, { inPlaceOf: CAROL.userId }] });
    expect(approve(approvedBy(request({}, rule), CAROL, away), EVE, away)).toMatchObject({
      refusal: { code: 'already-voted' },
    });
    const own = { ...plain, pairs: [{ approver: CAROL.userId, standIn: REQUESTER.userId }] };
    expect(approve(request({}, rule), REQUESTER, own)).toMatchObject({ refusal: { code: 'self-approval' } });
    expect(approve(request({}, rule), CAROL, own)).toMatchObject({ ok: true });
    // Once the absence is over the stand-in has no vote, and one they gave no longer counts.
    const recount = { type: 'recount-votes', ...peopleIn(byEve, plain) } as const;
    expect(decideAt(byEve, recount, START_MS, rule)).toMatchObject({ next: { state: 'pending' } });
    expect(approve(request({}, rule), EVE, plain)).toMatchObject({ refusal: { code: 'role-missing' } });
  });

  it('what somebody approved in another place counts no longer once they stand there no more', () => {
    const both = { ...plain, groups: { T: groupsNow.T, K: [CAROL.userId, EVE.userId] } };
    const away = { ...both, pairs: [{ approver: ALICE.userId, standIn: EVE.userId }] };
    const byEve = approvedBy(request({}, rule), EVE, away);
    expect(byEve.votes).toMatchObject([{ voter: { userId: EVE.userId }, inPlaceOf: ALICE.userId }]);
    const afterwards = approvedBy(byEve, ALICE, both);
    expect(afterwards).toMatchObject({ state: 'pending', votes: [{ voter: { userId: ALICE.userId } }] });
    expect(approvedBy(afterwards, EVE, both).state).toBe('approved');
  });

  it('votes that are enough now, and were not when they were given, need one more click', () => {
    const stricter: Scene = {
      ...plain,
      current: [
        { from: ['T'], count: 2 },
        { from: ['K'], count: 1 },
      ],
    };
    const two = [ALICE, CAROL].reduce((at, by) => approvedBy(at, by, stricter), request({}, rule));
    expect(two.state).toBe('pending');
    expect(approve(two, CAROL, stricter)).toMatchObject({ refusal: { code: 'already-voted' } });
    expect(approvedBy(two, CAROL, plain)).toMatchObject({ state: 'approved', votes: [{}, {}] });
  });

  it('people who were looked up under other rules decide nothing', () => {
    const pending = request({}, rule);
    const { version, factsDigest } = pending;
    const people = { ...peopleIn(pending, plain), ruleDigest: 'an older one' };
    const command = { type: 'approve', by: ALICE, version, factsDigest, ...people } as const;
    expect(decideAt(pending, command, START_MS, rule)).toMatchObject({
      refusal: { code: 'changed-meanwhile' },
    });
  });

  it('no chain: the stand-in of a stand-in has no vote', () => {
    const chain = {
      ...plain,
      pairs: [
        { approver: CAROL.userId, standIn: EVE.userId },
        { approver: EVE.userId, standIn: DAN.userId },
      ],
    };
    expect(approve(request({}, rule), DAN, chain)).toMatchObject({ refusal: { code: 'role-missing' } });
  });
});

describe('the time in which an approved close can be stopped', () => {
  const delayMs = 15 * MINUTE_MS;
  const rule = policy({ delayMs });
  const people = {
    eligible: new Set([ALICE.userId, BOB.userId, CAROL.userId]),
    requesterMayAsk: true,
    seats: [],
    pairs: [],
    ruleDigest: null,
  };

  function apply(at: CloseRequest, command: Command, nowMs: number, current = rule): CloseRequest {
    const decision = decideAt(at, command, nowMs, current);
    if (!decision.ok) throw new Error(decision.refusal.code);
    return decision.next;
  }
  const refusal = (at: CloseRequest, command: Command, nowMs: number, current = rule) => {
    const decision = decideAt(at, command, nowMs, current);
    return decision.ok ? null : decision.refusal;
  };
  const vote = (at: CloseRequest, by: typeof ALICE): Command => ({
    ...{ type: 'approve', by, version: at.version, factsDigest: at.factsDigest },
    ...people,
  });
  const claim = (nowMs: number): Command => ({
    ...{ type: 'claim', owner: 'one', deadlineAtMs: nowMs + MINUTE_MS, starter: null },
  });
  const mark = (nowMs: number): Command => ({
    ...{ type: 'mark-sent', owner: 'one', signedTimestampMs: nowMs, recvWindowMs: 5_000 },
    ...{ deadlineAtMs: nowMs + 30_000, ...people },
  });
  const reject = (at: CloseRequest): Command => ({
    ...{
      type: 'reject',
      pairs: [],
      by: CAROL,
      version: at.version,
      reason: 'wait',
      eligible: people.eligible,
    },
  });
  const pending = request({}, rule);
  const lastVoteMs = START_MS + 60 * MINUTE_MS;
  const approved = apply(apply(pending, vote(pending, ALICE), START_MS), vote(pending, BOB), lastVoteMs);
  const endMs = lastVoteMs + delayMs;

  it('runs from the last approval, and nothing is claimed or sent before its end', () => {
    expect(approved.state).toBe('approved');
    expect(refusal(approved, claim(endMs - 1), endMs - 1)).toEqual({ code: 'cooling-off', untilMs: endMs });
    expect(apply(approved, claim(endMs), endMs).state).toBe('sending');
  });

  it('a time that got longer meanwhile holds also what was claimed', () => {
    const claimed = apply(approved, claim(endMs), endMs);
    const longer = policy({ delayMs: 2 * delayMs });
    expect(refusal(claimed, mark(endMs), endMs, longer)).toMatchObject({ code: 'cooling-off' });
    const shorter = policy();
    expect(refusal(approved, claim(endMs - 1), endMs - 1, shorter)).toMatchObject({ code: 'cooling-off' });
  });

  it('is stopped by an approver or the requester until the marker is written', () => {
    const claimed = apply(approved, claim(endMs), endMs);
    for (const at of [approved, claimed]) {
      expect(apply(at, reject(at), endMs).state).toBe('rejected');
      expect(apply(at, { type: 'withdraw', by: REQUESTER }, endMs).state).toBe('withdrawn');
    }
    const sent = apply(claimed, mark(endMs), endMs);
    expect(refusal(sent, reject(sent), endMs)).toEqual({ code: 'already-executing' });
    expect(refusal(sent, { type: 'withdraw', by: REQUESTER }, endMs)).toEqual({ code: 'already-executing' });
    const stopped = apply(claimed, reject(claimed), endMs);
    expect(refusal(stopped, mark(endMs), endMs)).toMatchObject({ code: 'wrong-state' });
  });

  it('an approval that could not be followed by it is refused', () => {
    const lateMs = pending.expiresAtMs - delayMs;
    expect(refusal(pending, vote(pending, ALICE), lateMs)).toEqual({
      ...{ code: 'too-late-to-approve', delayMs, expiresAtMs: pending.expiresAtMs },
    });
    expect(refusal(pending, vote(pending, ALICE), lateMs - 1)).toBeNull();
  });
});
