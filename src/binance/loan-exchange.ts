/**
 * The exchange client as the composition root sees it: reads, the close, the other loan reads, and what a status
 * command or a doctor wants to know. Built once; `start` never throws, also when the exchange is down.
 */
import { randomUUID } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { LoanCloser, LoanReader, Log, SharedReads, WeightLedger } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import { AccountBook } from './account-book.ts';
import { createAccountChecks, type ExchangeChecks } from './account-checks.ts';
import type { FailedCall } from './call-result.ts';
import { Caller, type CallRecord } from './caller.ts';
import { createExchangeClock, type ExchangeClock } from './clock.ts';
import { CoalescedRead } from './coalesced-read.ts';
import { type Delay, realDelay } from './delay.ts';
import { ENDPOINTS } from './endpoints.ts';
import { createHttp, type ProxySettings } from './http.ts';
import { createInstitutionalLoan, type InstitutionalLoan } from './institutional-loan.ts';
import { createLoanCloser } from './loan-closer.ts';
import { createLoanReader } from './loan-reader.ts';
import { createReadCall } from './read-call.ts';
import { timeAnswer } from './schemas.ts';
import { createSystemStatus, type SystemStatus } from './system-status.ts';
import { UnitOwners } from './unit-owners.ts';
import { type Priority, type StopInForce, WeightLimiter } from './weight-limiter.ts';

export interface LoanExchangeOptions {
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
  /** How long a call may wait for its weight; default 2 s for commands, 75 s for background work. */
  readonly patienceMs?: Partial<Record<Priority, number>>;
  readonly onCall?: (record: CallRecord) => void;
  readonly onStop?: (stop: StopInForce) => void;
}

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
  readonly stops: readonly StopInForce[];
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

export interface LoanExchange {
  readonly reader: LoanReader;
  readonly closer: LoanCloser;
  readonly institutionalLoan: InstitutionalLoan;
  readonly checks: ExchangeChecks;
  snapshot(): ExchangeSnapshot;
  /** Reads the time and each credit key's unit. Resolves after the first attempt, or 5 s; goes on by itself. */
  start(): Promise<void>;
  /** Ends the timers and the connections. */
  stop(): Promise<void>;
  /** Takes other accounts into use (key rotation). Calls under way finish with the key they were signed with. */
  reload(accounts: readonly Account[]): Promise<void>;
}

const PATIENCE_MS: Readonly<Record<Priority, number>> = { interactive: 2_000, background: 75_000 };
const CLOCK_PATIENCE_MS = 2_000;
/** A sample that took longer would be dropped. */
const CLOCK_TIMEOUT_MS = 3_000;
const LEARN_AGAIN_MS = 10_000;
const START_PATIENCE_MS = 5_000;

