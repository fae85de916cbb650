/**
 * A read, repeated where that is safe and may help: at most three tries, each signed anew, and all of them within the
 * time that somebody waits for the answer.
 */
import type { Priority } from './admission.ts';
import type { CallResult } from './call-result.ts';
import type { Call, Caller } from './caller.ts';
import type { Delay } from './delay.ts';

export interface ReadCallOptions {
  readonly caller: Pick<Caller, 'call'>;
  readonly clock: { sync(): Promise<boolean> };
  readonly delay: Delay;
  /** Steady milliseconds. */
  readonly monotonic: () => number;
  /** Of one HTTP exchange. */
  readonly timeoutMs: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Asks the exchange whether it is under maintenance; called after its 5xx. */
  readonly isUnderMaintenance: () => Promise<boolean>;
}

export type ReadCall = (call: Call) => Promise<CallResult>;

/** When an answer has to be there that is asked for now, by the steady clock; undefined: nobody waits for it. */
export type DeadlineFor = (priority: Priority) => number | undefined;

export function createDeadlines(monotonic: () => number, budgetMs: number): DeadlineFor {
  return (priority) => (priority === 'background' ? undefined : monotonic() + budgetMs);
}

const MOST_TRIES = 3;
const FIRST_PAUSE_MS = 250;
const TIMESTAMP_REFUSED = -1021;
/** Below this a try cannot be answered any more. */
const LEAST_TRY_MS = 50;

const TOO_LATE: CallResult = { kind: 'network', fault: 'timeout', written: false };

export function createReadCall(options: ReadCallOptions): ReadCall {
  return async (call) => {
    if (call.deadlineMs === undefined) return tryAndTry(call, () => Number.POSITIVE_INFINITY, options);
    const { deadlineMs } = call;
    const leftMs = () => deadlineMs - options.monotonic();
    const { promise: late, resolve } = Promise.withResolvers<CallResult>();
    // The race also ends waits that have no timer of their own: for the clock, or for another's question.
    const timer = setTimeout(() => resolve(TOO_LATE), leftMs());
    try {
      return await Promise.race([tryAndTry(call, leftMs, options), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

async function tryAndTry(call: Call, leftMs: () => number, options: ReadCallOptions): Promise<CallResult> {
  let resynced = false;
  let last: CallResult = TOO_LATE;
  for (let tries = 1; ; tries += 1) {
    const left = leftMs();
    if (left < LEAST_TRY_MS) return last;
    const result = await options.caller.call({
      ...call,
      patienceMs: Math.min(call.patienceMs, left),
      timeoutMs: Math.min(call.timeoutMs ?? options.timeoutMs, left),
    });
    last = result;
    if (result.kind === 'rejected' && result.code === TIMESTAMP_REFUSED && !resynced) {
      resynced = true;
      await options.clock.sync();
      continue;
    }
    if (!mayPass(result)) return result;
    if (tries >= MOST_TRIES) return (await isMaintenance(result, options)) ? { kind: 'maintenance' } : result;
    await options.delay(FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + options.random()));
  }
}

/** Network failures and 5xx: the next try may fare better. */
function mayPass(result: CallResult): boolean {
  if (result.kind === 'network') return result.fault !== 'tls' && result.fault !== 'too-large';
  return result.kind === 'rejected' && result.httpStatus >= 500;
}

async function isMaintenance(result: CallResult, options: ReadCallOptions): Promise<boolean> {
  return result.kind === 'rejected' && (await options.isUnderMaintenance());
}
