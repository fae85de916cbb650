/**
 * Builds the exchange client: reads, the close, the other loan reads, and the checks for status and doctor. `start` never
 * throws, even when the exchange is down.
 */
import { randomUUID } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { CloseMode } from '../domain/policy.ts';
import { endsInTime } from '../shared/in-time.ts';
import type { ProxyAddresses } from '../shared/proxy.ts';
import type { LoanRecords } from '../usecases/loan-ports.ts';
import type {
  ExchangeStop,
  ExchangeStops,
  LoanCloser,
  LoanReader,
  Log,
  UnitDetails,
} from '../usecases/ports.ts';
import type { LoanHistory } from '../usecases/watch-ports.ts';
import { AccountBook } from './account-book.ts';
import type { Account } from './accounts.ts';
import { timeAnswer } from './answers.ts';
import { Caller, type CallRecord, type FailedCall } from './caller.ts';
import { createExchangeClock, type Delay, realDelay } from './clock.ts';
import { CoalescedRead } from './coalesced-read.ts';
import { ENDPOINTS } from './endpoints.ts';
import {
  createAccountChecks,
  createSystemStatus,
  type ExchangeChecks,
  type ExchangeSnapshot,
  takeSnapshot,
} from './exchange-status.ts';
import { createHttp, HTTP_TIMEOUT_MS } from './http.ts';
import { createInstitutionalLoan } from './institutional-loan.ts';
import { createLoanCloser } from './loan-closer.ts';
import { createLoanHistory, createLoanRecords } from './loan-history.ts';
import { ExchangeLoanReader } from './loan-reader.ts';
import { ReadCaller } from './read-caller.ts';
import { stopExtent } from './rejection.ts';
import type { SharedReads, WeightLedger } from './shared-state.ts';
import { type Priority, WeightLimiter } from './weight-limiter.ts';

/** What the client reports, for metrics, traces and logs. */
export interface ExchangeEvents {
  exchangeCalled(record: CallRecord): void;
  exchangeStopped(stop: ExchangeStop): void;
}

export interface LoanExchangeOptions {
  /** `dry-run`: this process never sends a close. */
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
  readonly proxy?: ProxyAddresses;
  readonly dispatcher?: Dispatcher;
  /** For one HTTP exchange; default 13 s. */
  readonly timeoutMs?: number;
  /** How long a call may wait for its weight; default 2 s for commands (and closes), 75 s for background work. */
  readonly patienceMs?: Partial<Record<Exclude<Priority, 'close'>, number>>;
  /** How long a person waits for a read, all attempts included; default 12 s. */
  readonly readBudgetMs?: number;
  readonly events?: ExchangeEvents;
}

export interface LoanExchange {
  readonly reader: LoanReader;
  readonly closer: LoanCloser;
  readonly institutionalLoan: UnitDetails;
  readonly records: LoanRecords;
  readonly history: LoanHistory;
  readonly checks: ExchangeChecks;
  readonly stops: ExchangeStops;
  snapshot(): ExchangeSnapshot;
  /** Reads the time and each credit key's unit. Resolves after the first attempt or 5 s; continues in the background. */
  start(): Promise<void>;
  /** Ends the timers and the connections. */
  stop(): Promise<void>;
  /** Replaces the accounts (key rotation). Calls under way finish with their key. */
  reload(accounts: readonly Account[]): Promise<void>;
}

const PATIENCE_MS = { interactive: 2_000, background: 75_000 } as const;
/** A little more than the exchange's own 10 s for one answer. */
const READ_BUDGET_MS = 12_000;
const CLOCK_PATIENCE_MS = 2_000;
/** A slower sample would be dropped. */
const CLOCK_TIMEOUT_MS = 3_000;
const START_PATIENCE_MS = 5_000;
const ASK_KEYS_AGAIN_MS = 10_000;

export function createLoanExchange(options: LoanExchangeOptions): LoanExchange {
  const { log, accounts, ledger, sharedReads } = options;
  const now = options.now ?? Date.now;
  const monotonic = options.monotonic ?? (() => performance.now());
  const delay = options.delay ?? realDelay;
  const given = { ...PATIENCE_MS, ...options.patienceMs };
  const patienceMs = { ...given, close: given.interactive };
  const http = createHttp(options);
  let noTime: FailedCall = { kind: 'no-clock' };
  const sample = async (): Promise<number | null> => {
    const time = await sampleTime(caller);
    // An answer that came too late is not a stop.
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
    onStop: (stop) => options.events?.exchangeStopped(stop),
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
    onCall: (record) => options.events?.exchangeCalled(record),
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
  const book = new AccountBook({ accounts, reads, now, log });
  const nowMs = () => Math.floor(clock.nowMs());
  const coalesced = new CoalescedRead({ shared: sharedReads, nowMs, delay, newToken: randomUUID });
  let stopping: AbortController | null = null;

  /** Asks until each credit key has shown its unit; resolves after the first attempt or 5 s. */
  async function askKeys(first: Promise<boolean>): Promise<void> {
    if (stopping === null) return;
    void keepAsking(first, stopping.signal);
    await endsInTime(first, START_PATIENCE_MS);
  }

  async function keepAsking(first: Promise<boolean>, signal: AbortSignal): Promise<void> {
    let allAnswered = await first;
    while (!allAnswered && !signal.aborted) {
      log.warn({ againInMs: ASK_KEYS_AGAIN_MS }, 'credit key units missing, will retry');
      await delay(ASK_KEYS_AGAIN_MS, signal);
      if (!signal.aborted) allAnswered = await book.askAll('background');
    }
  }

  return {
    reader: new ExchangeLoanReader({ book, reads, coalesced, nowMs }),
    closer: createLoanCloser({
      closeMode: options.closeMode,
      caller,
      stops: limiter.stops,
      book,
      monotonic,
      patienceMs: patienceMs.close,
    }),
    institutionalLoan: createInstitutionalLoan({ book, reads }),
    records: createLoanRecords({ book, reads, nowMs }),
    history: createLoanHistory({ book, reads }),
    stops: { list: () => limiter.stops.list(book.buckets()), lift: () => limiter.stops.lift() },
    checks: createAccountChecks({ book, reads, status }),
    snapshot: () => takeSnapshot({ book, clock, limiter, caller, status, now }),
    async start() {
      if (stopping !== null) return;
      stopping = new AbortController();
      const first = status.ask().then(() => {
        clock.start();
        return book.askAll('background');
      });
      await askKeys(first);
    },
    async stop() {
      clock.stop();
      stopping?.abort();
      stopping = null;
      await http.close();
    },
    async reload(fresh) {
      book.replace(fresh);
      log.info({ accounts: fresh.map(({ name, role }) => ({ name, role })) }, 'accounts reloaded');
      await askKeys(book.askAll('background'));
    },
  };
}

/** The exchange's time, or the failure to report for calls that need it. */
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
  // Report a stop or an unserved region as the cause, not the missing clock.
  const isStop = result.kind === 'rejected' && (result.httpStatus === 451 || stopExtent(result) !== null);
  return isStop || result.kind === 'busy' ? result : { kind: 'no-clock' };
}
