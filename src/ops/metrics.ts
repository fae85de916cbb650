/** `/metrics` in Prometheus form: what the parts reported, and what is read at a scrape. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { ExchangeSnapshot } from '../binance/exchange-status.ts';
import type { Events } from './events.ts';
import type { LogOutputState } from './log-output.ts';
import { deskMetrics } from './metrics/desk-metrics.ts';
import { exchangeMetrics } from './metrics/exchange-metrics.ts';
import { slackMetrics } from './metrics/slack-metrics.ts';
import { redisMetrics, type StoreSources, storeGauges } from './metrics/store-metrics.ts';
import { type WatchSource, watchGauges, watchMetrics } from './metrics/watch-metrics.ts';

export interface MetricsSources extends StoreSources {
  readonly version: string;
  readonly mode: string;
  /** Milliseconds since each background round last started or ended. */
  readonly roundAgesMs: () => ReadonlyMap<string, number>;
  readonly slackConnected: () => boolean;
  readonly exchange: () => ExchangeSnapshot;
  readonly logState: () => LogOutputState;
  /** Null: the watch is off. */
  readonly watch: WatchSource | null;
}

export interface Metrics extends Events {
  /** All metrics as text. */
  read(): Promise<string>;
  readonly route: {
    readonly path: string;
    readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  };
}

export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'loandesk_' });
  new Gauge({
    name: 'loandesk_build_info',
    help: 'Always 1; what runs is in the labels',
    labelNames: ['version', 'node', 'mode'],
    registers: [registry],
  }).set({ version: sources.version, node: process.versions.node, mode: sources.mode }, 1);
  lifeGauges(registry, sources);
  const readStore = storeGauges(registry, sources);
  const readWatch = watchGauges(registry, sources.watch);
  const text = async () => {
    await Promise.all([readStore(), readWatch()]);
    return registry.metrics();
  };
  return {
    ...deskMetrics(registry, sources.now),
    ...exchangeMetrics(registry, sources.exchange),
    ...redisMetrics(registry),
    ...slackMetrics(registry),
    ...watchMetrics(registry),
    read: text,
    route: {
      path: '/metrics',
      handler: (_, response) =>
        void text().then(
          (body) => response.writeHead(200, { 'content-type': registry.contentType }).end(body),
          () => response.writeHead(500).end(),
        ),
    },
  };
}

function lifeGauges(registry: Registry, { roundAgesMs, slackConnected, logState }: MetricsSources): void {
  const registers = [registry];
  new Gauge({
    name: 'loandesk_background_round_age_seconds',
    help: 'Since a round of background work last started or ended',
    labelNames: ['round'],
    registers,
    collect() {
      for (const [round, ageMs] of roundAgesMs()) this.set({ round }, ageMs / 1000);
    },
  });
  new Gauge({
    name: 'loandesk_slack_connected',
    help: '1 if Slack accepted the token in its last answer and, in Socket Mode, the socket is connected',
    registers,
    collect() {
      this.set(slackConnected() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'loandesk_log_writable',
    help: '0 while standard output takes no lines of the log (disk full, closed, or not read)',
    registers,
    collect() {
      this.set(logState().trouble === null ? 1 : 0);
    },
  });
  new Gauge({
    name: 'loandesk_log_lines_lost',
    help: 'Lines of the log lost since the start, because standard output took none',
    registers,
    collect() {
      this.set(logState().lost);
    },
  });
}