export function createLoanExchange(options: LoanExchangeOptions): LoanExchange {
  const { log, accounts, ledger, sharedReads } = options;
  const now = options.now ?? Date.now;
  const monotonic = options.monotonic ?? (() => performance.now());
  const delay = options.delay ?? realDelay;
  const patienceMs = { ...PATIENCE_MS, ...options.patienceMs };
  const book = new AccountBook(accounts);
  const http = createHttp(options);
  const clock = createExchangeClock({ sample: () => sampleTime(caller), now, delay, log });
  const limiter = new WeightLimiter({
    ledger,
    clock,
    delay,
    log,
    ...(options.onStop !== undefined && { onStop: options.onStop }),
  });
  const caller = new Caller({
    http,
    clock,
    limiter,
    log,
    monotonic,
    whyNotNow: () => whyNotNow(clock, status),
    buckets: () => book.buckets(),
    ...(options.onCall !== undefined && { onCall: options.onCall }),
  });
  const status = createSystemStatus(caller, now);
  const readCall = createReadCall({
    caller,
    clock,
    delay,
    random: options.random ?? Math.random,
    isUnderMaintenance: async () => (await status.ask()) === true,
  });
  const owners = new UnitOwners({ book, readCall, now, log, patienceMs });
  const nowMs = () => Math.floor(clock.nowMs());
  const coalesced = new CoalescedRead({
    shared: sharedReads,
    nowMs,
    delay,
    newToken: options.newToken ?? randomUUID,
  });
  const life = new Life(owners, clock, status, delay, log);
  return {
    reader: createLoanReader({ book, owners, readCall, coalesced, nowMs, patienceMs }),
    closer: createLoanCloser({ caller, limiter, owners, monotonic, patienceMs: patienceMs.interactive }),
    institutionalLoan: createInstitutionalLoan({ book, owners, readCall, patienceMs }),
    checks: createAccountChecks({ book, readCall, status, patienceMs: patienceMs.interactive }),
    snapshot: () => takeSnapshot(book, owners, clock, limiter, caller, status, now),
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

async function sampleTime(caller: Caller): Promise<number | null> {
  const result = await caller.call({
    endpoint: ENDPOINTS.time,
    account: null,
    parameters: [],
    priority: 'interactive',
    patienceMs: CLOCK_PATIENCE_MS,
    timeoutMs: CLOCK_TIMEOUT_MS,
  });
  const parsed = timeAnswer.safeParse(result.kind === 'answered' ? result.json : null);
  return parsed.success ? parsed.data.serverTime : null;
}

/** Before any signed call: no maintenance, and the exchange's time is known. */
async function whyNotNow(clock: ExchangeClock, status: SystemStatus): Promise<FailedCall | null> {
  if (await status.isUnderMaintenance()) return { kind: 'maintenance' };
  return (await clock.ensureSynced()) ? null : { kind: 'no-clock' };
}

/** What goes on by itself between start and stop. */
class Life {
  readonly #owners: UnitOwners;
  readonly #clock: ExchangeClock;
  readonly #status: SystemStatus;
  readonly #delay: Delay;
  readonly #log: Log;
  #stopping: AbortController | null = null;

  constructor(owners: UnitOwners, clock: ExchangeClock, status: SystemStatus, delay: Delay, log: Log) {
    this.#owners = owners;
    this.#clock = clock;
    this.#status = status;
    this.#delay = delay;
    this.#log = log;
  }

  async start(): Promise<void> {
    if (this.#stopping !== null) return;
    this.#stopping = new AbortController();
    await this.#learn(async () => {
      await this.#status.ask();
      this.#clock.start();
      return this.#owners.learnAll('background');
    });
  }

  /** Asks the credit keys that have not shown their unit yet; only between start and stop. */
  relearn(): Promise<void> {
    return this.#learn(() => this.#owners.learnAll('background'));
  }

  /** Until every credit key has shown its unit; the caller waits for the first attempt only, and not for ever. */
  async #learn(attempt: () => Promise<boolean>): Promise<void> {
    const stopping = this.#stopping;
    if (stopping === null) return;
    const patience = new AbortController();
    const first = attempt();
    void this.#goOn(first, stopping.signal);
    await Promise.race([first, this.#delay(START_PATIENCE_MS, patience.signal)]);
    patience.abort();
  }

  async #goOn(first: Promise<boolean>, signal: AbortSignal): Promise<void> {
    let learned = await first;
    while (!learned && !signal.aborted) {
      this.#log.warn(
        { againInMs: LEARN_AGAIN_MS },
        'not every credit key has shown its unit yet; asking again',
      );
      await this.#delay(LEARN_AGAIN_MS, signal);
      if (!signal.aborted) learned = await this.#owners.learnAll('background');
    }
  }

  stop(): void {
    this.#clock.stop();
    this.#stopping?.abort();
    this.#stopping = null;
  }
}

function takeSnapshot(
  book: AccountBook,
  owners: UnitOwners,
  clock: ExchangeClock,
  limiter: WeightLimiter,
  caller: Caller,
  status: SystemStatus,
  now: () => number,
): ExchangeSnapshot {
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
