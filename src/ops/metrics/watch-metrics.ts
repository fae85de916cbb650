/** What the watch reports, and how fresh it is over all replicas. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { WatchGlimpse } from '../../usecases/desk.ts';
import type { WatchEvents } from '../../usecases/watch-ports.ts';

/** Answers null where it can't be read. */
export type WatchSource = () => Promise<(WatchGlimpse & { readonly nowMs: number }) | null>;

const ROUND_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const DELIVERY_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3_600];

export function watchMetrics(registry: Registry): WatchEvents {
  const registers = [registry];
  const rounds = new Histogram({
    name: 'loandesk_watch_round_seconds',
    help: 'Rounds of the watch that this process stored, by whether everything could be read',
    labelNames: ['reading'],
    buckets: ROUND_SECONDS,
    registers,
  });
  const alerts = new Counter({
    name: 'loandesk_alerts_total',
    help: 'Episodes that opened or got worse, by level; a level of the desk counts as "own"',
    labelNames: ['level'],
    registers,
  });
  const delays = new Histogram({
    name: 'loandesk_alert_delivery_delay_seconds',
    help: 'From the event to the moment when Slack took its message',
    buckets: DELIVERY_SECONDS,
    registers,
  });
  const pages = new Counter({
    name: 'loandesk_pages_total',
    help: 'Calls to the pager and the alert webhook: accepted or failed',
    labelNames: ['outcome'],
    registers,
  });
  return {
    watchRead: ({ isSeeing, tookMs }) =>
      rounds.observe({ reading: isSeeing ? 'complete' : 'blind' }, tookMs / 1000),
    alertRaised: (level) => alerts.inc({ level: level.startsWith('own:') ? 'own' : level }),
    alertDelivered: (delayMs) => delays.observe(Math.max(0, delayMs) / 1000),
    pageSent: (outcome) => pages.inc({ outcome }),
  };
}

/**
 * The same on each replica. Absent while the watch is off (`source`: null). A record that can't be read leaves the last
 * figures, which grow old and so alarm. Answers the reading.
 */
export function watchGauges(registry: Registry, source: WatchSource | null): () => Promise<void> {
  const registers = [registry];
  const lastRound = new Gauge({
    name: 'loandesk_watch_last_round_timestamp_seconds',
    help: 'When all units were last read completely; 0: not yet',
    registers,
  });
  const blind = new Gauge({
    name: 'loandesk_watch_blind_seconds',
    help: 'For how long no complete reading was possible; 0: the last one was complete',
    registers,
  });
  if (source === null) {
    // A gauge without a value shows 0.
    lastRound.remove();
    blind.remove();
    return async () => {};
  }
  return async () => {
    const glimpse = await source();
    if (glimpse === null) return;
    const { lastReading, blind: blindness, nowMs } = glimpse;
    lastRound.set((lastReading?.readAtMs ?? 0) / 1000);
    blind.set(blindness === null ? 0 : Math.max(0, nowMs - blindness.sinceMs) / 1000);
  };
}
