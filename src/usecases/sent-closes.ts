/**
 * The marker and the answer of each close that this process sent, in memory. Redis may lose its last writes (a
 * failover, a truncated log); they are restored from here as soon as Redis answers, and this process never sends the
 * same request twice.
 */
import type { CloseRequest, ExchangeAnswer, SentMark } from '../domain/close/close-request.ts';
import type { Result } from '../domain/refusal.ts';
import { type CloseOutcome, type Log, StoreUnavailable } from './ports.ts';
import type { RequestBook } from './request-book.ts';

export interface SentCloses {
  /** Call it before the DELETE is sent. */
  sent(requestId: string, mark: SentMark): void;
  /** Stores the answer. Throws StoreUnavailable; `restore` then stores it later. */
  answered(requestId: string, outcome: CloseOutcome): Promise<Result<CloseRequest>>;
  wasSent(requestId: string): boolean;
  /** Stores the markers and answers that are not known to be stored. */
  restore(): Promise<void>;
  /** As `restore`, for all: the store may have lost any of them. */
  restoreAll(): Promise<void>;
}

interface Sending {
  readonly mark: SentMark;
  outcome: CloseOutcome | null;
  /** With the store's time when it was first stored; null: not stored yet. */
  answer: ExchangeAnswer | null;
  isStored: boolean;
}

/** A firm closes a few units a year. */
const KEPT_AT_MOST = 1_000;

export function createSentCloses({ book, log }: { book: RequestBook; log: Log }): SentCloses {
  const sendings = new Map<string, Sending>();

  async function restoreOne(requestId: string, sending: Sending): Promise<Result<CloseRequest>> {
    const { mark, outcome } = sending;
    let lost = false;
    let another = false;
    const recorded = await book.apply(requestId, (request, nowMs) => {
      if (outcome !== null) sending.answer ??= { ...outcome, atMs: nowMs };
      lost = request.sent === null;
      another = request.sent !== null && request.sent.signedTimestampMs !== mark.signedTimestampMs;
      return { type: 'record-answer', mark, answer: sending.answer };
    });
    if (recorded.ok && lost)
      log.error({ requestId, answer: outcome?.kind ?? null }, 'lost marker of a sent close restored');
    const isAgain = !recorded.ok && recorded.refusal.code === 'changed-meanwhile';
    sending.isStored = outcome !== null && !isAgain;
    if (another) log.error({ requestId, mark }, 'two closes sent for one request');
    if (!recorded.ok && recorded.refusal.code === 'request-not-found')
      log.error({ requestId, mark, answer: outcome?.kind ?? null }, 'request of a sent close is missing');
    return recorded;
  }

  async function restore(): Promise<void> {
    for (const [requestId, sending] of sendings) {
      if (sending.isStored) continue;
      try {
        await restoreOne(requestId, sending);
      } catch (error) {
        if (error instanceof StoreUnavailable) throw error;
        // The others must not wait for an unreadable record; `restoreAll` tries it again.
        sending.isStored = true;
        const { mark, outcome } = sending;
        log.error(
          { requestId, mark, answer: outcome?.kind ?? null, err: error },
          'recording a sent close failed',
        );
      }
    }
  }

  return {
    sent(requestId, mark) {
      sendings.set(requestId, { mark, outcome: null, answer: null, isStored: false });
      const [oldest] = sendings.keys();
      if (sendings.size > KEPT_AT_MOST && oldest !== undefined) sendings.delete(oldest);
    },
    async answered(requestId, outcome) {
      const sending = sendings.get(requestId);
      if (sending === undefined) throw new Error(`close request ${requestId} was not sent from here`);
      sending.outcome = outcome;
      return restoreOne(requestId, sending);
    },
    wasSent: (requestId) => sendings.has(requestId),
    restore,
    restoreAll() {
      for (const sending of sendings.values()) sending.isStored = false;
      return restore();
    },
  };
}
