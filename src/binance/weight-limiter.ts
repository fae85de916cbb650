/**
 * Keeps each bucket within its weight per minute, for all replicas together. The ledger has the shared count, with one
 * call per request. Bottleneck orders and bounds the requests that must wait; a request that may go at once skips it,
 * because a Bottleneck job costs 4.5 ms.
 *
 * A call near the start of a minute counts in both minutes in which the exchange may count it.
 */
import Bottleneck from 'bottleneck';
import type { ExchangeStop, Log, ReadOptions, StopCause } from '../usecases/ports.ts';
import type { Delay } from './clock.ts';
import { TimedLedger, type WeightLedger } from './shared-state.ts';
import { Stops } from './stops.ts';
import {
  BucketCount,
  backgroundLimit,
  backgroundMayUseAtMs,
  MINUTE_MS,
  minuteOf,
  minutesAround,
} from './weight-count.ts';

export type Priority = ReadOptions['priority'];

/** Most urgent first. */
const PRIORITIES = ['close', 'interactive', 'background'] as const satisfies readonly Priority[];

/** Whether `one` goes before `other`. */
export function isMoreUrgent(one: Priority, other: Priority): boolean {
  return PRIORITIES.indexOf(one) < PRIORITIES.indexOf(other);
}

export interface AdmitRequest {
  readonly bucket: string;
  readonly weight: number;
  /** The bucket's limit per minute. */
  readonly limit: number;
  readonly priority: Priority;
  /** Longest wait; if it is known to be longer, the result is `busy` at once. */
  readonly patienceMs: number;
  /** True: never without the shared count. False: within a small local budget when the ledger is down. */
  readonly mustCount: boolean;
}

export interface Busy {
  readonly kind: 'busy';
  readonly why: 'limit' | 'stopped' | 'queue-full';
  /** The exchange's answer that caused the stop; null otherwise. */
  readonly cause: StopCause | null;
  /** Exchange time from which it may work. */
  readonly retryAtMs: number;
}

export type AdmitResult =
  | { readonly kind: 'admitted'; readonly waitMs: number }
  | Busy
  /** The shared count doesn't answer, and this call must be counted. */
  | { readonly kind: 'uncounted' };

export interface WeightLimiterOptions {
  readonly ledger: WeightLedger;
  readonly clock: { nowMs(): number; uncertaintyMs(): number };
  readonly delay: Delay;
  readonly log: Log;
  /** Monotonic milliseconds; default performance.now. */
  readonly monotonic?: () => number;
  readonly onStop?: (stop: ExchangeStop) => void;
}

/** A request and its times, by the exchange's clock. */
interface Asked extends AdmitRequest {
  readonly startedMs: number;
  readonly deadlineMs: number;
}

interface Bucket {
  readonly count: BucketCount;
  queue: Bottleneck | null;
  readonly waiting: Record<Priority, number>;
}

/** Bottleneck priorities: smaller goes first. */
const PRIORITY: Readonly<Record<Priority, number>> = { close: 0, interactive: 1, background: 8 };
/** How many may wait for a bucket: one minute of the heaviest read, and as many commands and closes before them. */
const MAX_WAITING: Readonly<Record<Priority, number>> = { background: 60, interactive: 120, close: 180 };
const MIN_WAIT_MS = 20;
/** Reservations per call: two at the start of a minute, and as many again if they took long. */
const MAX_RESERVATIONS = 4;

export class WeightLimiter {
  readonly #options: WeightLimiterOptions;
  readonly #buckets = new Map<string, Bucket>();
  readonly #ledger: TimedLedger;
  readonly stops: Stops;

  constructor(options: WeightLimiterOptions) {
    this.#options = options;
    this.#ledger = new TimedLedger(options.ledger, options.log);
    this.stops = new Stops({
      ledger: this.#ledger,
      nowMs: () => options.clock.nowMs(),
      monotonic: options.monotonic ?? (() => performance.now()),
      onStop: (stop) => options.onStop?.(stop),
    });
  }

