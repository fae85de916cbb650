/** One round of background work on requests: approved ones are sent, all others are swept. */
import type { ExecuteClose } from './execute-close.ts';
import type { CloseRequestStore, Log, StoredRequest } from './ports.ts';
import type { SweepRequest } from './sweep-requests.ts';

/** Longer than one look at the exchange takes; a process that dies frees its share after this. */
const LEASE_MS = 60_000;
const AT_ONCE = 10;

export interface AttendRequestsParts {
  readonly store: CloseRequestStore;
  readonly executor: ExecuteClose;
  readonly sweep: SweepRequest;
  readonly log: Log;
}

/** Takes what is due, shared with all replicas, and answers how many requests it looked at. */
export function createAttendRequests({
  store,
  executor,
  sweep,
  log,
}: AttendRequestsParts): () => Promise<number> {
  async function attend(stored: StoredRequest): Promise<void> {
    const { request, nowMs } = stored;
    try {
      const toSend =
        request.state === 'approved' && request.abandonedClaims === 0 && nowMs < request.expiresAtMs;
      if (toSend) await executor.execute(request.id);
      else await sweep(stored);
    } catch (error) {
      // One request's trouble must not keep the others waiting; its lease brings it back.
      log.error({ requestId: request.id, err: error }, 'background work on a request failed');
    }
  }

  return async () => {
    const due = await store.takeAttention(LEASE_MS, AT_ONCE);
    await Promise.all(due.map(attend));
    return due.length;
  };
}
