/** Whatever is asked in whatever order: the promises of the two-person rule hold. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CloseRequest } from '../../../src/domain/close/close-request.ts';
import { isTerminal } from '../../../src/domain/close/close-request.ts';
import { decide } from '../../../src/domain/close/close-rule.ts';
import { request, START_MS } from '../../support/close-requests.ts';
import { type CommandMaker, commandArbitrary } from '../../support/random-commands.ts';

interface Run {
  readonly states: readonly CloseRequest[];
  readonly marks: number;
}

function play(makers: readonly (readonly [CommandMaker, number])[], start: CloseRequest): Run {
  const states = [start];
  let marks = 0;
  let nowMs = START_MS;
  for (const [make, stepMs] of makers) {
    nowMs += stepMs;
    const current = states.at(-1) ?? start;
    const command = make(current, nowMs);
    const decision = decide(current, command, nowMs);
    if (!decision.ok) continue;
    if (command.type === 'mark-sent') marks += 1;
    states.push(decision.next);
  }
  return { states, marks };
}

const run = fc.array(fc.tuple(commandArbitrary, fc.integer({ min: 0, max: 1_200_000 })), { maxLength: 60 });

describe('for any sequence of commands', () => {
  it('at most one DELETE may ever leave, and only with two valid votes on the facts as sent', () => {
    fc.assert(
      fc.property(run, (makers) => {
        const { states, marks } = play(makers, request());
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
});
