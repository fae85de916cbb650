/**
 * The votes as the sealed trail tells them. The record says who voted; whoever can write to Redis could write that.
 * Only entries whose seals fit count here, so that a forged record sends nothing.
 */

import type { ClosePolicy, PersonId } from '../policy.ts';
import type { AuditEntry } from './audit-chain.ts';
import type { CloseRequest } from './close-request.ts';
import { isDecided } from './close-step.ts';

/** What the trail of one request says against sending it as the record stands; null: nothing. */
export function whyTrailForbids(request: CloseRequest, entries: readonly AuditEntry[]): string | null {
  const opened = entries[0]?.body;
  if (opened?.event.type !== 'opened') return 'the audit trail does not begin with the opening';
  if (entries.some(({ body }) => body.event.type === 'sent' || body.event.type === 'mark-restored'))
    return 'the audit trail says it was sent before';
  if (opened.groupId !== request.groupId || opened.event.by?.userId !== request.requester.userId) {
    return 'the record names another unit or requester than the audit trail';
  }
  const expiresAtMs = opened.event.atMs + opened.event.policy.expiresAfterMs;
  if (ruleText(opened.event.policy) !== ruleText(request.policy) || expiresAtMs !== request.expiresAtMs) {
    return 'the record names another rule than the audit trail';
  }
  if (entries.at(-1)?.body.factsDigest !== request.factsDigest) {
    return 'the record names other facts than the audit trail';
  }
  const voters = votersOf(entries);
  const recorded = new Set(request.votes.map(({ voter }) => voter.userId));
  const same = recorded.size === voters.length && voters.every(({ userId }) => recorded.has(userId));
  if (!same) return 'the record names other votes than the audit trail';
  const decided = isDecided(
    request,
    voters.map((voter) => ({ voter })),
  );
  return decided ? null : 'the audit trail does not tell of enough votes';
}

/** Who has a standing vote, by the entries alone. */
function votersOf(entries: readonly AuditEntry[]): PersonId[] {
  const voters = new Map<string, PersonId>();
  for (const { event } of entries.map(({ body }) => body)) {
    if (event.type === 'facts-changed') voters.clear();
    if (event.type === 'approved' || event.type === 'votes-dropped') {
      for (const { userId } of event.dropped) voters.delete(userId);
    }
    if (event.type === 'approved' && event.by !== null) voters.set(event.by.userId, event.by);
  }
  return [...voters.values()];
}

/** Field by field: a record may come back with its fields in another order. */
function ruleText(policy: ClosePolicy): string {
  const { quorum, requesterMayApprove, approvers, expiresAfterMs, mode, samePerson } = policy;
  return JSON.stringify([quorum, requesterMayApprove, approvers, expiresAfterMs, mode, samePerson]);
}
