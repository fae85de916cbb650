/**
 * Looks in the exchange's own record for what became of a close. Reads only; the rule decides what a sighting
 * proves. Used right after the send and, later, by the sweeper for as long as it takes.
 */
import type { LongId } from '../domain/amount.ts';
import type { ReadBackSighting } from '../domain/close/close-command.ts';
import { type CloseRequest, evidenceOf, lifeOf, readBackDelayMs } from '../domain/close/close-request.ts';
import { done, type Result } from '../domain/refusal.ts';
import type { RiskUnit } from '../domain/unit/risk-unit.ts';
import { flawsOf } from './current-facts.ts';
import type { LoanReader, Read } from './ports.ts';
import type { RequestBook } from './request-book.ts';

export interface ReadBackClose {
  /**
   * What the exchange's own record shows of the unit now. It is closed only where its closed list proves the end of
   * this life of it and it is not listed as active as well.
   */
  sight(request: CloseRequest): Promise<ReadBackSighting>;
  /** One look, recorded. */
  look(request: CloseRequest): Promise<Result<CloseRequest>>;
  /** Looks with growing pauses while people watch; what is still open then is left to the sweeper. */
  follow(request: CloseRequest): Promise<Result<CloseRequest>>;
}

const LOOKS_WHILE_WATCHED = 4;
/** A look belongs to the close, not to the people who wait for other answers. */
const LOOK = { priority: 'close', fresh: true } as const;

export interface ReadBackParts {
  readonly book: RequestBook;
  readonly reader: LoanReader;
  readonly pause: (milliseconds: number) => Promise<void>;
}

export function createReadBackClose({ book, reader, pause }: ReadBackParts): ReadBackClose {
  /** A process that started after the unit had gone knows no key of it: that the parent sees none then has to do. */
  async function readActive(groupId: LongId): Promise<Read<RiskUnit | null>> {
    const unit = await reader.riskUnitAsCreditAccount(groupId, LOOK);
    if (unit.ok || unit.failure.kind !== 'no-account') return unit;
    const seen = await reader.riskUnit(groupId, LOOK);
    return seen.ok && seen.value === null ? seen : unit;
  }

  async function sight(request: CloseRequest): Promise<ReadBackSighting> {
    const { groupId } = request;
    const closed = await reader.findClosedUnit(groupId, { ...LOOK, life: lifeOf(request) });
    if (!closed.ok) return { kind: 'unreadable', why: closed.failure.meaning };
    const unit = await readActive(groupId);
    if (!unit.ok) return { kind: 'unreadable', why: unit.failure.meaning };
    const flaws = flawsOf(unit, groupId);
    if (flaws.length > 0) return { kind: 'unreadable', why: flaws.map(({ text }) => text).join('; ') };
    if (closed.value !== null && unit.value !== null) {
      return { kind: 'unreadable', why: 'the exchange lists the unit as closed and as active' };
    }
    if (closed.value !== null) return { kind: 'in-closed-list', evidence: evidenceOf(closed.value) };
    return { kind: unit.value === null ? 'neither' : 'still-active', readAtMs: unit.asOfMs };
  }

  async function look(request: CloseRequest): Promise<Result<CloseRequest>> {
    const seen = await sight(request);
    return book.apply(request.id, () => ({ type: 'read-back', seen }));
  }

  return {
    sight,
    look,
    async follow(first) {
      let request = first;
      for (let looks = 0; looks < LOOKS_WHILE_WATCHED && request.ending === null; looks += 1) {
        if (looks > 0) await pause(readBackDelayMs(looks - 1));
        const looked = await look(request);
        if (!looked.ok) return looked;
        request = looked.value;
      }
      return done(request);
    },
  };
}
