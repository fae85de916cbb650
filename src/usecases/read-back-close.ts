/**
 * Looks for the outcome of a close in the exchange's own record. Reads only; the rule decides what a sighting proves.
 * Runs right after the send and later, in background work, until the outcome is known.
 */
import type { LongId } from '../domain/amount.ts';
import type { CloseRequest, ReadBackSighting } from '../domain/close/close-request.ts';
import { evidenceOf } from '../domain/close/closed-evidence.ts';
import { done, type Result } from '../domain/refusal.ts';
import type { RiskUnit } from '../domain/unit/risk-unit.ts';
import { flawsOf } from './current-facts.ts';
import type { LoanReader, Read } from './ports.ts';
import type { RequestBook } from './request-book.ts';

export interface ReadBackClose {
  /** One look. */
  look(request: CloseRequest): Promise<Result<CloseRequest>>;
  /** Looks several times with growing pauses; after that, background work goes on. */
  follow(request: CloseRequest): Promise<Result<CloseRequest>>;
}

/** Before each look in `follow`. */
const PAUSES_MS = [0, 1_000, 2_000, 4_000] as const;

/** -27001, Loan group not found. */
const UNIT_NOT_FOUND = -27001;

const LOOK = { priority: 'close', fresh: true } as const;

export interface ReadBackParts {
  readonly book: RequestBook;
  readonly reader: LoanReader;
  readonly pause: (milliseconds: number) => Promise<void>;
}

export function createReadBackClose({ book, reader, pause }: ReadBackParts): ReadBackClose {
  /** A process that started after the close knows no key of the unit: then the parent key's view must do. */
  async function readActive(groupId: LongId): Promise<Read<RiskUnit | null>> {
    const unit = await reader.riskUnitAsCreditAccount(groupId, LOOK);
    if (unit.ok || unit.failure.kind !== 'no-account') return unit;
    const seen = await reader.riskUnit(groupId, LOOK);
    return seen.ok && seen.value === null ? seen : unit;
  }

  async function sight({ groupId, facts }: CloseRequest): Promise<ReadBackSighting> {
    const { creditAccount } = facts;
    const closed = await reader.findClosedUnit(groupId, { ...LOOK, creditAccount });
    if (!closed.ok) return { kind: 'unreadable', why: closed.failure.meaning };
    const evidence = closed.value === null ? null : evidenceOf(facts, closed.value);
    const unit = await readActive(groupId);
    if (!unit.ok && unit.failure.exchangeCode !== UNIT_NOT_FOUND)
      return { kind: 'unreadable', why: unit.failure.meaning };
    const flaws = unit.ok ? flawsOf(unit, groupId) : [];
    if (flaws.length > 0) return { kind: 'unreadable', why: flaws.map(({ text }) => text).join('; ') };
    const isActive = unit.ok && unit.value !== null;
    if (evidence !== null) return isActive ? { kind: 'in-both-lists' } : { kind: 'in-closed-list', evidence };
    return isActive ? { kind: 'still-active', readAtMs: unit.asOfMs } : { kind: 'neither' };
  }

  async function look(request: CloseRequest): Promise<Result<CloseRequest>> {
    const seen = await sight(request);
    const afterAnswer = request.answer !== null;
    return book.apply(request.id, () => ({ type: 'read-back', seen, afterAnswer }));
  }

  return {
    look,
    async follow(first) {
      let request = first;
      for (const pauseMs of PAUSES_MS) {
        if (request.ending !== null) break;
        if (pauseMs > 0) await pause(pauseMs);
        const looked = await look(request);
        if (looked.ok) request = looked.value;
        else if (looked.refusal.code !== 'nothing-changed') return looked;
      }
      return done(request);
    },
  };
}
