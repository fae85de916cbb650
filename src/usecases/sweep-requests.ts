/**
 * The background's share of a request's life: expiry, reminders, abandoned claims, lost outcomes, closes made
 * elsewhere. It is given the reading half of the exchange only: it cannot send a close.
 */
import { type CloseRequest, lifeOf, reminderAtMs } from '../domain/close/close-request.ts';
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
  async function sweepPending({ request, nowMs }: StoredRequest): Promise<void> {
    // First what needs nobody: the exchange may be silent.
    const stage = dueReminder(request, nowMs);
    if (stage !== null) await book.apply(request.id, () => ({ type: 'remind', stage }));
    const life = lifeOf(request);
    const closed = await reader.findClosedUnit(request.groupId, { priority: 'background', life });
    if (!closed.ok || closed.value === null) return;
    // The closed list alone does not end a request: the unit must not be listed as active as well.
    const seen = await readBack.sight(request);
    if (seen.kind !== 'in-closed-list') return;
    await book.apply(request.id, () => ({ type: 'supersede', evidence: seen.evidence }));
  }

  async function sweepUnknown(stored: StoredRequest): Promise<void> {
    const looked = await readBack.look(stored.request);
    if (looked.ok && looked.value.state === 'unknown') {
      await book.apply(stored.request.id, () => ({ type: 'page-people' }));
    }
  }

  async function sweepSending({ request }: StoredRequest): Promise<void> {
    if (request.sent === null) {
      await book.apply(request.id, () => ({ type: 'abandon-claim' }));
    } else if (request.answer === null) {
      await book.apply(request.id, () => ({ type: 'lose-track' }));
    } else {
      const looked = await readBack.look(request);
      if (looked.ok && looked.value.state === 'sending')
        await book.apply(request.id, () => ({ type: 'lose-track' }));
    }
  }

  return async (stored) => {
    const { request, nowMs } = stored;
    const unsent = request.state === 'pending' || request.state === 'approved';
    if (unsent && nowMs >= request.expiresAtMs) {
      await book.apply(request.id, () => ({ type: 'expire' }));
    } else if (request.state === 'pending') {
      await sweepPending(stored);
    } else if (request.state === 'sending') {
      await sweepSending(stored);
    } else if (request.state === 'unknown') {
      await sweepUnknown(stored);
    }
  };
}

function dueReminder(request: CloseRequest, nowMs: number): 'half' | 'eighty' | null {
  if (!request.reminded.eighty && nowMs >= reminderAtMs(request, 'eighty')) return 'eighty';
  return !request.reminded.half && nowMs >= reminderAtMs(request, 'half') ? 'half' : null;
}
