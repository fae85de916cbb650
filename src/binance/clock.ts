/**
 * The exchange's clock. Signed calls are refused when their timestamp is 1 s ahead of it or recvWindow behind, and
 * its minutes are what the weight limits are counted in.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../usecases/ports.ts';

/** Resolves after that long, or at once when the signal fires; never rejects. */
export type Delay = (ms: number, signal?: AbortSignal) => Promise<void>;

export const realDelay: Delay = async (ms, signal) => {
  try {
    await sleep(Math.max(0, ms), undefined, signal === undefined ? {} : { signal });
  } catch {
    // Aborted: the caller knows.
  }
};

export interface ClockReading {
  /** Exchange time minus ours. */
  readonly offsetMs: number;
  /** Round trip of the sample it came from: the offset is right to half of it. */
  readonly rttMs: number;
  /** Ours. */
  readonly syncedAtMs: number;
}

export interface ExchangeClock {
  /** Exchange time; our own clock's until the first sync. */
  nowMs(): number;
  /** Exchange time for a signature, biased down by the uncertainty: behind is allowed, ahead hardly. */
  timestampMs(): number;
  /** How far from the start of a minute two clocks may disagree which minute it is. */
  uncertaintyMs(): number;
  reading(): ClockReading | null;
  /** Asks now; shared by simultaneous callers. False: no good sample, the old offset stays. */
  sync(): Promise<boolean>;
  /** True at once when an offset is known, else the result of a sync. */
  ensureSynced(): Promise<boolean>;
  /** Syncs again every few minutes until `stop`. */
  start(): void;
  stop(): void;
}

export interface ClockOptions {
  /** One unsigned GET /api/v3/time; null when it failed. */
  readonly sample: () => Promise<number | null>;
  readonly now: () => number;
  readonly delay: Delay;
  readonly log: Log;
}

const SAMPLES = 5;
/** The offset of a slower sample is too uncertain. */
const MAX_RTT_MS = 2_000;
const SYNC_EVERY_MS = 5 * 60_000;
const RETRY_EVERY_MS = 10_000;
const UNSYNCED_UNCERTAINTY_MS = 500;
const MIN_UNCERTAINTY_MS = 5;
/** Quartz drifts by some 50 ppm: after this long a slow new sample is worth more than a quick old one. */
const KEEP_QUICK_SAMPLE_MS = 30 * 60_000;

export function createExchangeClock({ sample, now, delay, log }: ClockOptions): ExchangeClock {
  let known: ClockReading | null = null;
  let running: Promise<boolean> | null = null;
  let stopping: AbortController | null = null;

  async function takeSample(): Promise<ClockReading | null> {
    const sentMs = now();
    const serverMs = await sample();
    const receivedMs = now();
    const rttMs = receivedMs - sentMs;
    if (serverMs === null || rttMs < 0 || rttMs > MAX_RTT_MS) return null;
    return { offsetMs: serverMs - (sentMs + receivedMs) / 2, rttMs, syncedAtMs: receivedMs };
  }

  async function syncOnce(): Promise<boolean> {
    let best: ClockReading | null = null;
    for (let taken = 0; taken < SAMPLES; taken += 1) {
      const reading = await takeSample();
      if (reading !== null && (best === null || reading.rttMs < best.rttMs)) best = reading;
      // After two samples without an answer, three more would tell nothing new.
      if (reading === null && best === null && taken > 0) break;
    }
    if (best === null) {
      log.warn(
        { offsetMs: known?.offsetMs ?? null },
        'exchange time could not be read; the offset stays as it was',
      );
      return false;
    }
    const before = known;
    known = before === null ? best : better(before, best);
    log.debug({ offsetMs: known.offsetMs, rttMs: known.rttMs }, 'exchange time read');
    return true;
  }

  function sync(): Promise<boolean> {
    running ??= syncOnce().finally(() => {
      running = null;
    });
    return running;
  }

  async function keepSyncing(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const ok = await sync();
      await delay(ok ? SYNC_EVERY_MS : RETRY_EVERY_MS, signal);
    }
  }

  return {
    nowMs: () => now() + (known?.offsetMs ?? 0),
    timestampMs: () => Math.floor(now() + (known === null ? 0 : known.offsetMs - known.rttMs / 2)),
    uncertaintyMs: () =>
      known === null ? UNSYNCED_UNCERTAINTY_MS : Math.max(MIN_UNCERTAINTY_MS, known.rttMs),
    reading: () => known,
    sync,
    ensureSynced: async () => known !== null || (await sync()),
    start() {
      if (stopping !== null) return;
      stopping = new AbortController();
      void keepSyncing(stopping.signal);
    },
    stop() {
      stopping?.abort();
      stopping = null;
    },
  };
}

/** The quicker of two readings, unless they contradict each other or the older one is too old: then the newer. */
function better(old: ClockReading, fresh: ClockReading): ClockReading {
  const agree = Math.abs(fresh.offsetMs - old.offsetMs) <= (fresh.rttMs + old.rttMs) / 2;
  const recent = fresh.syncedAtMs - old.syncedAtMs < KEEP_QUICK_SAMPLE_MS;
  return agree && recent && old.rttMs < fresh.rttMs ? old : fresh;
}
