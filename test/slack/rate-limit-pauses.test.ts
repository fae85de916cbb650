/** A limit of Slack's is met once: until its Retry-After is over, nothing more is sent against it. */
import { WebAPIRateLimitedError } from '@slack/web-api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace } from '../../sandbox/slack/workspace.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { CardNotifier } from '../../src/slack/card-notifier.ts';
import { SlackDirectory } from '../../src/slack/directory.ts';
import { HomeWorkspace } from '../../src/slack/home-workspace.ts';
import { createWebClient, RateLimitPauses } from '../../src/slack/web-client.ts';
import { request, START_MS } from '../support/close-requests.ts';
import { QUIET } from '../support/logs.ts';

const requester = { teamId: ids.team, userId: ids.rina };

let workspace: Workspace;
let notifier: CardNotifier;
let nowMs: number;

beforeEach(async () => {
  nowMs = START_MS;
  const now = () => nowMs;
  workspace = await startWorkspace({ now });
  const settings = { apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken };
  const pauses = new RateLimitPauses(now);
  const newClient = () => createWebClient(settings, QUIET, undefined, pauses);
  const home = new HomeWorkspace(newClient());
  let drawings = 0;
  notifier = new CardNotifier({
    client: newClient(),
    home,
    directory: new SlackDirectory({ client: newClient(), home, now, log: QUIET }),
    closeChannel: ids.loanDesk,
    tellApprovers: 'direct',
    quiet: async (message) => message,
    newId: () => `drawing-${++drawings}`,
    log: QUIET,
  });
});

afterEach(() => workspace.close());

const asked = (card: CloseRequest['card']) => request({ requester, card });
const deliverCard = (card: CloseRequest['card'] = null) =>
  notifier.deliver({ kind: 'card' }, asked(card), null);
const calls = (method: string) => workspace.store.calls.filter((call) => call.method === method);
const tooMany = (method: string) => calls(method).filter(({ status }) => status === 429).length;

it('fifty notices behind one that met the limit on chat.update wait for the same time', async () => {
  const posted = await deliverCard();
  if (!posted.ok || posted.card === null) throw new Error('no card');
  let limited = await deliverCard(posted.card);
  while (limited.ok) limited = await deliverCard(posted.card);
  const { retryAfterMs } = limited;
  expect(retryAfterMs).toBeGreaterThanOrEqual(1_000);
  const sent = calls('chat.update').length;
  nowMs += 400;
  for (let notice = 0; notice < 50; notice += 1) {
    expect(await deliverCard(posted.card)).toMatchObject({
      ok: false,
      retry: true,
      retryAfterMs: (retryAfterMs ?? 0) - 400,
    });
  }
  expect([calls('chat.update').length, tooMany('chat.update')]).toEqual([sent, 1]);
  nowMs += (retryAfterMs ?? 0) - 400;
  expect(await deliverCard(posted.card)).toMatchObject({ ok: true });
});

it('a busy channel holds up neither direct messages nor edits', async () => {
  const posted = await deliverCard();
  if (!posted.ok || posted.card === null) throw new Error('no card');
  let limited = await deliverCard();
  while (limited.ok) limited = await deliverCard();
  await deliverCard();
  expect(tooMany('chat.postMessage')).toBe(1);
  const event = { type: 'expired', by: null, atMs: START_MS } as const;
  expect(
    await notifier.deliver({ kind: 'direct', to: requester, event }, asked(posted.card), null),
  ).toMatchObject({ ok: true });
  expect(await deliverCard(posted.card)).toMatchObject({ ok: true });
});

it('an hour in the Retry-After of something in between does not silence a method for an hour', async () => {
  let atMs = 0;
  const pauses = new RateLimitPauses(() => atMs);
  const limited = () => Promise.reject(new WebAPIRateLimitedError(3_600));
  await expect(pauses.run('views.open', limited)).rejects.toThrow();
  await expect(pauses.run('views.open', async () => 'sent')).rejects.toThrow(WebAPIRateLimitedError);
  atMs += 5 * 60_000;
  expect(await pauses.run('views.open', async () => 'sent')).toBe('sent');
});
