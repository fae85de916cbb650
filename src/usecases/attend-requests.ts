/**
 * Background work on requests: approved ones are sent, all others are swept. A round starts the work without waiting
 * for it, because a slow read must not delay the expiry of another request.
 */
import { nextAttentionAtMs, reminderAtMs, UNKNOWN_PAGES_AFTER_MS } from '../domain/close/attention.ts';
import type { CloseRequest } from '../domain/close/close-request.ts';
import { evidenceOf } from '../domain/close/closed-evidence.ts';
import { isBlocked } from '../domain/close/decision.ts';
import { sendsFromMs } from '../domain/close/votes.ts';
import type { Access } from './access.ts';
import { flawsOf, readFacts } from './current-facts.ts';
import type { ExecuteClose } from './execute-close.ts';
import type { CloseRequestStore, LoanReader, Log, StoredRequest, WithRequest } from './ports.ts';
import type { ReadBackClose } from './read-back-close.ts';
import type { RequestBook } from './request-book.ts';

/** After this, another process takes over. Slower work may run twice; the rule allows that. */
const LEASE_MS = 60_000;
/** Requests worked on at the same time in one process. */
const AT_ONCE = 20;
/** A request that could not advance waits at least this long. */
const SOONEST_AGAIN_MS = 1_000;

export interface AttendRequestsParts {
  readonly store: CloseRequestStore;
  readonly book: RequestBook;
  readonly access: Pick<Access, 'votersFor'>;
  readonly executor: ExecuteClose;
  readonly reader: LoanReader;
  readonly readBack: ReadBackClose;
  readonly inBackground: (what: string, work: () => Promise<unknown>) => void;
  readonly log: Log;
  readonly withRequest: WithRequest;
}

/** Takes the requests that are due, shared with all replicas, starts the work and returns how many there were. */
export function createAttendRequests(parts: AttendRequestsParts): () => Promise<number> {
  const { store, book, executor, inBackground, log, withRequest } = parts;
  const sweep = createSweepRequest(parts);
  let underWay = 0;

  async function attend(stored: StoredRequest): Promise<void> {
    const { nowMs } = stored;
    const request = book.underRule(stored.request);
    try {
      const isHeld = request.state === 'approved' && nowMs < sendsFromMs(request);
      const toSend =
        request.state === 'approved' &&
        !isHeld &&
        request.abandonedClaims === 0 &&
        nowMs < request.expiresAtMs;
      if (toSend) await executor.execute(request.id);
      else await sweep(stored);
      // No effect if the work changed the request: that change has set its next time.
      const endedAtMs = await store.nowMs();
      const next = nextAttentionAtMs(request, endedAtMs);
      if (next !== null) {
        const atMs = Math.max(next, endedAtMs + SOONEST_AGAIN_MS);
        await store.postponeAttention(request.id, request.revision, atMs);
      }
    } catch (error) {
      // A failing request must not delay the others; it is due again when its lease ends.
      log.error({ requestId: request.id, err: error }, 'background work on a request failed');
    } finally {
      underWay -= 1;
    }
  }

  return async () => {
    await executor.catchUp();
    const room = AT_ONCE - underWay;
    if (room <= 0) return 0;
    const due = await store.takeAttention(LEASE_MS, room);
    for (const stored of due) {
      underWay += 1;
      inBackground('attend', () => withRequest(stored.request.id, () => attend(stored)));
    }
    return due.length;
  };
}

/**
 * Expiry, reminders, abandoned claims, lost outcomes, closes made elsewhere, blocked requests that can go on, requests
 * that nobody can complete any more. It reads only: it cannot send a close.
 */
