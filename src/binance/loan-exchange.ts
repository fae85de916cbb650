/**
 * The exchange client as the composition root sees it: reads, the close, the other loan reads, and what a status
 * command or a doctor wants to know. Built once; `start` never throws, also when the exchange is down.
 */
import { randomUUID } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { CloseMode } from '../domain/policy.ts';
import type { ExchangeStop, ExchangeStops, LoanCloser, LoanReader, Log } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import { AccountBook } from './account-book.ts';
import { createAccountChecks, type ExchangeChecks } from './account-checks.ts';
import { Caller, type CallRecord, type FailedCall, ReadCaller } from './caller.ts';
import { createExchangeClock, type Delay, realDelay } from './clock.ts';
import { CoalescedRead } from './coalesced-read.ts';
import { ENDPOINTS } from './endpoints.ts';
import { ExchangeLife } from './exchange-life.ts';
import { type ExchangeSnapshot, takeSnapshot } from './exchange-snapshot.ts';
import { createHttp, HTTP_TIMEOUT_MS, type ProxySettings } from './http.ts';
import { createInstitutionalLoan, type InstitutionalLoan } from './institutional-loan.ts';
import { createLoanCloser } from './loan-closer.ts';
import { createLoanReader } from './loan-reader.ts';
import { type Rejection, stopExtent } from './rejection.ts';
import { timeAnswer } from './schemas.ts';
import type { SharedReads, WeightLedger } from './shared-state.ts';
import { createSystemStatus } from './system-status.ts';
import { UnitOwners } from './unit-owners.ts';
import type { Priority } from './weight-limiter.ts';
import { WeightLimiter } from './weight-limiter.ts';

export interface LoanExchangeOptions {
  /** `dry-run`: the closer of this process refuses. */
  readonly closeMode: CloseMode;
  readonly baseUrl: string;
  readonly accounts: readonly Account[];
  readonly ledger: WeightLedger;
  readonly sharedReads: SharedReads;
  readonly log: Log;
  /** UTC milliseconds; default Date.now. */
  readonly now?: () => number;
  /** Steady milliseconds; default performance.now. */
  readonly monotonic?: () => number;
  readonly delay?: Delay;
  readonly random?: () => number;
  readonly newToken?: () => string;
  readonly proxy?: ProxySettings;
  readonly dispatcher?: Dispatcher;
  /** For one HTTP exchange; default 13 s. */
  readonly timeoutMs?: number;
  /** How long a call may wait for its weight; default 2 s for commands (and closes), 75 s for background work. */
  readonly patienceMs?: Partial<Record<Exclude<Priority, 'close'>, number>>;
  /** How long a person waits for a read, with all its tries; default 12 s. */
  readonly readBudgetMs?: number;
  readonly onCall?: (record: CallRecord) => void;
  readonly onStop?: (stop: ExchangeStop) => void;
}

export interface LoanExchange {
  readonly reader: LoanReader;
  readonly closer: LoanCloser;
  readonly institutionalLoan: InstitutionalLoan;
  readonly checks: ExchangeChecks;
  readonly stops: ExchangeStops;
  snapshot(): ExchangeSnapshot;
  /** Reads the time and each credit key's unit. Resolves after the first attempt, or 5 s; goes on by itself. */
  start(): Promise<void>;
  /** Ends the timers and the connections. */
  stop(): Promise<void>;
  /** Takes other accounts into use (key rotation). Calls under way finish with the key they were signed with. */
  reload(accounts: readonly Account[]): Promise<void>;
}

const PATIENCE_MS = { interactive: 2_000, background: 75_000 } as const;
/** A little more than the exchange's own 10 s for one answer. */
const READ_BUDGET_MS = 12_000;
const CLOCK_PATIENCE_MS = 2_000;
/** A sample that took longer would be dropped. */
const CLOCK_TIMEOUT_MS = 3_000;

