/** Retries reads where that may help: at most three attempts, each newly signed, within one time budget. */
import type { z } from 'zod';
import { inTime } from '../shared/in-time.ts';
import type { Call, Caller, CallResult, FailedCall } from './caller.ts';
import type { Delay, ExchangeClock } from './clock.ts';
import type { Priority } from './weight-limiter.ts';

export interface ReadAnswer<Value> {
  readonly kind: 'read';
  readonly value: Value;
  /** Exchange time; of several answers the oldest. */
  readonly asOfMs: number;
}

/** A call that changes nothing, so it may be retried. */
export interface ReadCall extends Pick<Call, 'endpoint' | 'account' | 'parameters' | 'priority'> {
  /** Monotonic milliseconds: the common deadline of a read with several calls. */
  readonly deadlineMs?: number | undefined;
}

export interface ReadCallerOptions {
  readonly caller: Pick<Caller, 'call'>;
  readonly clock: Pick<ExchangeClock, 'sync'>;
  readonly delay: Delay;
  /** Monotonic milliseconds. */
  readonly monotonic: () => number;
  /** How long a call may wait for its weight. */
  readonly patienceMs: Readonly<Record<Priority, number>>;
  /** How long a person waits for a read, all attempts included. */
  readonly budgetMs: number;
  /** Per HTTP exchange. */
  readonly timeoutMs: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Asks the exchange whether it is under maintenance; called after its 5xx. */
  readonly isUnderMaintenance: () => Promise<boolean>;
}

const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 250;
const TIMESTAMP_REFUSED = -1021;
/** An attempt with less time left can't be answered. */
const MIN_TRY_MS = 50;

const TOO_LATE: CallResult = { kind: 'network', fault: 'timeout', written: false };

export class ReadCaller {
  readonly #options: ReadCallerOptions;

  constructor(options: ReadCallerOptions) {
    this.#options = options;
  }

  /** Deadline of a read that begins now, in monotonic milliseconds; undefined: no person waits for it. */
  deadlineFor(priority: Priority): number | undefined {
    const { monotonic, budgetMs } = this.#options;
    return priority === 'background' ? undefined : monotonic() + budgetMs;
  }

  /** A call whose answer is parsed; `otherwise` completes "couldn't be read: …" for an invalid answer. */
  async read<Value>(
    call: ReadCall,
    schema: z.ZodType<Value>,
    otherwise: string,
  ): Promise<ReadAnswer<Value> | FailedCall> {
    const result = await this.call(call);
    if (result.kind !== 'answered') return result;
    const parsed = schema.safeParse(result.json);
    if (!parsed.success) return { kind: 'unreadable', detail: otherwise };
    return { kind: 'read', value: parsed.data, asOfMs: result.asOfMs };
  }

  async call(call: ReadCall): Promise<CallResult> {
    const deadlineMs = call.deadlineMs ?? this.deadlineFor(call.priority);
    if (deadlineMs === undefined) return this.#tryUntil(call, Number.POSITIVE_INFINITY);
    // Also ends waits without their own timer: for the clock, or for another caller's answer.
    return inTime(this.#tryUntil(call, deadlineMs), deadlineMs - this.#options.monotonic(), () => TOO_LATE);
  }

  async #tryUntil(call: ReadCall, deadlineMs: number): Promise<CallResult> {
    const { caller, clock, delay, monotonic, patienceMs, timeoutMs, random } = this.#options;
    let resynced = false;
    let last: CallResult = TOO_LATE;
    for (let tries = 1; ; tries += 1) {
      const leftMs = deadlineMs - monotonic();
      if (leftMs < MIN_TRY_MS) return last;
      last = await caller.call({
        ...call,
        patienceMs: Math.min(patienceMs[call.priority], leftMs),
        timeoutMs: Math.min(timeoutMs, leftMs),
      });
      if (last.kind === 'rejected' && last.code === TIMESTAMP_REFUSED && !resynced) {
        resynced = true;
        await clock.sync();
        continue;
      }
      if (!mayPass(last)) return last;
      if (tries >= MAX_TRIES) return (await this.#isMaintenance(last)) ? { kind: 'maintenance' } : last;
      await delay(FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + random()));
    }
  }

  async #isMaintenance(result: CallResult): Promise<boolean> {
    return result.kind === 'rejected' && (await this.#options.isUnderMaintenance());
  }
}

/** Network failures and 5xx: the next attempt may succeed. */
function mayPass(result: CallResult): boolean {
  if (result.kind === 'network') return result.fault !== 'tls' && result.fault !== 'too-large';
  return result.kind === 'rejected' && result.httpStatus >= 500;
}
