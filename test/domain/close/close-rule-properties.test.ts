/** Whatever is asked in whatever order: the promises of the two-person rule hold. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CloseRequest } from '../../../src/domain/close/close-request.ts';
import { isTerminal } from '../../../src/domain/close/close-state.ts';
import { personKey } from '../../../src/domain/person.ts';
import { type ClosePolicy, narrower } from '../../../src/domain/policy.ts';
import { ALICE, BOB, decideAt, policy, REQUESTER, request, START_MS } from '../../support/close-requests.ts';
import { type CommandMaker, commandArbitrary } from '../../support/random-commands.ts';

interface Run {
  readonly states: readonly CloseRequest[];
  readonly marks: number;
}

type Step = readonly [CommandMaker, number];

/** `rule`: the settings of now, in force from the first command on. */
function play(makers: readonly Step[], start: CloseRequest, rule = start.policy): Run {
  const states = [start];
  let marks = 0;
  let nowMs = START_MS;
  for (const [make, stepMs] of makers) {
    nowMs += stepMs;
    const current = states.at(-1) ?? start;
    const command = make(current, nowMs);
    const decision = decideAt(current, command, nowMs, rule);
    if (!decision.ok) continue;
    if (command.type === 'mark-sent') marks += 1;
    states.push(decision.next);
  }
  return { states, marks };
}

const stepMs = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 5_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 1_200_000 }) },
);
const run = fc.array(fc.tuple(commandArbitrary, stepMs), { maxLength: 60, size: 'max' });

const rule: fc.Arbitrary<ClosePolicy> = fc
  .record({
    quorum: fc.integer({ min: 1, max: 4 }),
    requesterMayApprove: fc.boolean(),
    mode: fc.constantFrom('live' as const, 'live' as const, 'live' as const, 'dry-run' as const),
    samePerson: fc.subarray([
      [ALICE.userId, BOB.userId],
      [BOB.userId, REQUESTER.userId],
      ['U0OTHER', ALICE.userId],
    ]),
    expiresAfterMs: fc.constantFrom(3_600_000, 8 * 3_600_000),
  })
  .map(policy);

describe('for any sequence of commands', () => {
  it('at most one DELETE may ever leave, and only with two valid votes on the facts as sent', () => {
    let sentOnce = 0;
    fc.assert(
      fc.property(run, (makers) => {
        const { states, marks } = play(makers, request());
        sentOnce += marks;
        expect(marks).toBeLessThanOrEqual(1);
        const sent = states.find((state) => state.sent !== null);
        if (sent) {
          const voters = new Set(sent.votes.map((vote) => vote.voter.userId));
          expect(voters.size).toBeGreaterThanOrEqual(sent.policy.quorum);
          expect(voters.has(sent.requester.userId)).toBe(false);
          for (const vote of sent.votes) {
            expect(vote.version).toBe(sent.version);
            expect(vote.factsDigest).toBe(sent.factsDigest);
          }
        }
      }),
      { numRuns: 2_000 },
    );
    // The walk is worth little if it never gets there.
    expect(sentOnce).toBeGreaterThan(100);
  });

  it('nothing leads out of an end state but the noting of refusals', () => {
    fc.assert(
      fc.property(run, (makers) => {
        const { states } = play(makers, request());
        const end = states.find((state) => isTerminal(state.state));
        if (end) expect(states.at(-1)?.state).toBe(end.state);
      }),
      { numRuns: 1_000 },
    );
  });

  it('"closed" needs the exchange\'s closed list or two people', () => {
    fc.assert(
      fc.property(run, (makers) => {
        const last = play(makers, request()).states.at(-1);
        if (last?.state === 'closed')
          expect(last.evidence !== null || last.ending?.kind === 'settled').toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('a dry run never marks anything as sent', () => {
    fc.assert(
      fc.property(run, (makers) => {
        expect(play(makers, request({}, { mode: 'dry-run' })).marks).toBe(0);
      }),
    );
  });

  it('what is sent or rehearsed fits the rule of the ask and the settings of now', () => {
    let sentOnce = 0;
    fc.assert(
      fc.property(run, rule, rule, (makers, frozen, current) => {
        const start = request({}, frozen);
        const { states } = play(makers, start, current);
        const ended = states.find(({ sent, state }) => sent !== null || state === 'rehearsed');
        if (ended === undefined) return;
        sentOnce += 1;
        const { quorum, samePerson, requesterMayApprove, mode, expiresAfterMs } = narrower(frozen, current);
        const key = (userId: string) => personKey(userId, samePerson);
        const voters = new Set(ended.votes.map(({ voter }) => key(voter.userId)));
        expect(voters.size).toBeGreaterThanOrEqual(Math.max(frozen.quorum, current.quorum, quorum));
        expect(new Set([...voters, key(REQUESTER.userId)]).size).toBeGreaterThanOrEqual(2);
        if (!requesterMayApprove) expect(voters.has(key(REQUESTER.userId))).toBe(false);
        expect(ended.state === 'rehearsed').toBe(mode === 'dry-run');
        const atMs = ended.sent?.atMs ?? ended.ending?.atMs ?? 0;
        expect(atMs).toBeLessThan(ended.createdAtMs + expiresAfterMs);
        for (const { policy: kept } of states) expect(kept).toEqual(start.policy);
      }),
      { numRuns: 3_000 },
    );
    expect(sentOnce).toBeGreaterThan(100);
  });

  it('a mark that was lost is put back, and nothing is sent again', () => {
    let lostOnce = 0;
    fc.assert(
      fc.property(run, run, fc.nat(), (before, after, cut) => {
        const { states } = play(before, request());
        const sent = states.find((state) => state.sent !== null)?.sent ?? null;
        const unsent = states.filter((state) => state.sent === null);
        // The store goes back to what it was, and life goes on from there.
        const left = unsent[unsent.length - 1 - (cut % Math.min(3, unsent.length))];
        if (sent === null || left === undefined) return;
        const gone =
          play(after, left)
            .states.filter((state) => state.sent === null)
            .at(-1) ?? left;
        const command = { type: 'record-answer', mark: sent, answer: null } as const;
        const restored = decideAt(gone, command, START_MS + 86_400_000);
        lostOnce += 1;
        expect(restored).toMatchObject({
          ok: true,
          next: { state: 'unknown', sent, claim: null, ending: null },
          event: { type: 'mark-restored', stateBefore: gone.state },
        });
        if (restored.ok) expect(play(after, restored.next).marks).toBe(0);
      }),
      { numRuns: 2_000 },
    );
    expect(lostOnce).toBeGreaterThan(100);
  });
});
