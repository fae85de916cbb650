/** A collector that is away, refuses or is silent disturbs nobody: the bot answers, and stops in time. */
import { expect, it } from 'vitest';
import { SEED_IDS } from '../../../sandbox/slack/seed.ts';
import { freePort } from '../../support/redis-server.ts';
import { startTracedWorld } from './traced-world.ts';

const { rina, loanDesk } = SEED_IDS;

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
    workspace.store.ephemerals(rina).find((message) => /Unit 7 · LTV/.test(workspace.renderText(message))),
  );
  const stoppedMs = performance.now();
  await bot.stop();
  expect(performance.now() - stoppedMs).toBeLessThan(2_500);
  expect(lines.filter((line) => line.includes('"level":50'))).toEqual([]);
});
