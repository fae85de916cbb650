/**
 * A record held against the sealed trail of its request. The record's own seal shows that Loandesk wrote it; only the
 * trail shows that it is the newest one, and what was voted. What the two do not tell alike is not believed.
 */

import type { PersonId } from '../person.ts';
import type { ClosePolicy } from '../policy.ts';
import type { AuditEntry } from './audit-chain.ts';
import type { CloseRequest, Ending, RequestEventType } from './close-request.ts';
import { isTerminal } from './close-state.ts';
import { isDecided } from './decision.ts';

/**
 * In what the record differs from its trail; null: in nothing. `entries` are all of that request, oldest first: their
 * seals fit, and the record names the last of them as its newest.
 */
export function whyTrailDiffers(request: CloseRequest, entries: readonly AuditEntry[]): string | null {
  const opened = entries[0]?.body;
  const newest = entries.at(-1)?.body;
  if (opened?.event.type !== 'opened' || newest === undefined)
    return 'the audit trail does not begin with the opening';
  if (opened.groupId !== request.groupId || opened.event.by?.userId !== request.requester.userId) {
    return 'the record names another unit or requester than the audit trail';
  }
  const expiresAtMs = opened.event.atMs + opened.event.policy.expiresAfterMs;
  if (ruleText(opened.event.policy) !== ruleText(request.policy) || expiresAtMs !== request.expiresAtMs) {
    return 'the record names another rule than the audit trail';
  }
  const { stateAfter, version, factsDigest } = newest;
  if (factsDigest !== request.factsDigest || version !== request.version)
    return 'the record names other facts than the audit trail';
  if (stateAfter !== request.state) return 'the record names another state than the audit trail';
  const voters = votersOf(entries);
  const recorded = new Set(request.votes.map(({ voter }) => voter.userId));
  const same = recorded.size === voters.length && voters.every(({ userId }) => recorded.has(userId));
  if (!same) return 'the record names other votes than the audit trail';
  if (!isSettlementTold(request, entries)) return 'the record names another finding than the audit trail';
  return isEndingTold(request, entries) ? null : 'the record names another ending than the audit trail';
}

/** What the trail of one request says against sending it as the record stands; null: nothing. */
export function whyTrailForbids(request: CloseRequest, entries: readonly AuditEntry[]): string | null {
  if (entries.some(({ body }) => body.event.type === 'sent' || body.event.type === 'mark-restored'))
    return 'the audit trail says it was sent before';
  const differs = whyTrailDiffers(request, entries);
  if (differs !== null) return differs;
  const voters = votersOf(entries).map((voter) => ({ voter }));
  return isDecided(request, voters) ? null : 'the audit trail does not tell of enough votes';
}

/** A mark that was restored takes back every finding and ending before it. */
function sinceRestored(entries: readonly AuditEntry[]): readonly AuditEntry[] {
  return entries.slice(
    Math.max(
      0,
      entries.findLastIndex(({ body }) => body.event.type === 'mark-restored'),
    ),
  );
}

function isSettlementTold({ settlement }: CloseRequest, entries: readonly AuditEntry[]): boolean {
  const told = sinceRestored(entries)
    .map(({ body }) => body.event)
    .findLast(({ type }) => type === 'settlement-proposed');
  if (settlement === null || told?.type !== 'settlement-proposed') return settlement === null && !told;
  return (
    settlement.by.userId === told.by?.userId &&
    settlement.verdict === told.verdict &&
    settlement.note === told.note &&
    settlement.atMs === told.atMs
  );
}

/** The events that can bring each ending about. */
const ENDED_BY: { readonly [Kind in Ending['kind']]: readonly RequestEventType[] } = {
  'read-back': ['read-back'],
  settled: ['settled'],
  rehearsed: ['rehearsed'],
  'refused-by-exchange': ['read-back'],
  'never-sent': ['never-sent', 'answered', 'mark-restored'],
  'not-executed': ['read-back'],
  'card-undeliverable': ['card-undeliverable'],
  rejected: ['rejected'],
  withdrawn: ['withdrawn'],
  expired: ['expired'],
  'closed-elsewhere': ['superseded', 'read-back'],
};

function isEndingTold({ ending }: CloseRequest, entries: readonly AuditEntry[]): boolean {
  const ended = sinceRestored(entries).find(({ body }) => isTerminal(body.stateAfter))?.body.event;
  if (ending === null || ended === undefined) return ending === null && ended === undefined;
  if (!ENDED_BY[ending.kind].includes(ended.type) || ending.atMs !== ended.atMs) return false;
  // What both name must be the same in both.
  const [record, trail]: Readonly<Record<string, unknown>>[] = [{ ...ending }, { ...ended }];
  return ['reason', 'verdict', 'note'].every((field) => record?.[field] === trail?.[field]);
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
