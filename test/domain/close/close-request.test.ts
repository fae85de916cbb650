import { expect, it } from 'vitest';
import { NEVER_LOOKED, openRequest } from '../../../src/domain/close/close-request.ts';
import { digestOf } from '../../../src/domain/close/facts.ts';
import { facts, policy, REQUESTER, START_MS } from '../../support/close-requests.ts';

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
