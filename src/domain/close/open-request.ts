/** The first record of a close request. */

import type { PersonId } from '../person.ts';
import type { ClosePolicy } from '../policy.ts';
import { type CloseRequest, NEVER_LOOKED, type RequestEvent } from './close-request.ts';
import { digestOf, type Facts } from './facts.ts';

/** In UTF-16 units. Longer reasons are refused; Slack cuts a command's text at about this length anyway. */
export const LONGEST_REASON = 4_000;

/** The store sets revision and audit when it takes the record in. `nowMs` is the store's clock. */
export function openRequest(
  draft: { id: string; requester: PersonId; reason: string; facts: Facts; policy: ClosePolicy },
  nowMs: number,
): { next: CloseRequest; event: RequestEvent } {
  const { id, requester, reason, facts, policy } = draft;
  const by = { teamId: requester.teamId, userId: requester.userId };
  return {
    next: {
      schema: 1,
      id,
      groupId: facts.groupId,
      requester: by,
      reason,
      policy,
      state: 'pending',
      revision: 0,
      version: 1,
      facts,
      factsDigest: digestOf(facts),
      factChanges: [],
      votes: [],
      voidedVotes: [],
      createdAtMs: nowMs,
      expiresAtMs: nowMs + policy.expiresAfterMs,
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
    event: { type: 'opened', by, reason, facts, policy, atMs: nowMs },
  };
}
