/**
 * Keeps every bucket within its weight a minute, for all replicas together. The shared count is the ledger's, one
 * call of it a request; Bottleneck only orders and bounds those that have to wait, so that a call that may go at
 * once meets no timer (a Bottleneck job costs 4.5 ms).
 *
 * A call near the turn of a minute is counted in both minutes in which the exchange might count it.
 */
import Bottleneck from 'bottleneck';
import type { Log, WeightLedger } from '../usecases/ports.ts';
import type { AdmitRequest, AdmitResult, BusyReason, Priority } from './admission.ts';
import { backgroundLimit, backgroundMayUseAtMs } from './background-pace.ts';
import { BucketCount } from './bucket-count.ts';
import type { Delay } from './delay.ts';
import { inTime } from './in-time.ts';
import { LEDGER_MINUTE_MS, minuteOf, minutesAround } from './minutes.ts';
import { type StopInForce, Stops } from './stops.ts';

export interface WeightLimiterOptions {
  readonly ledger: WeightLedger;
  readonly clock: { nowMs(): number; uncertaintyMs(): number };
  readonly delay: Delay;
  readonly log: Log;
  readonly onStop?: (stop: StopInForce) => void;
}

interface Wait {
  readonly kind: 'wait';
  readonly untilMs: number;
  readonly why: BusyReason;
  readonly reason: string;
}

type Attempt = { readonly kind: 'admitted' } | { readonly kind: 'uncounted' } | Wait;

interface Bucket {
  readonly count: BucketCount;
  queue: Bottleneck | null;
  readonly waiting: Record<Priority, number>;
}

const PRIORITY: Readonly<Record<Priority, number>> = { interactive: 1, background: 8 };
/** How many may wait for a bucket: a minute's worth of the heaviest read, and as many commands before them. */
const LONGEST_QUEUE: Readonly<Record<Priority, number>> = { background: 60, interactive: 120 };
const LEAST_WAIT_MS = 20;
/** Reservations of one call: two at a turn of the minute, and as many again if they took long. */
const MOST_RESERVATIONS = 4;

export class WeightLimiter {
  readonly #options: WeightLimiterOptions;
  readonly #buckets = new Map<string, Bucket>();
  readonly #stops: Stops;
  #ledgerDown = false;

