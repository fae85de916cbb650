/** Looks on while close requests change: each stored change is told to the metrics and, as one line, to the log. */
import type { CloseRequest, RequestEventType } from '../domain/close/close-request.ts';
import type { CloseState } from '../domain/close/close-state.ts';
import type { Change, CloseRequestStore, Log } from '../usecases/ports.ts';

export interface StoredChange {
  readonly event: RequestEventType;
  /** Null: the request was opened. */
  readonly from: CloseState | null;
  readonly request: CloseRequest;
  /** By the store's clock, as decided. */
  readonly atMs: number;
}

export interface ChangeObserver {
  changed(change: StoredChange): void;
}

/** The same store. Nothing is told that was not stored. */
export function observeStore(
  store: CloseRequestStore,
  observer: ChangeObserver,
  log: Log,
): CloseRequestStore {
  const tell = (change: StoredChange) => {
    const { request, event, from } = change;
    observer.changed(change);
    log.info(
      {
        requestId: request.id,
        groupId: request.groupId,
        event,
        from,
        state: request.state,
        revision: request.revision,
        auditSequence: request.audit.sequence,
        auditSeal: request.audit.seal,
      },
      'close request changed',
    );
  };
  return {
    nowMs: () => store.nowMs(),
    async open(change) {
      const opened = await store.open(change);
      if (opened.kind === 'opened') {
        const { event } = change;
        tell({ event: event.type, from: null, request: opened.request, atMs: event.atMs });
      }
      return opened;
    },
    requestIds: () => store.requestIds(),
    load: (requestId) => store.load(requestId),
    async save(change: Change) {
      const saved = await store.save(change);
      if (saved.kind === 'saved') {
        const { event, from } = change;
        tell({ event: event.type, from: from.request.state, request: saved.request, atMs: event.atMs });
      }
      return saved;
    },
    openRequestFor: (groupId) => store.openRequestFor(groupId),
    listOpen: () => store.listOpen(),
    listRecent: (limit, before) => store.listRecent(limit, before),
    closedThrough: (groupIds) => store.closedThrough(groupIds),
    takeAttention: (leaseMs, limit) => store.takeAttention(leaseMs, limit),
    postponeAttention: (requestId, revision, atMs) => store.postponeAttention(requestId, revision, atMs),
  };
}
