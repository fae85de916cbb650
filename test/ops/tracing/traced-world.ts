/** A bot over the stand-ins whose traces go to a collector of the test's own. */
import { randomUUID } from 'node:crypto';
import { inject, onTestFinished, vi } from 'vitest';
import { startWorld, type World } from '../../../sandbox/world.ts';
import { createApp, type RunningApp } from '../../../src/app.ts';
import { createLogger } from '../../../src/ops/logger.ts';
import { loadConfig } from '../../../src/settings/config.ts';
import { startSdk } from '../../support/open-telemetry-sdk.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../../support/otlp-receiver.ts';

export interface TracedWorld {
  readonly world: World;
  readonly bot: RunningApp;
  readonly collector: OtlpReceiver;
  /** Of the bot's log, as they were written. */
  readonly lines: string[];
}

/** `variables`: beside the endpoint. All are given to the settings and to the environment, where the SDK reads. */
export async function startTracedWorld(
  variables: Readonly<Record<string, string>> = {},
): Promise<TracedWorld> {
  const collector = await startOtlpReceiver();
  const openTelemetry = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...variables };
  for (const [name, value] of Object.entries(openTelemetry)) vi.stubEnv(name, value);
  const sdk = startSdk(20);
  const settings = { REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true', ...openTelemetry };
  const world = await startWorld({ redisUrl: inject('redisUrl'), settings, replicas: 0 });
  const lines: string[] = [];
  const log = createLogger('debug', { write: (line: string) => void lines.push(line) });
  const bot = await createApp(loadConfig(world.settings()), log);
  onTestFinished(async () => {
    await bot.stop();
    await world.close();
    await collector.close();
    // A collector that does not answer would hold it up.
    void sdk.shutdown().catch(() => {});
    vi.unstubAllEnvs();
  });
  await bot.start();
  world.workspace.setBotUrl(world.urlOf(bot));
  return { world, bot, collector, lines };
}

/** The spans of one trace as "root > child > grandchild", sorted, each path once; "… >": what is around still runs. */
export function pathsOf(spans: readonly ReceivedSpan[], traceId: string): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const path = ({ name, parentId }: ReceivedSpan): string => {
    const parent = byId.get(parentId);
    if (parent !== undefined) return `${path(parent)} > ${name}`;
    return parentId === '' ? name : `… > ${name}`;
  };
  return [...new Set(spans.filter((span) => span.traceId === traceId).map(path))].sort();
}

export function rootNamed(name: string) {
  return (spans: readonly ReceivedSpan[]) => spans.find((span) => span.name === name && span.parentId === '');
}
