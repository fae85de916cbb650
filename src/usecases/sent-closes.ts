/**
 * What this process knows of the closes it sent: the mark and the answer. Redis may lose what was written last (a
 * failover, a log cut short); what is known here is put back as soon as Redis answers, and nothing that was sent from
 * here is ever sent from here again. Lasts as long as the process.
 */
import type { CloseRequest, ExchangeAnswer, SentMark } from '../domain/close/close-request.ts';
import type { Result } from '../domain/refusal.ts';
import { type CloseOutcome, type Log, StoreUnavailable } from './ports.ts';
import type { RequestBook } from './request-book.ts';

export interface SentCloses {
  /** Called before the DELETE leaves. */
  sent(requestId: string, mark: SentMark): void;
  /** Stores the answer. Throws StoreUnavailable; the answer is then told later. */
  answered(requestId: string, outcome: CloseOutcome): Promise<Result<CloseRequest>>;
  wasSent(requestId: string): boolean;
  /** Tells the store what it does not hold for certain: of sendings under way, and of those not told since. */
  tell(): Promise<void>;
  /** As `tell`, of all: the store may have lost any of it. */
  tellAll(): Promise<void>;
}

interface Sending {
  readonly mark: SentMark;
  outcome: CloseOutcome | null;
  /** With the store's time when it was first told of it; null: not told yet. */
  answer: ExchangeAnswer | null;
  told: boolean;
}

/** A firm closes a few units a year. */
const KEPT_AT_MOST = 1_000;

export function createSentCloses({ book, log }: { book: RequestBook; log: Log }): SentCloses {
  const sendings = new Map<string, Sending>();

  async function tellOne(requestId: string, sending: Sending): Promise<Result<CloseRequest>> {
    const { mark, outcome } = sending;
    let lost = false;
    let another = false;
    const told = await book.apply(requestId, (request, nowMs) => {
      if (outcome !== null) sending.answer ??= { ...outcome, atMs: nowMs };
      lost = request.sent === null;
      another = request.sent !== null && request.sent.signedTimestampMs !== mark.signedTimestampMs;
      return { type: 'record-answer', mark, answer: sending.answer };
    });
    if (told.ok && lost)
      log.error(
        { requestId, answer: outcome?.kind ?? null },
        'marker of a sent close was lost and is restored',
      );
    const isAgain = !told.ok && told.refusal.code === 'changed-meanwhile';
    sending.told = outcome !== null && !isAgain;
    if (another) log.error({ requestId, mark }, 'two closes sent for one request');
    if (!told.ok && told.refusal.code === 'request-not-found')
      log.error({ requestId, mark, answer: outcome?.kind ?? null }, 'request of a sent close is missing');
    return told;
  }

  async function tell(): Promise<void> {
    for (const [requestId, sending] of sendings) {
      if (sending.told) continue;
      try {
        await tellOne(requestId, sending);
      } catch (error) {
        if (error instanceof StoreUnavailable) throw error;
        // Other requests must not wait for a record that cannot be read; it is told again with all others.
        sending.told = true;
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
      sendings.set(requestId, { mark, outcome: null, answer: null, told: false });
      const [oldest] = sendings.keys();
      if (sendings.size > KEPT_AT_MOST && oldest !== undefined) sendings.delete(oldest);
    },
    async answered(requestId, outcome) {
      const sending = sendings.get(requestId);
      if (sending === undefined) throw new Error(`close request ${requestId} was not sent from here`);
      sending.outcome = outcome;
      return tellOne(requestId, sending);
    },
    wasSent: (requestId) => sendings.has(requestId),
    tell,
    tellAll() {
      for (const sending of sendings.values()) sending.told = false;
      return tell();
    },
  };
}
