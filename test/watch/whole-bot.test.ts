/** The watch in a whole bot: what a start builds and runs, from the settings to Slack, the pager and the heartbeat. */
import { randomUUID } from 'node:crypto';
import { expect, inject, it, onTestFinished } from 'vitest';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { ApiCall } from '../../sandbox/slack/store.ts';
import { startWorld } from '../../sandbox/world.ts';
import { type Background, createBackground } from '../../src/ops/background.ts';
import { startReceiver } from '../pager/receiver.ts';
import { QUIET } from '../support/logs.ts';

type Round = () => Promise<unknown>;

/** Rounds are kept by name, for the test to run; what they start runs by itself. */
function drivenBackground() {
  const rounds = new Map<string, Round>();
  const real = createBackground({ log: QUIET, now: Date.now });
  const background: Background = { ...real, every: (what, _, work) => void rounds.set(what, work) };
  const run = (what: string) => rounds.get(what)?.();
  return { background, rounds, run };
}

async function startBot(settings: Readonly<Record<string, string>>) {
  const { background, rounds, run } = drivenBackground();
  const world = await startWorld({
    redisUrl: inject('redisUrl'),
    settings: { REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true', ...settings },
    app: { background },
  });
  onTestFinished(() => world.close());
  const { workspace } = world;
  const told = (channel: string) =>
    workspace.store.messages(channel).map((each) => workspace.renderText(each));
  return { world, rounds, run, told };
}

it('WATCH=off starts none of it', async () => {
  const { rounds } = await startBot({ WATCH: 'off', DIGEST_AT: '08:00 UTC', WATCH_TRIPWIRE: 'true' });
  expect([...rounds.keys()]).toEqual(expect.arrayContaining(['outbox', 'attention']));
  expect([...rounds.keys()].filter((name) => ['watch', 'pages'].includes(name))).toEqual([]);
});

it('reads, alerts in WATCH_CHANNEL, pages and beats, and shows how fresh it is', async () => {
  const receiver = await startReceiver();
  const { world, run, told } = await startBot({
    ...{ WATCH: 'on', WATCH_CHANNEL: SEED_IDS.loanAlerts, WATCH_EVERY: '5s', WATCH_TRIPWIRE: 'true' },
    PAGERDUTY_ROUTING_KEY: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
    PAGERDUTY_API_URL: receiver.url,
    HEARTBEAT_URL: `${receiver.url}/beat`,
  });
  const [bot] = world.bots;
  await run('watch');
  await world.workspace.until(() => told(SEED_IDS.loanAlerts).find((text) => text.includes('Unit 15')));
  expect(told(SEED_IDS.loanAlerts)[0]).toContain('Already so when the watch began');

  await run('pages');
  await world.workspace.until(() => receiver.received.find(({ path }) => path === '/beat'));
  const page = receiver.received.find(({ path }) => path === '/v2/enqueue');
  expect(JSON.parse(page?.body ?? '')).toMatchObject({
    event_action: 'trigger',
    payload: { severity: 'critical' },
  });

  const opened = await bot?.work.watch?.desk.viewWatch({ teamId: SEED_IDS.team, userId: SEED_IDS.ada });
  expect(opened).toMatchObject({
    value: { blind: null, open: [{ groupId: '15' }], pagers: ['PagerDuty'], hasTripwire: true },
  });
  const units = await bot?.work.desk.viewUnits({ teamId: SEED_IDS.team, userId: SEED_IDS.ada }, '');
  expect(units).toMatchObject({
    value: { watch: { blind: null, lastReading: { readAtMs: expect.any(Number) } } },
  });
  const metrics = await (await fetch(`http://127.0.0.1:${bot?.port}/metrics`)).text();
  expect(metrics).toMatch(/\nloandesk_alerts_total\{level="liquidation"\} 1\n/);
  expect(metrics).toMatch(/\nloandesk_watch_last_round_timestamp_seconds \d{10}/);
});

it('draws the cards of open alerts again after a start, as Redis may have lost what they show', async () => {
  const { world, run, told } = await startBot({ WATCH: 'on', WATCH_CHANNEL: SEED_IDS.loanAlerts });
  await run('watch');
  const { workspace } = world;
  await workspace.until(() => told(SEED_IDS.loanAlerts).find((text) => text.includes('Unit 15')));
  await world.addBot();
  const isRedraw = ({ method, args }: ApiCall) =>
    method === 'chat.update' && args.channel === SEED_IDS.loanAlerts;
  expect(await workspace.until(() => workspace.store.calls.find(isRedraw), 20_000)).toMatchObject({
    ok: true,
  });
});
