/**
 * The exchange's clock. The exchange refuses signed calls with a timestamp 1 s ahead of it or recvWindow behind, and
 * counts weight limits in minutes of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../usecases/ports.ts';

/** Resolves after that long, or at once when the signal fires; never rejects. */
export type Delay = (ms: number, signal?: AbortSignal) => Promise<void>;

export const realDelay: Delay = async (ms, signal) => {
  try {
    await sleep(Math.max(0, ms), undefined, signal === undefined ? {} : { signal });
  } catch {
    // Aborted by the caller.
  }
};

export interface ClockReading {
  /** Exchange time minus ours. */
  readonly offsetMs: number;
  /** Round trip of the sample: the offset is accurate to half of it. */
  readonly rttMs: number;
  /** By our clock. */
  readonly syncedAtMs: number;
}

export interface ExchangeClock {
  /** Exchange time; our own clock's until the first sync. */
  nowMs(): number;
  /** Exchange time for a signature, lowered by the uncertainty, because late is allowed and early hardly is. */
  timestampMs(): number;
  /** How long before and after the start of a minute it is unclear which minute the exchange counts. */
  uncertaintyMs(): number;
  reading(): ClockReading | null;
  /** Reads the time now; simultaneous callers share it. False: no good sample, the old offset stays. */
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
/** Clocks drift by some 50 ppm: after this time a slow new sample is better than a fast old one. */
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
      // After two failed samples, don't try the rest.
      if (reading === null && best === null && taken > 0) break;
    }
    if (best === null) {
      log.warn({ offsetMs: known?.offsetMs ?? null }, 'exchange time could not be read');
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

/** The faster of two readings; the newer one if they contradict each other or the old one is too old. */
function better(old: ClockReading, fresh: ClockReading): ClockReading {
  const agree = Math.abs(fresh.offsetMs - old.offsetMs) <= (fresh.rttMs + old.rttMs) / 2;
  const recent = fresh.syncedAtMs - old.syncedAtMs < KEEP_QUICK_SAMPLE_MS;
  return agree && recent && old.rttMs < fresh.rttMs ? old : fresh;
}