export function createLoanExchange(options: LoanExchangeOptions): LoanExchange {
  const { log, accounts, ledger, sharedReads } = options;
  const now = options.now ?? Date.now;
  const monotonic = options.monotonic ?? (() => performance.now());
  const delay = options.delay ?? realDelay;
  const given = { ...PATIENCE_MS, ...options.patienceMs };
  const patienceMs = { ...given, close: given.interactive };
  const book = new AccountBook(accounts);
  const http = createHttp(options);
  let noTime: FailedCall = { kind: 'no-clock' };
  const sample = async (): Promise<number | null> => {
    const time = await sampleTime(caller);
    // An answer that came too late to be of use is no stop.
    noTime = typeof time === 'number' ? { kind: 'no-clock' } : time;
    return typeof time === 'number' ? time : null;
  };
  const clock = createExchangeClock({ sample, now, delay, log });
  const limiter = new WeightLimiter({
    ledger,
    clock,
    delay,
    log,
    monotonic,
    ...(options.onStop !== undefined && { onStop: options.onStop }),
  });
  const caller = new Caller({
    http,
    clock,
    limiter,
    log,
    monotonic,
    whyNotNow: async () => {
      if (await status.isUnderMaintenance()) return { kind: 'maintenance' };
      return (await clock.ensureSynced()) ? null : noTime;
    },
    buckets: () => book.buckets(),
    ...(options.onCall !== undefined && { onCall: options.onCall }),
  });
  const status = createSystemStatus(caller, now);
  const reads = new ReadCaller({
    caller,
    clock,
    delay,
    monotonic,
    patienceMs,
    budgetMs: options.readBudgetMs ?? READ_BUDGET_MS,
    timeoutMs: options.timeoutMs ?? HTTP_TIMEOUT_MS,
    random: options.random ?? Math.random,
    isUnderMaintenance: async () => (await status.ask()) === true,
  });
  const owners = new UnitOwners({ book, reads, now, log });
  const nowMs = () => Math.floor(clock.nowMs());
  const coalesced = new CoalescedRead({
    shared: sharedReads,
    nowMs,
    delay,
    newToken: options.newToken ?? randomUUID,
  });
  const life = new ExchangeLife(owners, clock, status, delay, log);
  const reader = createLoanReader({ book, owners, reads, coalesced, nowMs });
  return {
    reader,
    closer: createLoanCloser({
      closeMode: options.closeMode,
      caller,
      limiter,
      owners,
      monotonic,
      patienceMs: patienceMs.close,
    }),
    institutionalLoan: createInstitutionalLoan({ book, owners, reads }),
    stops: { list: () => limiter.stopsOf(book.buckets()), lift: () => limiter.liftStops() },
    checks: createAccountChecks({ book, reads, status }),
    snapshot: () => takeSnapshot({ book, owners, clock, limiter, caller, status, now }),
    start: () => life.start(),
    async stop() {
      life.stop();
      await http.close();
    },
    async reload(fresh) {
      book.replace(fresh);
      log.info(
        { accounts: fresh.map(({ name, role }) => ({ name, role })) },
        'the accounts were loaded anew',
      );
      await life.relearn();
    },
  };
}

/** The exchange's time, or why a signed call cannot be sent without it. */
async function sampleTime(caller: Caller): Promise<number | FailedCall> {
  const result = await caller.call({
    endpoint: ENDPOINTS.time,
    account: null,
    parameters: [],
    priority: 'interactive',
    patienceMs: CLOCK_PATIENCE_MS,
    timeoutMs: CLOCK_TIMEOUT_MS,
  });
  const parsed = timeAnswer.safeParse(result.kind === 'answered' ? result.json : null);
  if (parsed.success) return parsed.data.serverTime;
  // A stop (or a region that is not served) is the reason that people need, not what it led to.
  const isStop = result.kind === 'busy' || (result.kind === 'rejected' && isRefusedAddress(result));
  return isStop ? result : { kind: 'no-clock' };
}

function isRefusedAddress(rejection: Rejection): boolean {
  return rejection.httpStatus === 451 || stopExtent(rejection) !== null;
}
