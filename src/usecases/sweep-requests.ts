/**
 * The background's share of a request's life: expiry, reminders, abandoned claims, lost outcomes, closes made
 * elsewhere. It is given the reading half of the exchange only: it cannot send a close.
 */

import { reminderAtMs, UNKNOWN_PAGES_AFTER_MS } from '../domain/close/attention.ts';
import type { CloseRequest } from '../domain/close/close-request.ts';
import { evidenceOf } from '../domain/close/closed-evidence.ts';
import { flawsOf } from './current-facts.ts';
import type { LoanReader, StoredRequest } from './ports.ts';
import type { ReadBackClose } from './read-back-close.ts';
import type { RequestBook } from './request-book.ts';

export interface SweepRequestsParts {
  readonly book: RequestBook;
  readonly reader: LoanReader;
  readonly readBack: ReadBackClose;
}

export type SweepRequest = (stored: StoredRequest) => Promise<void>;

export function createSweepRequest({ book, reader, readBack }: SweepRequestsParts): SweepRequest {
  async function sweepPending(request: CloseRequest, nowMs: number): Promise<void> {
    // First what needs nobody: the exchange may be silent.
    const stage = dueReminder(request, nowMs);
    if (stage !== null) await book.apply(request.id, () => ({ type: 'remind', stage }));
    const { groupId, facts } = request;
    const { creditAccount } = facts;
    const closed = await reader.findClosedUnit(groupId, { priority: 'background', creditAccount });
    const evidence = closed.ok && closed.value !== null ? evidenceOf(facts, closed.value) : null;
    if (evidence === null) return;
    // In both lists it is not known to be closed.
    const active = await reader.riskUnit(groupId, { priority: 'background', fresh: true });
    if (!active.ok || active.value !== null || flawsOf(active, groupId).length > 0) return;
    await book.apply(request.id, () => ({ type: 'supersede', evidence }));
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

  return async (stored) => {
    const { request, nowMs } = { ...stored, request: book.underRule(stored.request) };
    // A claim without a mark, too: where it cannot be ended (its unit key is gone), the expiry ends it.
    const unsent = request.state !== 'unknown' && request.sent === null;
    if (unsent && nowMs >= request.expiresAtMs) {
      await book.apply(request.id, () => ({ type: 'expire' }));
    } else if (request.state === 'pending') {
      await sweepPending(request, nowMs);
    } else if (request.state === 'sending') {
      await sweepSending(stored);
    } else if (request.state === 'unknown') {
      await sweepSent(stored);
    }
  };
}

function dueReminder(request: CloseRequest, nowMs: number): 'half' | 'eighty' | null {
  if (!request.reminded.eighty && nowMs >= reminderAtMs(request, 'eighty')) return 'eighty';
  return !request.reminded.half && nowMs >= reminderAtMs(request, 'half') ? 'half' : null;
}
