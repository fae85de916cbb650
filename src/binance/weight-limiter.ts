/**
 * Keeps every bucket within its weight a minute, for all replicas together. The shared count is the ledger's, one
 * call of it a request; Bottleneck only orders and bounds those that have to wait, so that a call that may go at
 * once meets no timer (a Bottleneck job costs 4.5 ms).
 *
 * A call near the turn of a minute is counted in both minutes in which the exchange might count it.
 */
import Bottleneck from 'bottleneck';
import type { ExchangeStop, Log, StopCause } from '../usecases/ports.ts';
import {
  type AdmitRequest,
  type AdmitResult,
  type BusyReason,
  isMoreUrgent,
  PRIORITIES,
  type Priority,
} from './admission.ts';
import { backgroundLimit, backgroundMayUseAtMs } from './background-pace.ts';
import { BucketCount } from './bucket-count.ts';
import type { Delay } from './delay.ts';
import { inTime } from './in-time.ts';
import { LEDGER_MINUTE_MS, minuteOf, minutesAround } from './minutes.ts';
import type { WeightLedger } from './shared-state.ts';
import { Stops } from './stops.ts';

export interface WeightLimiterOptions {
  readonly ledger: WeightLedger;
  readonly clock: { nowMs(): number; uncertaintyMs(): number };
  readonly delay: Delay;
  readonly log: Log;
  /** Steady milliseconds; default performance.now. */
  readonly monotonic?: () => number;
  readonly onStop?: (stop: ExchangeStop) => void;
}

interface Wait {
  readonly kind: 'wait';
  readonly untilMs: number;
  readonly why: BusyReason;
  /** What the exchange answered when it stopped us; null otherwise. */
  readonly cause: StopCause | null;
}

type Attempt = { readonly kind: 'admitted' } | { readonly kind: 'uncounted' } | Wait;

interface Bucket {
  readonly count: BucketCount;
  queue: Bottleneck | null;
  readonly waiting: Record<Priority, number>;
}

/** Bottleneck's: smaller goes first. */
const PRIORITY: Readonly<Record<Priority, number>> = { close: 0, interactive: 1, background: 8 };
/** How many may wait for a bucket: a minute's worth of the heaviest read, and as many commands before them. */
const LONGEST_QUEUE: Readonly<Record<Priority, number>> = { background: 60, interactive: 120, close: 180 };
const LEAST_WAIT_MS = 20;
/** How often a stopped process asks whether a person has lifted the stops. */
const ASK_FOR_LIFT_EVERY_MS = 1_000;
/** Reservations of one call: two at a turn of the minute, and as many again if they took long. */
const MOST_RESERVATIONS = 4;

