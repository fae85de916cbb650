/** Calls to the exchange: how long, how heavy, how they ended, and what its limits leave. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ExchangeSnapshot } from '../../binance/exchange-status.ts';
import type { ExchangeEvents } from '../../binance/loan-exchange.ts';

const EXCHANGE_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15];
const WAIT_SECONDS = [0.001, 0.01, 0.1, 0.5, 1, 2, 10, 30, 75];

/** `exchange`: what the client knows now, asked at a scrape. */
export function exchangeMetrics(registry: Registry, exchange: () => ExchangeSnapshot): ExchangeEvents {
  const registers = [registry];
  const labelNames = ['endpoint', 'method', 'status'] as const;
  const duration = new Histogram({
    name: 'loandesk_exchange_call_duration_seconds',
    help: 'Calls to the exchange on the wire, by endpoint and HTTP status (or "timeout", "reset", …)',
    labelNames,
    buckets: EXCHANGE_SECONDS,
    registers,
  });
  const wait = new Histogram({
    name: 'loandesk_exchange_wait_seconds',
    help: 'How long calls waited for their weight before they left',
    labelNames: ['endpoint'],
    buckets: WAIT_SECONDS,
    registers,
  });
  const weight = new Counter({
    name: 'loandesk_exchange_weight_total',
    help: 'Weight spent at the exchange by this process',
    labelNames: ['endpoint'],
    registers,
  });
  const stops = new Counter({
    name: 'loandesk_exchange_stops_total',
    help: 'Times the exchange (or our own count) stopped a bucket',
    labelNames: ['bucket'],
    registers,
  });
  new Gauge({
    name: 'loandesk_exchange_stops_in_force',
    help: 'Buckets that are stopped now, as far as this process knows',
    registers,
    collect() {
      this.set(exchange().stops.length);
    },
  });
  new Gauge({
    name: 'loandesk_exchange_weight_used',
    help: 'Weight used in the present exchange minute, all replicas together',
    labelNames: ['bucket'],
    registers,
    collect() {
      this.reset();
      for (const { bucket, used } of exchange().weights) this.set({ bucket }, used);
    },
  });
  new Gauge({
    name: 'loandesk_exchange_clock_offset_seconds',
    help: "The exchange's clock minus ours; absent until it was read",
    registers,
    collect() {
      const { clock } = exchange();
      if (clock === null) this.remove();
      else this.set(clock.offsetMs / 1000);
    },
  });
  new Gauge({
    name: 'loandesk_exchange_last_success_timestamp_seconds',
    help: 'When the exchange last answered 200, in its own time; 0: not since the start',
    registers,
    collect() {
      this.set((exchange().lastSuccessAtMs ?? 0) / 1000);
    },
  });
  return {
    exchangeCalled(record) {
      const { endpoint, method, status } = record;
      duration.observe({ endpoint, method, status: String(status) }, record.durationMs / 1000);
      wait.observe({ endpoint }, record.waitMs / 1000);
      weight.inc({ endpoint }, record.weight);
    },
    exchangeStopped({ bucket }) {
      stops.inc({ bucket });
    },
  };
}
