/**
 * The votes as the sealed trail tells them. The record says who voted; whoever can write to Redis could write that.
 * Only entries whose seals fit count here, so that a forged record sends nothing.
 */
import type { AuditEntry } from './audit-chain.ts';
import type { CloseRequest } from './close-request.ts';
import type { ClosePolicy } from './policy.ts';

/** What the trail of one request says against sending it as the record stands; null: nothing. */
export function whyTrailForbids(request: CloseRequest, entries: readonly AuditEntry[]): string | null {
  const voters = new Set<string>();
  let digest: string | null = null;
  let policy: string | null = null;
  for (const { body } of entries) {
    const { event } = body;
    if (event.type === 'opened') policy = ruleText(event.policy);
    if (event.type === 'approved' && event.by !== null) {
      for (const { userId } of event.dropped) voters.delete(userId);
      voters.add(event.by.userId);
    }
    if (event.type === 'votes-dropped') for (const { userId } of event.dropped) voters.delete(userId);
    if (event.type === 'facts-changed') voters.clear();
    digest = body.factsDigest;
  }
  if (policy !== ruleText(request.policy)) return 'the record names another rule than the audit trail';
  if (digest !== request.factsDigest) return 'the record names other facts than the audit trail';
  const recorded = new Set(request.votes.map(({ voter }) => voter.userId));
  const same = recorded.size === voters.size && [...recorded].every((userId) => voters.has(userId));
  return same ? null : 'the record names other votes than the audit trail';
}

/** Field by field: a record may come back with its fields in another order. */
function ruleText(policy: ClosePolicy): string {
  const { quorum, requesterMayApprove, approvers, expiresAfterMs, mode, samePerson } = policy;
  return JSON.stringify([quorum, requesterMayApprove, approvers, expiresAfterMs, mode, samePerson]);
}