export class WeightLimiter {
  readonly #options: WeightLimiterOptions;
  readonly #buckets = new Map<string, Bucket>();
  readonly #stops: Stops;
  readonly #monotonic: () => number;
  #ledgerDown = false;
  #askedForLiftAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: WeightLimiterOptions) {
    this.#options = options;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#stops = new Stops({
      nowMs: () => options.clock.nowMs(),
      monotonic: this.#monotonic,
      onStop: (stop) => options.onStop?.(stop),
    });
  }

  /** Resolves when the call may leave, or with why it may not. Never throws. */
  async admit(request: AdmitRequest): Promise<AdmitResult> {
    const { clock } = this.#options;
    const startedMs = clock.nowMs();
    const deadlineMs = startedMs + request.patienceMs;
    const bucket = this.#bucket(request.bucket, request.limit);
    if (this.stopOf(request.bucket) !== null) await this.#askForLift();
    const known = this.#knownWait(request.bucket, bucket);
    if (known !== null && known.untilMs > deadlineMs) return busy(known);
    // A command passes background work that waits for its pace, and a close passes both.
    const before = waitingBefore(request.priority, bucket);
    if (before === 0 && known === null) {
      const attempt = await this.#attempt(request, bucket);
      if (attempt.kind !== 'wait') return finished(attempt, clock.nowMs() - startedMs);
      if (attempt.untilMs > deadlineMs) return busy(attempt);
    }
    if (waitingIn(bucket) >= LONGEST_QUEUE[request.priority]) {
      return busy({ ...this.#waitForMinute(minuteOf(clock.nowMs()) + 1), why: 'queue-full' });
    }
    return this.#queue(request, bucket, startedMs, deadlineMs);
  }

  /** The count that the exchange put into a header of its answer, for a call that left at `sentMs`. */
  async noteHeader(bucketName: string, limit: number, used: number, sentMs: number): Promise<void> {
    const { count } = this.#bucket(bucketName, limit);
    const sentMinute = minuteOf(sentMs);
    const nowMinute = minuteOf(this.#options.clock.nowMs());
    // A count below what that minute already had must be the next minute's.
    const minute = used < count.usedIn(sentMinute) ? nowMinute : sentMinute;
    if (used <= count.usedIn(minute)) return;
    count.noteUsed(minute, used);
    await this.#tell('raise', () => this.#options.ledger.raise(bucketName, minute, used));
  }

  /** Stops these buckets for all replicas until then (exchange time); a later stop wins. */
  async stop(buckets: readonly string[], untilMs: number, cause: StopCause): Promise<void> {
    const lastsMs = Math.ceil(untilMs - this.#options.clock.nowMs());
    for (const bucket of buckets) this.#stops.note(bucket, lastsMs, cause);
    await Promise.all(
      buckets.map((bucket) => this.#tell('stop', () => this.#options.ledger.stop(bucket, lastsMs, cause))),
    );
  }

  /** The stop of a bucket that this process knows of. */
  stopOf(bucket: string): ExchangeStop | null {
    return this.#stops.of(bucket);
  }

  /** The stops that any replica noted for these buckets, and what this one knows. Throws when the ledger is down. */
  async stopsOf(buckets: readonly string[]): Promise<readonly ExchangeStop[]> {
    await this.#learnOfLift();
    await this.#learnStops(buckets);
    return this.#stops.inForce();
  }

  /** Lifts every stop, in all replicas. Throws when the ledger is down. */
  async liftStops(): Promise<void> {
    await this.#options.ledger.lift();
    this.#stops.lift(0);
  }

  snapshot(): {
    readonly weights: readonly { bucket: string; used: number; limit: number; waiting: number }[];
    readonly stops: readonly ExchangeStop[];
    readonly ledgerDown: boolean;
  } {
    const minute = minuteOf(this.#options.clock.nowMs());
    const weights = [...this.#buckets].map(([name, bucket]) => ({
      bucket: name,
      used: bucket.count.usedIn(minute),
      limit: bucket.count.limit,
      waiting: waitingIn(bucket),
    }));
    return { weights, stops: this.#stops.inForce(), ledgerDown: this.#ledgerDown };
  }

  async #attempt(request: AdmitRequest, { count }: Bucket): Promise<Attempt> {
    const { clock, ledger } = this.#options;
    const counted = new Set<number>();
    for (let rounds = 0; rounds < MOST_RESERVATIONS; rounds += 1) {
      const stop = this.stopOf(request.bucket);
      if (stop !== null) return stopped(stop);
      const missing = minutesAround(clock.nowMs(), clock.uncertaintyMs()).filter(
        (minute) => !counted.has(minute),
      );
      const [minute] = missing;
      // Asked again after each reservation: it may have taken us into the next minute.
      if (minute === undefined) return { kind: 'admitted' };
      if (count.isFull(minute)) return this.#waitForMinute(minute + 1);
      const limit = this.#limitNow(request, minute);
      const known = count.usedIn(minute);
      const used = known + request.weight;
      // The shared count may have been lost: what this process and the exchange's headers know bounds it, too.
      if (used > request.limit) return this.#waitForMinute(minute + 1);
      if (used > limit) return this.#waitForPace(request, minute, used);
      try {
        const answer = await inTime(ledger.reserve(request.bucket, minute, request.weight, limit));
        this.#ledgerIs('up');
        count.noteUsed(minute, answer.used);
        if (!answer.ok) return await this.#whyRefused(request, minute, answer.used, limit, count);
        counted.add(minute);
        if (answer.used < known) await this.#restoreCount(request.bucket, minute, used, count);
      } catch (error) {
        this.#ledgerIs('down', error);
        if (request.mustCount) return { kind: 'uncounted' };
        const spent = counted.size > 0 || count.spendUncounted(minute, request.weight);
        return spent ? { kind: 'admitted' } : this.#waitForMinute(minute + 1);
      }
    }
    // Minutes pass faster than the ledger answers: let it catch up.
    return { kind: 'wait', untilMs: clock.nowMs() + LEAST_WAIT_MS, why: 'limit', cause: null };
  }

  /** The shared count fell within its minute: it was lost, and is set to what is known. */
  async #restoreCount(bucket: string, minute: number, used: number, count: BucketCount): Promise<void> {
    count.noteUsed(minute, used);
    await this.#tell('raise', () => this.#options.ledger.raise(bucket, minute, used));
  }

  /** @throws when the ledger is down. */
  async #whyRefused(
    request: AdmitRequest,
    minute: number,
    usedBefore: number,
    limit: number,
    count: BucketCount,
  ): Promise<Attempt> {
    const used = usedBefore + request.weight;
    if (used > request.limit) {
      count.noteFull(minute);
      return this.#waitForMinute(minute + 1);
    }
    if (used > limit) return this.#waitForPace(request, minute, used);
    const nowMs = this.#options.clock.nowMs();
    await this.#learnStops([request.bucket]);
    const stop = this.stopOf(request.bucket);
    // Never less than a moment, or this would spin.
    return stop === null
      ? { kind: 'wait', untilMs: nowMs + LEAST_WAIT_MS, why: 'limit', cause: null }
      : stopped(stop);
  }

  async #learnStops(buckets: readonly string[]): Promise<void> {
    for (const { scope, leftMs, cause } of await inTime(this.#options.ledger.stops(buckets))) {
      this.#stops.note(scope, leftMs, cause);
    }
  }

  /** While stopped, now and then: a person may have lifted the stops through another replica. */
  async #askForLift(): Promise<void> {
    const nowMs = this.#monotonic();
    if (nowMs - this.#askedForLiftAtMs < ASK_FOR_LIFT_EVERY_MS) return;
    this.#askedForLiftAtMs = nowMs;
    await this.#tell('lift', () => this.#learnOfLift());
  }

  async #learnOfLift(): Promise<void> {
    const sinceMs = await inTime(this.#options.ledger.sinceLiftMs());
    if (sinceMs !== null) this.#stops.lift(sinceMs);
  }

  #limitNow({ priority, limit }: AdmitRequest, minute: number): number {
    return priority === 'background' ? backgroundLimit(limit, minute, this.#options.clock.nowMs()) : limit;
  }

  #waitForPace({ limit }: AdmitRequest, minute: number, used: number): Wait {
    const soonMs = this.#options.clock.nowMs() + LEAST_WAIT_MS;
    const untilMs = Math.max(soonMs, backgroundMayUseAtMs(limit, minute, used));
    return { kind: 'wait', untilMs, why: 'limit', cause: null };
  }

  #waitForMinute(minute: number): Wait {
    const untilMs = minute * LEDGER_MINUTE_MS + Math.ceil(this.#options.clock.uncertaintyMs());
    return { kind: 'wait', untilMs, why: 'limit', cause: null };
  }

  /** What is known without asking: a stop, or a minute that is full. */
  #knownWait(name: string, { count }: Bucket): Wait | null {
    const stop = this.stopOf(name);
    if (stop !== null) return stopped(stop);
    const minute = minuteOf(this.#options.clock.nowMs());
    return count.isFull(minute) ? this.#waitForMinute(minute + 1) : null;
  }

  async #queue(
    request: AdmitRequest,
    bucket: Bucket,
    startedMs: number,
    deadlineMs: number,
  ): Promise<AdmitResult> {
    const { clock, delay } = this.#options;
    bucket.queue ??= new Bottleneck({ maxConcurrent: 1 });
    const queue = bucket.queue;
    const over = new AbortController();
    const late = async (): Promise<Attempt> => {
      await delay(deadlineMs - clock.nowMs(), over.signal);
      return this.#knownWait(request.bucket, bucket) ?? this.#waitForMinute(minuteOf(clock.nowMs()) + 1);
    };
    const turn = async (): Promise<Attempt> => {
      for (;;) {
        const attempt = await queue.schedule({ priority: PRIORITY[request.priority] }, () =>
          this.#turn(request, bucket, deadlineMs, over.signal),
        );
        if (attempt !== 'give-way') return attempt;
      }
    };
    bucket.waiting[request.priority] += 1;
    try {
      const attempt = await Promise.race([turn(), late()]);
      return attempt.kind === 'wait' ? busy(attempt) : finished(attempt, clock.nowMs() - startedMs);
    } finally {
      bucket.waiting[request.priority] -= 1;
      over.abort();
    }
  }

  /** First in line: waits for the bucket to open, and lets go first what came meanwhile and is more urgent. */
  async #turn(
    request: AdmitRequest,
    bucket: Bucket,
    deadlineMs: number,
    over: AbortSignal,
  ): Promise<Attempt | 'give-way'> {
    const { clock, delay } = this.#options;
    for (;;) {
      if (over.aborted) return this.#waitForMinute(minuteOf(clock.nowMs()) + 1);
      if (this.#moreUrgentWaits(request, bucket)) return 'give-way';
      const attempt = await this.#attempt(request, bucket);
      if (attempt.kind !== 'wait' || attempt.untilMs > deadlineMs) return attempt;
      await delay(Math.max(attempt.untilMs - clock.nowMs(), 1), over);
    }
  }

  #moreUrgentWaits({ priority }: AdmitRequest, { queue }: Bucket): boolean {
    return PRIORITIES.some(
      (other) => isMoreUrgent(other, priority) && (queue?.queued(PRIORITY[other]) ?? 0) > 0,
    );
  }

  #bucket(name: string, limit: number): Bucket {
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      const waiting = { close: 0, interactive: 0, background: 0 };
      bucket = { count: new BucketCount(limit), queue: null, waiting };
      this.#buckets.set(name, bucket);
    }
    return bucket;
  }

  /** For what the ledger should hear but nobody waits to know. */
  async #tell(what: string, call: () => Promise<void>): Promise<void> {
    try {
      await inTime(call());
    } catch (error) {
      this.#ledgerIs('down', error);
      this.#options.log.debug({ what }, 'the shared weight count did not hear of it');
    }
  }

  #ledgerIs(state: 'up' | 'down', error?: unknown): void {
    const down = state === 'down';
    if (down === this.#ledgerDown) return;
    this.#ledgerDown = down;
    const { log } = this.#options;
    if (!down) log.info({}, 'the shared weight count answers again');
    else
      log.warn(
        { err: error },
        'the shared weight count does not answer: reads go on within a small local budget',
      );
  }
}

function stopped({ untilMs, cause }: ExchangeStop): Wait {
  return { kind: 'wait', untilMs, why: 'stopped', cause };
}

function waitingIn({ waiting }: Bucket): number {
  return PRIORITIES.reduce((total, priority) => total + waiting[priority], 0);
}

/** How many wait that this one may not pass. */
function waitingBefore(priority: Priority, { waiting }: Bucket): number {
  return PRIORITIES.filter((other) => !isMoreUrgent(priority, other)).reduce(
    (total, other) => total + waiting[other],
    0,
  );
}

function busy(attempt: Wait): AdmitResult {
  return { kind: 'busy', why: attempt.why, cause: attempt.cause, retryAtMs: Math.ceil(attempt.untilMs) };
}

function finished(attempt: Exclude<Attempt, Wait>, waitMs: number): AdmitResult {
  return attempt.kind === 'admitted' ? { kind: 'admitted', waitMs } : attempt;
}