  /** Resolves when the call may be sent, or with the reason why not. Never throws. */
  async admit(request: AdmitRequest): Promise<AdmitResult> {
    const startedMs = this.#options.clock.nowMs();
    const asked = { ...request, startedMs, deadlineMs: startedMs + request.patienceMs };
    const bucket = this.#bucket(request.bucket, request.limit);
    if (this.stops.of(request.bucket) !== null) await this.stops.askForLift();
    const known = this.#knownWait(request.bucket, bucket);
    if (known !== null && known.retryAtMs > asked.deadlineMs) return known;
    if (known === null && waitingBefore(request.priority, bucket) === 0) {
      const attempt = await this.#attempt(asked, bucket);
      if (attempt.kind !== 'busy' || attempt.retryAtMs > asked.deadlineMs) return attempt;
    }
    if (waitingIn(bucket) >= MAX_WAITING[request.priority]) {
      return { ...this.#untilNextMinute(), why: 'queue-full' };
    }
    return this.#queue(asked, bucket);
  }

  /** `used`: the count in the header of the exchange's answer to a call sent at `sentMs`. */
  async noteHeader(bucketName: string, limit: number, used: number, sentMs: number): Promise<void> {
    const { count } = this.#bucket(bucketName, limit);
    const sentMinute = minuteOf(sentMs);
    // A lower count than that minute already had belongs to the next minute.
    const isNext = used < count.usedIn(sentMinute);
    const minute = isNext ? minuteOf(this.#options.clock.nowMs()) : sentMinute;
    if (used > count.usedIn(minute)) await this.#raise(bucketName, minute, used, count);
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
    return { weights, stops: this.stops.inForce(), ledgerDown: this.#ledger.isDown };
  }

  async #attempt(asked: Asked, { count }: Bucket): Promise<AdmitResult> {
    const { clock } = this.#options;
    const counted = new Set<number>();
    for (let rounds = 0; rounds < MAX_RESERVATIONS; rounds += 1) {
      const stop = this.stops.of(asked.bucket);
      if (stop !== null) return stopped(stop);
      // Worked out again after each reservation, which may have taken until the next minute.
      const minute = minutesAround(clock.nowMs(), clock.uncertaintyMs()).find((each) => !counted.has(each));
      if (minute === undefined) return this.#admitted(asked);
      if (count.isFull(minute)) return this.#untilMinute(minute + 1);
      const limit = this.#limitNow(asked, minute);
      const known = count.usedIn(minute);
      // The shared count may have been lost, so the local count and the exchange's headers limit it as well.
      const over = this.#overLimit(asked, minute, known, limit);
      if (over !== null) return over;
      try {
        const answer = await this.#ledger.ask((ledger) =>
          ledger.reserve(asked.bucket, minute, asked.weight, limit),
        );
        count.noteUsed(minute, answer.used);
        if (!answer.ok) return await this.#whyRefused(asked, minute, answer.used, limit, count);
        counted.add(minute);
        // The shared count decreased within its minute, so it was lost: restore it.
        if (answer.used < known) await this.#raise(asked.bucket, minute, known + asked.weight, count);
      } catch {
        if (asked.mustCount) return { kind: 'uncounted' };
        const spent = counted.size > 0 || count.spendUncounted(minute, asked.weight);
        return spent ? this.#admitted(asked) : this.#untilMinute(minute + 1);
      }
    }
    // Minutes pass faster than the ledger answers: wait for it.
    return busy(clock.nowMs() + MIN_WAIT_MS);
  }

  /** @throws when the ledger is down. */
  async #whyRefused(
    asked: Asked,
    minute: number,
    used: number,
    limit: number,
    count: BucketCount,
  ): Promise<Busy> {
    if (used + asked.weight > asked.limit) count.noteFull(minute);
    const over = this.#overLimit(asked, minute, used, limit);
    if (over !== null) return over;
    const nowMs = this.#options.clock.nowMs();
    await this.stops.learn([asked.bucket]);
    const stop = this.stops.of(asked.bucket);
    // Without a minimum wait this would spin.
    return stop === null ? busy(nowMs + MIN_WAIT_MS) : stopped(stop);
  }

