/**
 * Compares a record with the sealed trail of its request. The record's own seal shows that Loandesk wrote it; only the
 * trail shows that it is the newest version and which votes were given. If the two differ, nothing is sent.
 */

import type { PersonId } from '../person.ts';
import type { ClosePolicy } from '../policy.ts';
import type { CloseRequest, Ending, RequestEventType } from './close-request.ts';
import { isTerminal } from './close-state.ts';
import type { RequestEntry } from './request-entry.ts';
import { isDecided } from './votes.ts';

/**
 * How the record differs from its trail; null: it doesn't. `entries`: all entries of the request, oldest first, with
 * verified seals; the record names the last one as its newest.
 */
export function whyTrailDiffers(request: CloseRequest, entries: readonly RequestEntry[]): string | null {
  const opened = entries[0]?.body;
  const newest = entries.at(-1)?.body;
  if (opened?.event.type !== 'opened' || newest === undefined)
    return "the audit trail doesn't begin with the opening";
  if (opened.groupId !== request.groupId || opened.event.by?.userId !== request.requester.userId) {
    return 'unit or requester differ from the audit trail';
  }
  const expiresAtMs = opened.event.atMs + opened.event.policy.expiresAfterMs;
  if (ruleText(opened.event.policy) !== ruleText(request.policy) || expiresAtMs !== request.expiresAtMs) {
    return 'policy or expiry differ from the audit trail';
  }
  const { stateAfter, version, factsDigest } = newest;
  if (factsDigest !== request.factsDigest || version !== request.version)
    return 'facts differ from the audit trail';
  if (stateAfter !== request.state) return 'the state differs from the audit trail';
  const voters = votersOf(entries);
  const recorded = new Set(request.votes.map(({ voter }) => voter.userId));
  const same = recorded.size === voters.length && voters.every(({ userId }) => recorded.has(userId));
  if (!same) return 'votes differ from the audit trail';
  if (!isSettlementTold(request, entries)) return 'the finding differs from the audit trail';
  return isEndingTold(request, entries) ? null : 'the ending differs from the audit trail';
}

/** Why the trail of a request forbids sending it; null: it doesn't. */
export function whyTrailForbids(request: CloseRequest, entries: readonly RequestEntry[]): string | null {
  if (entries.some(({ body }) => body.event.type === 'sent' || body.event.type === 'mark-restored'))
    return 'the audit trail shows that it was sent before';
  const differs = whyTrailDiffers(request, entries);
  if (differs !== null) return differs;
  const voters = votersOf(entries).map((voter) => ({ voter }));
  return isDecided(request, voters) ? null : 'the audit trail shows too few votes';
}

/** A restored marker cancels every earlier finding and ending. */
function sinceRestored(entries: readonly RequestEntry[]): readonly RequestEntry[] {
  return entries.slice(
    Math.max(
      0,
      entries.findLastIndex(({ body }) => body.event.type === 'mark-restored'),
    ),
  );
}

function isSettlementTold({ settlement }: CloseRequest, entries: readonly RequestEntry[]): boolean {
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

/** The events that can cause each ending. */
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

function isEndingTold({ ending }: CloseRequest, entries: readonly RequestEntry[]): boolean {
  const ended = sinceRestored(entries).find(({ body }) => isTerminal(body.stateAfter))?.body.event;
  if (ending === null || ended === undefined) return ending === null && ended === undefined;
  if (!ENDED_BY[ending.kind].includes(ended.type) || ending.atMs !== ended.atMs) return false;
  // What both name must be the same in both.
  const [record, trail]: Readonly<Record<string, unknown>>[] = [{ ...ending }, { ...ended }];
  return ['reason', 'verdict', 'note'].every((field) => record?.[field] === trail?.[field]);
}

/** Who has a valid vote according to the entries alone. */
function votersOf(entries: readonly RequestEntry[]): PersonId[] {
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

/** Field by field, because a stored record may have its fields in another order. */
function ruleText(policy: ClosePolicy): string {
  const { quorum, requesterMayApprove, approvers, expiresAfterMs, mode, samePerson } = policy;
  const need = policy.need?.map(({ from, count }) => [count, from]);
  const own = [need ?? null, policy.delayMs ?? 0, policy.ruleDigest ?? null];
  return JSON.stringify([quorum, requesterMayApprove, approvers, expiresAfterMs, mode, samePerson, ...own]);
}