function createSweepRequest({
  book,
  access,
  reader,
  readBack,
}: Pick<AttendRequestsParts, 'book' | 'access' | 'reader' | 'readBack'>): (
  stored: StoredRequest,
) => Promise<void> {
  async function sweepPending(request: CloseRequest, nowMs: number): Promise<void> {
    // The reminder first: the exchange may not answer.
    const stage = dueReminder(request, nowMs);
    if (stage !== null) await book.apply(request.id, () => ({ type: 'remind', stage }));
    const { groupId, facts } = request;
    const { creditAccount } = facts;
    const closed = await reader.findClosedUnit(groupId, { priority: 'background', creditAccount });
    const evidence = closed.ok && closed.value !== null ? evidenceOf(facts, closed.value) : null;
    if (evidence === null) return;
    // A unit in both lists is not known to be closed.
    const active = await reader.riskUnit(groupId, { priority: 'background', fresh: true });
    if (!active.ok || active.value !== null || flawsOf(active, groupId).length > 0) return;
    await book.apply(request.id, () => ({ type: 'supersede', evidence }));
  }

  /** One read: opens the request again once its unit is repaid, and keeps what its card says of the debt. */
  async function sweepBlocked(stored: StoredRequest): Promise<void> {
    const { groupId, facts } = stored.request;
    const current = await readFacts(reader, groupId, facts.creditAccount, 'background');
    if (current.kind === 'read') {
      // On this very copy: somebody who checked meanwhile has newer facts.
      const command = { type: 'replace-facts', facts: current.facts } as const;
      await book.applyOnce(await book.asOfNow(stored), command);
    } else if (current.kind === 'closed') {
      const evidence = evidenceOf(facts, current.closedUnit);
      if (evidence !== null) await book.apply(stored.request.id, () => ({ type: 'supersede', evidence }));
    }
  }

  /** People are told in time, also when the exchange is silent: first what is known, then another look. */
  async function sweepSent({ request, nowMs }: StoredRequest): Promise<void> {
    const { id, sent } = request;
    if (sent !== null && nowMs >= sent.atMs + UNKNOWN_PAGES_AFTER_MS) {
      const type = request.state === 'unknown' ? 'page-people' : 'lose-track';
      await book.apply(id, () => ({ type }));
    }
    await readBack.look(request);
  }

  async function sweepSending(stored: StoredRequest): Promise<void> {
    const { request } = stored;
    if (request.sent === null) await book.apply(request.id, () => ({ type: 'abandon-claim' }));
    else if (request.answer === null) await book.apply(request.id, () => ({ type: 'lose-track' }));
    else await sweepSent(stored);
  }

  /** While Slack doesn't say who may vote, what was known before holds. */
  async function noteReach(requestId: string): Promise<void> {
    const stored = await book.load(requestId);
    if (!stored.ok) return;
    const { state } = stored.value.request;
    if (state !== 'pending' && state !== 'approved') return;
    const voters = await access.votersFor(stored.value.request);
    if (!voters.ok) return;
    const { eligible, seats, pairs, ruleDigest } = voters.value;
    // On this very copy: the people were looked up for it.
    await book.applyOnce(stored.value, { type: 'note-reach', eligible, seats, pairs, ruleDigest });
  }

  async function sweep(stored: StoredRequest): Promise<void> {
    const { request, nowMs } = { ...stored, request: book.underRule(stored.request) };
    // Includes a claim without a marker: where it can't be released (its unit key is gone), expiry ends it.
    const unsent = request.state !== 'unknown' && request.sent === null;
    if (unsent && nowMs >= request.expiresAtMs) {
      await book.apply(request.id, () => ({ type: 'expire' }));
    } else if (isBlocked(request)) {
      await sweepBlocked(stored);
    } else if (
      request.state === 'pending' ||
      (request.state === 'approved' && nowMs < sendsFromMs(request))
    ) {
      // A close that was made elsewhere is noticed also while this one can still be stopped.
      await sweepPending(request, nowMs);
    } else if (request.state === 'sending') {
      await sweepSending(stored);
    } else if (request.state === 'unknown') {
      await sweepSent(stored);
    }
  }

  return async (stored) => {
    await sweep(stored);
    await noteReach(stored.request.id);
  };
}

function dueReminder(request: CloseRequest, nowMs: number): 'half' | 'eighty' | null {
  if (!request.reminded.eighty && nowMs >= reminderAtMs(request, 'eighty')) return 'eighty';
  return !request.reminded.half && nowMs >= reminderAtMs(request, 'half') ? 'half' : null;
}
