/** What status and doctor show about the exchange: maintenance, key permissions, a snapshot. */
import { z } from 'zod';
import type { ExchangeStop, Read } from '../usecases/ports.ts';
import type { AccountBook } from './account-book.ts';
import type { Account } from './accounts.ts';
import { flagField, systemStatusAnswer } from './answers.ts';
import type { Caller } from './caller.ts';
import type { ExchangeClock } from './clock.ts';
import { ENDPOINTS } from './endpoints.ts';
import { failed } from './failure.ts';
import type { ReadCaller } from './read-caller.ts';
import type { WeightLimiter } from './weight-limiter.ts';

/** Whether the exchange is under maintenance (GET /sapi/v1/system/status, unsigned, weight 1). */
export interface SystemStatus {
  /** Asks now. Null: no answer. */
  ask(): Promise<boolean | null>;
  /** The last known status; during maintenance asks again every few seconds. */
  isUnderMaintenance(): Promise<boolean>;
  readonly lastKnown: boolean;
}

const ASK_AGAIN_MS = 5_000;
const PATIENCE_MS = 2_000;
/** Short, because another read waits for it. */
const TIMEOUT_MS = 3_000;
const MAINTENANCE = 1;

export function createSystemStatus(caller: Pick<Caller, 'call'>, now: () => number): SystemStatus {
  let maintenance = false;
  let askedAtMs = 0;

  async function ask(): Promise<boolean | null> {
    askedAtMs = now();
    const result = await caller.call({
      endpoint: ENDPOINTS.systemStatus,
      account: null,
      parameters: [],
      priority: 'interactive',
      patienceMs: PATIENCE_MS,
      timeoutMs: TIMEOUT_MS,
    });
    const parsed = systemStatusAnswer.safeParse(result.kind === 'answered' ? result.json : null);
    if (!parsed.success) return null;
    maintenance = parsed.data.status === MAINTENANCE;
    return maintenance;
  }

  return {
    ask,
    async isUnderMaintenance() {
      // Absolute, so that an answer from a clock that was ahead doesn't count as recent.
      if (maintenance && Math.abs(now() - askedAtMs) >= ASK_AGAIN_MS) await ask();
      return maintenance;
    },
    get lastKnown() {
      return maintenance;
    },
  };
}

export interface KeyPermissions {
  /** The key works only from the IP addresses on its list. */
  readonly ipRestrict: boolean;
  readonly enableReading: boolean;
  /** Required by the loan pages for calls that change something. */
  readonly enableSpotAndMarginTrading: boolean;
  /** Loandesk never needs it. */
  readonly enableWithdrawals: boolean;
}

export interface ExchangeChecks {
  /** True: under maintenance. Null: no answer. */
  isUnderMaintenance(): Promise<boolean | null>;
  /** GET /sapi/v1/account/apiRestrictions with the key of the account of that name. */
  permissionsOf(accountName: string): Promise<Read<KeyPermissions>>;
}

const permissions = z.object({
  ipRestrict: flagField,
  enableReading: flagField,
  enableSpotAndMarginTrading: flagField,
  enableWithdrawals: flagField,
});

export function createAccountChecks(options: {
  readonly book: AccountBook;
  readonly reads: ReadCaller;
  readonly status: SystemStatus;
}): ExchangeChecks {
  return {
    isUnderMaintenance: () => options.status.ask(),
    async permissionsOf(name) {
      const account = options.book.named(name);
      const endpoint = ENDPOINTS.apiRestrictions;
      const call = { endpoint, account, parameters: [], priority: 'interactive' } as const;
      const result = await options.reads.read(call, permissions, "it does not list the key's permissions");
      if (result.kind !== 'read') return failed(result, account);
      return { ok: true, value: result.value, asOfMs: result.asOfMs, flaws: [] };
    },
  };
}

/** Asks nothing, holds no secret. */
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
  readonly clock: ExchangeClock;
  readonly limiter: WeightLimiter;
  readonly caller: Caller;
  readonly status: SystemStatus;
  readonly now: () => number;
}

export function takeSnapshot(parts: SnapshotParts): ExchangeSnapshot {
  const { book, clock, limiter, caller, status, now } = parts;
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
      learned: book.hasAnswered(account),
    })),
  };
}