  /** Why this weight doesn't fit into the minute: its whole limit, or the part for background calls. */
  #overLimit({ limit, weight }: Asked, minute: number, usedBefore: number, limitNow: number): Busy | null {
    const used = usedBefore + weight;
    if (used > limit) return this.#untilMinute(minute + 1);
    if (used <= limitNow) return null;
    const soonMs = this.#options.clock.nowMs() + MIN_WAIT_MS;
    return busy(Math.max(soonMs, backgroundMayUseAtMs(limit, minute, used)));
  }

  #limitNow({ priority, limit }: Asked, minute: number): number {
    return priority === 'background' ? backgroundLimit(limit, minute, this.#options.clock.nowMs()) : limit;
  }

  #admitted({ startedMs }: Asked): AdmitResult {
    return { kind: 'admitted', waitMs: this.#options.clock.nowMs() - startedMs };
  }

  #untilMinute(minute: number): Busy {
    return busy(minute * MINUTE_MS + this.#options.clock.uncertaintyMs());
  }

  #untilNextMinute(): Busy {
    return this.#untilMinute(minuteOf(this.#options.clock.nowMs()) + 1);
  }

  /** A wait that is known without I/O: a stop, or a full minute. */
  #knownWait(name: string, { count }: Bucket): Busy | null {
    const stop = this.stops.of(name);
    if (stop !== null) return stopped(stop);
    return count.isFull(minuteOf(this.#options.clock.nowMs())) ? this.#untilNextMinute() : null;
  }

  async #queue(asked: Asked, bucket: Bucket): Promise<AdmitResult> {
    const { clock, delay } = this.#options;
    bucket.queue ??= new Bottleneck({ maxConcurrent: 1 });
    const queue = bucket.queue;
    const over = new AbortController();
    const late = async (): Promise<Busy> => {
      await delay(asked.deadlineMs - clock.nowMs(), over.signal);
      return this.#knownWait(asked.bucket, bucket) ?? this.#untilNextMinute();
    };
    const turns = async (): Promise<AdmitResult> => {
      for (;;) {
        const attempt = await queue.schedule({ priority: PRIORITY[asked.priority] }, () =>
          this.#turn(asked, bucket, over.signal),
        );
        if (attempt !== 'give-way') return attempt;
      }
    };
    bucket.waiting[asked.priority] += 1;
    try {
      return await Promise.race([turns(), late()]);
    } finally {
      bucket.waiting[asked.priority] -= 1;
      over.abort();
    }
  }

  /** First in the queue: waits for weight, and gives way to more urgent requests. */
  async #turn(asked: Asked, bucket: Bucket, over: AbortSignal): Promise<AdmitResult | 'give-way'> {
    const { clock, delay } = this.#options;
    const givesWay = () =>
      PRIORITIES.some(
        (other) => isMoreUrgent(other, asked.priority) && (bucket.queue?.queued(PRIORITY[other]) ?? 0) > 0,
      );
    for (;;) {
      if (over.aborted) return this.#untilNextMinute();
      if (givesWay()) return 'give-way';
      const attempt = await this.#attempt(asked, bucket);
      if (attempt.kind !== 'busy' || attempt.retryAtMs > asked.deadlineMs) return attempt;
      await delay(Math.max(attempt.retryAtMs - clock.nowMs(), 1), over);
    }
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

  async #raise(bucket: string, minute: number, used: number, count: BucketCount): Promise<void> {
    count.noteUsed(minute, used);
    await this.#ledger.tryCall((ledger) => ledger.raise(bucket, minute, used));
  }
}

function busy(untilMs: number, why: Busy['why'] = 'limit', cause: StopCause | null = null): Busy {
  return { kind: 'busy', why, cause, retryAtMs: Math.ceil(untilMs) };
}

function stopped({ untilMs, cause }: ExchangeStop): Busy {
  return busy(untilMs, 'stopped', cause);
}

function waitingIn({ waiting }: Bucket): number {
  return PRIORITIES.reduce((total, priority) => total + waiting[priority], 0);
}

/** How many waiting requests go before one of this priority: a command passes background work, a close passes both. */
function waitingBefore(priority: Priority, { waiting }: Bucket): number {
  return PRIORITIES.filter((other) => !isMoreUrgent(priority, other)).reduce(
    (total, other) => total + waiting[other],
    0,
  );
}
