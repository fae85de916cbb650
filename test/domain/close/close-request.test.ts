import { describe, expect, it } from 'vitest';
import { NEVER_LOOKED, openRequest, withNarrowerPolicy } from '../../../src/domain/close/close-request.ts';
import { isTerminal } from '../../../src/domain/close/close-state.ts';
import { digestOf } from '../../../src/domain/close/facts.ts';
import { facts, policy, REQUESTER, request, START_MS } from '../../support/close-requests.ts';
import { AT_STAGE, IN_STATE, type Stage } from '../../support/close-stages.ts';

it('a request begins with nothing voted, nothing sent and the rule of now', () => {
  const rule = policy({ quorum: 3, expiresAfterMs: 5_000 });
  const by = { teamId: REQUESTER.teamId, userId: REQUESTER.userId };
  const draft = { id: 'R1', requester: REQUESTER, reason: 'repaid', facts: facts(), policy: rule };
  expect(openRequest(draft, START_MS)).toEqual({
    next: {
      schema: 1,
      id: 'R1',
      groupId: '7',
      requester: by,
      reason: 'repaid',
      policy: rule,
      state: 'pending',
      revision: 0,
      version: 1,
      facts: facts(),
      factsDigest: digestOf(facts()),
      factChanges: [],
      votes: [],
      voidedVotes: [],
      createdAtMs: START_MS,
      expiresAtMs: START_MS + 5_000,
      card: null,
      reminded: { half: false, eighty: false },
      claim: null,
      abandonedClaims: 0,
      obstacle: null,
      sent: null,
      answer: null,
      readBack: NEVER_LOOKED,
      evidence: null,
      settlement: null,
      pagedAtMs: null,
      refusalsNoted: 0,
      ending: null,
      audit: { sequence: 0, seal: '' },
    },
    event: { type: 'opened', by, reason: 'repaid', facts: facts(), policy: rule, atMs: START_MS },
  });
});

describe('under the settings of now', () => {
  const HOUR_MS = 3_600_000;
  const strict = policy({ quorum: 3, mode: 'dry-run', expiresAfterMs: HOUR_MS });
  const shorter = START_MS + HOUR_MS;

  it.each(Object.keys(AT_STAGE) as Stage[])('when it is %s', (stage) => {
    const before = AT_STAGE[stage]();
    const after = withNarrowerPolicy(before, strict);
    if (isTerminal(before.state)) expect(after).toEqual(before);
    else {
      // What was sent was no rehearsal.
      const mode = before.sent === null ? 'dry-run' : 'live';
      expect(after).toEqual({
        ...before,
        policy: { ...before.policy, quorum: 3, mode, expiresAfterMs: HOUR_MS },
        expiresAtMs: shorter,
      });
    }
  });

  it('it lives no longer than it was given', () => {
    const { expiresAtMs } = request();
    expect(withNarrowerPolicy(request(), policy({ expiresAfterMs: 99 * HOUR_MS })).expiresAtMs).toBe(
      expiresAtMs,
    );
  });

  it('a rehearsal stays one, whatever its record and the settings say', () => {
    const rehearsed = { ...IN_STATE.rehearsed(), policy: policy({ quorum: 3, mode: 'live' }) };
    expect(withNarrowerPolicy(rehearsed, policy())).toEqual({
      ...rehearsed,
      policy: policy({ quorum: 3, mode: 'dry-run' }),
    });
  });
});
