/**
 * Background work on requests: approved ones are sent, all others are swept. A round only sets the work off: a look
 * at a silent exchange may take a minute, and must not keep another request from expiring in time.
 */
import { nextAttentionAtMs } from '../domain/close/attention.ts';
import type { ExecuteClose } from './execute-close.ts';
import type { CloseRequestStore, Log, StoredRequest, WithRequest } from './ports.ts';
import type { RequestBook } from './request-book.ts';
import type { SweepRequest } from './sweep-requests.ts';

/** A process that dies frees its share after this. A look that takes longer may be made twice, which the rule knows. */
const LEASE_MS = 60_000;
/** Looks under way at once in one process. */
const AT_ONCE = 20;
/** What could not be moved on now is not looked at again at once. */
const SOONEST_AGAIN_MS = 1_000;

export interface AttendRequestsParts {
  readonly store: CloseRequestStore;
  readonly book: RequestBook;
  readonly executor: ExecuteClose;
  readonly sweep: SweepRequest;
  readonly inBackground: (what: string, work: () => Promise<unknown>) => void;
  readonly log: Log;
  readonly withRequest: WithRequest;
}

/** Takes what is due, shared with all replicas, and answers for how many requests it set work off. */
export function createAttendRequests(parts: AttendRequestsParts): () => Promise<number> {
  const { store, book, executor, sweep, inBackground, log, withRequest } = parts;
  let underWay = 0;

  async function attend(stored: StoredRequest): Promise<void> {
    const { nowMs } = stored;
    const request = book.underRule(stored.request);
    try {
      const toSend =
        request.state === 'approved' && request.abandonedClaims === 0 && nowMs < request.expiresAtMs;
      if (toSend) await executor.execute(request.id);
      else await sweep(stored);
      // Unless the work changed the request, which sets its next time, too.
      const endedAtMs = await store.nowMs();
      const next = nextAttentionAtMs(request, endedAtMs);
      if (next !== null) {
        const atMs = Math.max(next, endedAtMs + SOONEST_AGAIN_MS);
        await store.postponeAttention(request.id, request.revision, atMs);
      }
    } catch (error) {
      // One request's trouble must not keep the others waiting; its lease brings it back.
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
