/** A collector that is away, refuses or is silent disturbs nobody: a line of log now and then, and a stop in time. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { SEED_IDS } from '../../../sandbox/slack/seed.ts';
import { startOpenTelemetry } from '../../../src/ops/tracing/open-telemetry.ts';
import { readOpenTelemetrySettings } from '../../../src/ops/tracing/open-telemetry-settings.ts';
import { memoryLog } from '../../support/logs.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { freePort } from '../../support/redis-server.ts';
import { startTracedWorld } from './traced-world.ts';

const { rina, loanDesk } = SEED_IDS;
const PATIENT = { timeout: 10_000, interval: 10 };

/** A tracer that delivers each span by itself, its log, and a collector. */
async function scene(variables: Readonly<Record<string, string>> = {}) {
  const collector = await startOtlpReceiver();
  const given = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '5', ...variables };
  for (const [name, value] of Object.entries(given)) vi.stubEnv(name, value);
  const log = memoryLog();
  const tracer = startOpenTelemetry(readOpenTelemetrySettings(given), { version: '1.2.3', log });
  onTestFinished(async () => {
    collector.answerWith(200);
    await tracer.stop();
    await collector.close();
    vi.unstubAllEnvs();
  });
  const span = (name: string) => tracer.trace(name, {}, async () => {});
  return { collector, log, tracer, span };
}

it('says once a minute at most that traces are lost, and when they arrive again', async () => {
  const { collector, log, span } = await scene();
  collector.answerWith(401);
  for (const round of [1, 2, 3]) {
    await span(`lost ${round}`);
    await expect.poll(() => collector.requests.length, PATIENT).toBe(round);
  }
  await expect.poll(() => log.lines.length, PATIENT).toBe(1);
  expect(log.lines[0]).toMatchObject({ level: 'warn', fields: { why: 'HTTP 401' } });
  collector.answerWith(200);
  await span('arrives');
  await collector.until((spans) => spans.find(({ name }) => name === 'arrives'));
  await expect.poll(() => log.lines.length, PATIENT).toBe(2);
  expect(log.lines[1]).toMatchObject({ level: 'info', fields: { lostSpans: 3 } });
});

it('keeps no more than its bound while the collector is silent, and says that it had to drop some', async () => {
  const { collector, log, span } = await scene({
    OTEL_BSP_MAX_QUEUE_SIZE: '10',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
    OTEL_EXPORTER_OTLP_TIMEOUT: '200',
  });
  collector.answerWith(null);
  for (let made = 0; made < 100; made += 1) await span(`${made}`);
  await expect.poll(() => collector.requests.length, PATIENT).toBeGreaterThan(0);
  for (let made = 0; made < 100; made += 1) await span(`${made}`);
  collector.answerWith(200);
  await expect.poll(() => collector.requests.length, PATIENT).toBeGreaterThan(1);
  await collector.until((spans) => (spans.length > 0 ? true : undefined));
  await span('after');
  await collector.until((spans) => spans.find(({ name }) => name === 'after'));
  expect(collector.spans.length).toBeLessThan(40);
  expect(log.lines).toContainEqual(
    expect.objectContaining({ level: 'warn', fields: { warning: expect.stringContaining('Dropped') } }),
  );
});

it('warns of a mistake in the variables of the SDK without repeating a value', async () => {
  const { log } = await scene({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'desk:hunter2@collector',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'hunter2',
  });
  expect(log.lines.map(({ level }) => level)).toContain('warn');
  expect(JSON.stringify(log.lines)).toContain('OTEL_EXPORTER_OTLP_COMPRESSION');
  expect(JSON.stringify(log.lines)).not.toContain('hunter2');
});

it.each([
  ['is away', true, 200],
  ['never answers', false, null],
  ['refuses', false, 503],
] as const)('a bot whose collector %s answers, and stops in time', async (_, isAway, status) => {
  const away = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: '300',
  };
  const { world, bot, collector, lines } = await startTracedWorld(isAway ? away : {});
  collector.answerWith(status);
  const { workspace } = world;
  await workspace.as(rina).command('/ltv', '7', { channelId: loanDesk });
  await workspace.until(() =>
    workspace.store.ephemerals(rina).find((message) => /Risk unit 7/.test(workspace.renderText(message))),
  );
  if (isAway) {
    const lost = () => lines.filter((line) => line.includes('traces cannot be delivered'));
    await expect.poll(() => lost().length, PATIENT).toBe(1);
    expect(JSON.parse(lost()[0] ?? '')).toMatchObject({ level: 40, why: 'ECONNREFUSED' });
  }
  const stoppedMs = performance.now();
  await bot.stop();
  expect(performance.now() - stoppedMs).toBeLessThan(2_500);
  expect(lines.filter((line) => line.includes('"level":50'))).toEqual([]);
});
