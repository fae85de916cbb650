/** What a status command shows of the exchange client; asks nothing, holds no secret. */
import type { ExchangeStop } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import type { AccountBook } from './account-book.ts';
import type { Caller } from './caller.ts';
import type { ExchangeClock } from './clock.ts';
import type { SystemStatus } from './system-status.ts';
import type { UnitOwners } from './unit-owners.ts';
import type { WeightLimiter } from './weight-limiter.ts';

export interface ExchangeSnapshot {
  /** Null until the exchange's time was read. */
  readonly clock: { readonly offsetMs: number; readonly rttMs: number; readonly ageMs: number } | null;
  /** Of the present exchange minute, as far as this process knows. */
  readonly weights: readonly {
    readonly bucket: string;
    readonly used: number;
    readonly limit: number;
    readonly waiting: number;
  }[];
  readonly stops: readonly ExchangeStop[];
  readonly sharedCountDown: boolean;
  readonly maintenance: boolean;
  /** Exchange time of the last call that was answered with 200. */
  readonly lastSuccessAtMs: number | null;
  readonly accounts: readonly {
    readonly name: string;
    readonly role: Account['role'];
    readonly keyKind: Account['keyKind'];
    /** Units that this credit key has shown; empty for the parent. */
    readonly units: readonly string[];
    /** Whether a credit key has been asked for its unit with success. */
    readonly learned: boolean;
  }[];
}

export interface SnapshotParts {
  readonly book: AccountBook;
  readonly owners: UnitOwners;
  readonly clock: ExchangeClock;
  readonly limiter: WeightLimiter;
  readonly caller: Caller;
  readonly status: SystemStatus;
  readonly now: () => number;
}

export function takeSnapshot(parts: SnapshotParts): ExchangeSnapshot {
  const { book, owners, clock, limiter, caller, status, now } = parts;
  const reading = clock.reading();
  const { weights, stops, ledgerDown } = limiter.snapshot();
  return {
    clock:
      reading === null
        ? null
        : { offsetMs: reading.offsetMs, rttMs: reading.rttMs, ageMs: now() - reading.syncedAtMs },
    weights,
    stops,
    sharedCountDown: ledgerDown,
    maintenance: status.lastKnown,
    lastSuccessAtMs: caller.lastSuccessAtMs,
    accounts: book.all().map((account) => ({
      name: account.name,
      role: account.role,
      keyKind: account.keyKind,
      units: [...book.unitsOf(account)],
      learned: owners.learned(account),
    })),
  };
}
