/** Approval case 10: Slack delivers one and the same interaction again and again, to whichever process is there. */
import { randomUUID } from 'node:crypto';
import { expect, inject, it, onTestFinished } from 'vitest';
import { startBotProcess } from '../../sandbox/bot-process.ts';
import type { SignedRequest } from '../../sandbox/slack/payload-sender.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startWorld } from '../../sandbox/world.ts';
import { ACTIONS, INPUTS } from '../../src/slack/ids.ts';
import { Records } from '../chaos/records.ts';

const { rina, ada, loanDesk } = SEED_IDS;

it('approval case 10: one ballot delivered three times, at once and across a kill and a restart, is one vote and one audit row', async () => {
  const prefix = `redelivery-${randomUUID()}`;
  const world = await startWorld({
    redisUrl: inject('redisUrl'),
    replicas: 0,
    workspace: { transport: 'http' },
    settings: { REDIS_PREFIX: prefix, REDIS_MAY_FORGET: 'true' },
  });
  onTestFinished(() => world.close());
  const { workspace } = world;
  const auditKey = world.settings().AUDIT_KEY ?? '';
  const records = new Records({ redisUrl: inject('redisUrl'), prefix, auditKey });
  onTestFinished(() => records.close());
  const start = async () => {
    const bot = await startBotProcess(world.settings());
    onTestFinished(async () => void (await bot.kill()));
    return bot;
  };
  const [one, other] = await Promise.all([start(), start()]);

  await workspace.as(rina).command('/close-unit', '7 repaid', { to: one.url, channelId: loanDesk });
  const card = await workspace.until(() => workspace.store.messages(loanDesk)[0]);
  await workspace.as(ada).click(card, ACTIONS.approve, { to: one.url });
  const ballot = await workspace.until(() =>
    workspace.store.modals(ada).find((view) => JSON.stringify(view.payload).includes(INPUTS.typedId)),
  );
  const sent = await workspace.as(ada).submit(ballot.id, { [INPUTS.typedId]: '7' }, { to: one.url });
  if (!('url' in sent.request)) throw new Error('it was not sent over HTTP');
  const delivered: SignedRequest = sent.request;
  await Promise.all([one, other, other].map(({ url }) => workspace.resend({ ...delivered, url })));
  // A process that dies before it stored an acked vote loses it, and the voter votes again; here it was stored.
  await workspace.until(() =>
    workspace.store.thread(loanDesk, card.ts).find(({ text }) => text.includes('1 of 2')),
  );
  await one.kill();
  const again = await start();
  for (const { url } of [again, other, again]) {
    expect(await workspace.resend({ ...delivered, url })).toMatchObject({ status: 200 });
  }
  await Promise.all([again.stop(), other.stop()]);

  const [request] = (await records.all()).values();
  expect(request).toMatchObject({ state: 'pending', votes: [{ voter: { userId: ada } }] });
  const trail = (await records.trail()).get(request?.id ?? '') ?? [];
  expect(
    trail.filter(({ body }) => body.event.by?.userId === ada).map(({ body }) => body.event.type),
  ).toEqual(['approved']);
});