  constructor(options: WeightLimiterOptions) {
    this.#options = options;
    this.#stops = new Stops(
      () => options.clock.nowMs(),
      (stop) => options.onStop?.(stop),
    );
  }

  /** Resolves when the call may leave, or with why it may not. Never throws. */
  async admit(request: AdmitRequest): Promise<AdmitResult> {
    const { clock } = this.#options;
    const startedMs = clock.nowMs();
    const deadlineMs = startedMs + request.patienceMs;
    const bucket = this.#bucket(request.bucket, request.limit);
    const known = this.#knownWait(request.bucket, bucket);
    if (known !== null && known.untilMs > deadlineMs) return busy(known);
    // A command passes background work that waits for its pace.
    const before =
      bucket.waiting.interactive + (request.priority === 'background' ? bucket.waiting.background : 0);
    if (before === 0 && known === null) {
      const attempt = await this.#attempt(request, bucket);
      if (attempt.kind !== 'wait') return finished(attempt, clock.nowMs() - startedMs);
      if (attempt.untilMs > deadlineMs) return busy(attempt);
    }
    if (bucket.waiting.interactive + bucket.waiting.background >= LONGEST_QUEUE[request.priority]) {
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

  /** Stops these buckets for all replicas until then; a later stop wins. */
  async stop(buckets: readonly string[], untilMs: number, reason: string): Promise<void> {
    for (const bucket of buckets) this.#stops.note({ bucket, untilMs, reason });
    await Promise.all(
      buckets.map((bucket) =>
        this.#tell('stop', () => this.#options.ledger.stop(bucket, Math.ceil(untilMs), reason)),
      ),
    );
  }

  /** The stop of a bucket that this process knows of. */
  stopOf(bucket: string): StopInForce | null {
    return this.#stops.of(bucket);
  }

  snapshot(): {
    readonly weights: readonly { bucket: string; used: number; limit: number; waiting: number }[];
    readonly stops: readonly StopInForce[];
    readonly ledgerDown: boolean;
  } {
    const minute = minuteOf(this.#options.clock.nowMs());
    const weights = [...this.#buckets].map(([bucket, { count, waiting }]) => ({
      bucket,
      used: count.usedIn(minute),
      limit: count.limit,
      waiting: waiting.interactive + waiting.background,
    }));
    return { weights, stops: this.#stops.inForce(), ledgerDown: this.#ledgerDown };
  }

  async #attempt(request: AdmitRequest, { count }: Bucket): Promise<Attempt> {
    const { clock, ledger } = this.#options;
    const counted = new Set<number>();
    for (let rounds = 0; rounds < MOST_RESERVATIONS; rounds += 1) {
      const stop = this.stopOf(request.bucket);
      if (stop !== null) return { kind: 'wait', untilMs: stop.untilMs, why: 'stopped', reason: stop.reason };
      const missing = minutesAround(clock.nowMs(), clock.uncertaintyMs()).filter(
        (minute) => !counted.has(minute),
      );
      const [minute] = missing;
      // Asked again after each reservation: it may have taken us into the next minute.
      if (minute === undefined) return { kind: 'admitted' };
      if (count.isFull(minute)) return this.#waitForMinute(minute + 1);
      const limit = this.#limitNow(request, minute);
      const used = count.usedIn(minute) + request.weight;
      if (limit < request.limit && used > limit) return this.#waitForPace(request, minute, used);
      try {
        const answer = await inTime(ledger.reserve(request.bucket, minute, request.weight, limit));
        this.#ledgerIs('up');
        count.noteUsed(minute, answer.used);
        if (!answer.ok) return await this.#whyRefused(request, minute, answer.used, limit, count);
        counted.add(minute);
      } catch (error) {
        this.#ledgerIs('down', error);
        if (request.mustCount) return { kind: 'uncounted' };
        const spent = counted.size > 0 || count.spendUncounted(minute, request.weight);
        return spent ? { kind: 'admitted' } : this.#waitForMinute(minute + 1);
      }
    }
    // Minutes pass faster than the ledger answers: let it catch up.
    return { kind: 'wait', untilMs: clock.nowMs() + LEAST_WAIT_MS, why: 'limit', reason: '' };
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
    const [stop] = await inTime(this.#options.ledger.stops([request.bucket]));
    if (stop === undefined) return { kind: 'wait', untilMs: nowMs + LEAST_WAIT_MS, why: 'limit', reason: '' };
    this.#stops.note({ bucket: request.bucket, untilMs: stop.untilMs, reason: stop.reason });
    // The ledger's clock may be behind ours: never less than a moment, or this would spin.
    const untilMs = Math.max(stop.untilMs, nowMs + LEAST_WAIT_MS);
    return { kind: 'wait', untilMs, why: 'stopped', reason: stop.reason };
  }

  #limitNow({ priority, limit }: AdmitRequest, minute: number): number {
    return priority === 'interactive' ? limit : backgroundLimit(limit, minute, this.#options.clock.nowMs());
  }

  #waitForPace({ limit }: AdmitRequest, minute: number, used: number): Wait {
    const soonMs = this.#options.clock.nowMs() + LEAST_WAIT_MS;
    const untilMs = Math.max(soonMs, backgroundMayUseAtMs(limit, minute, used));
    return { kind: 'wait', untilMs, why: 'limit', reason: '' };
  }

  #waitForMinute(minute: number): Wait {
    const untilMs = minute * LEDGER_MINUTE_MS + Math.ceil(this.#options.clock.uncertaintyMs());
    return { kind: 'wait', untilMs, why: 'limit', reason: '' };
  }

  /** What is known without asking: a stop, or a minute that is full. */
  #knownWait(name: string, { count }: Bucket): Wait | null {
    const stop = this.stopOf(name);
    if (stop !== null) return { kind: 'wait', untilMs: stop.untilMs, why: 'stopped', reason: stop.reason };
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

  /** First in line: waits for the bucket to open. Background work lets commands that came meanwhile go first. */
  async #turn(
    request: AdmitRequest,
    bucket: Bucket,
    deadlineMs: number,
    over: AbortSignal,
  ): Promise<Attempt | 'give-way'> {
    const { clock, delay } = this.#options;
    for (;;) {
      if (over.aborted) return this.#waitForMinute(minuteOf(clock.nowMs()) + 1);
      if (request.priority === 'background' && (bucket.queue?.queued(PRIORITY.interactive) ?? 0) > 0) {
        return 'give-way';
      }
      const attempt = await this.#attempt(request, bucket);
      if (attempt.kind !== 'wait' || attempt.untilMs > deadlineMs) return attempt;
      await delay(Math.max(attempt.untilMs - clock.nowMs(), 1), over);
    }
  }

  #bucket(name: string, limit: number): Bucket {
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      bucket = { count: new BucketCount(limit), queue: null, waiting: { interactive: 0, background: 0 } };
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

function busy(attempt: Wait): AdmitResult {
  return { kind: 'busy', why: attempt.why, reason: attempt.reason, retryAtMs: Math.ceil(attempt.untilMs) };
}

function finished(attempt: Exclude<Attempt, Wait>, waitMs: number): AdmitResult {
  return attempt.kind === 'admitted' ? { kind: 'admitted', waitMs } : attempt;
}
