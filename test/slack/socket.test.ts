/** Socket Mode: what Slack does to connections, while people go on asking. Two replicas, one record of what was seen. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { done } from '../../src/domain/refusal.ts';
import type { Desk } from '../../src/usecases/desk.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { MemorySeenOnce } from '../fakes/memory-seen-once.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

let slack: SlackHarness;
let other: SlackHarness['app'] | undefined;

afterEach(async () => {
  await other?.stop();
  other = undefined;
  await slack.close();
});

/** Which replica answered, in order. */
let answered: string[] = [];

async function start(replicas: 1 | 2 = 1): Promise<void> {
  answered = [];
  const seenOnce = new MemorySeenOnce(Date.now);
  const desk = (name: string): Desk =>
    fakeDesk({
      listRequests: async () => {
        answered.push(name);
        return done({ open: [], recent: [], unreadable: [] });
      },
    });
  slack = await startSlackHarness({ transport: 'socket', desk: () => desk('first'), seenOnce });
  if (replicas === 2) other = await slack.addReplica(desk('second'), seenOnce);
}

const ask = () => slack.workspace.as(ids.rina).command('/loandesk', 'requests', { channelId: ids.general });
const answers = () =>
  slack.workspace.store
    .messages(ids.general, ids.rina)
    .filter((message) => slack.workspace.renderText(message).includes('Close requests')).length;
const open = () => slack.workspace.sockets.open;
const reconnected = (former: number) =>
  vi.waitFor(
    () => {
      const [now] = open();
      expect(now !== undefined && now.id !== former && slack.app.connected()).toBe(true);
    },
    { timeout: 10_000, interval: 10 },
  );

/** How the handled interactions ended, in alphabetical order. */
const outcomes = () =>
  slack.log
    .filter(({ message }) => message === 'interaction handled')
    .map(({ fields }) => ('outcome' in fields ? String(fields.outcome) : ''))
    .sort();

describe('one replica', () => {
  it.each([
    ['announces a refresh', () => slack.workspace.sockets.refresh({ warningMs: 0 })],
    ['warns of a refresh', () => slack.workspace.sockets.refresh({ warningMs: 500 })],
    ['cuts it without a word', () => slack.workspace.sockets.drop()],
    ['falls silent', () => slack.workspace.sockets.silence()],
  ])('opens a new connection when Slack %s, and answers on it', async (_, happens) => {
    await start();
    const former = open()[0]?.id ?? -1;
    happens();
    await reconnected(former);
    expect((await ask()).failure).toBeUndefined();
    await vi.waitFor(() => expect(answers()).toBe(1));
  });

  it('is back well within a second after a routine refresh', async () => {
    await start();
    const former = open()[0]?.id ?? -1;
    const startedMs = performance.now();
    slack.workspace.sockets.refresh({ warningMs: 0 });
    await reconnected(former);
    expect(performance.now() - startedMs).toBeLessThan(1_500);
  });

  it.each([
    ['answers 503', { kind: 'http', status: 503 }],
    ['breaks off', { kind: 'reset', when: 'before' }],
    ['is rate limited', { kind: 'rate_limited', retryAfterS: 1 }],
    ['refuses the token for a while', { kind: 'error', code: 'invalid_auth' }],
  ] as const)('goes on trying while apps.connections.open %s', async (_, fault) => {
    await start();
    const former = open()[0]?.id ?? -1;
    slack.workspace.faults.add('apps.connections.open', fault, 2);
    slack.workspace.sockets.drop();
    await vi.waitFor(() => expect(slack.app.connected()).toBe(false));
    await reconnected(former);
    expect((await ask()).failure).toBeUndefined();
  });

  it('is not connected while Socket Mode is switched off, and is again afterwards', async () => {
    await start();
    const former = open()[0]?.id ?? -1;
    slack.workspace.sockets.disable();
    await vi.waitFor(() => expect(slack.app.connected()).toBe(false));
    expect((await ask()).failure).toBe('dispatch_failed');
    slack.workspace.sockets.enable();
    await reconnected(former);
    expect((await ask()).failure).toBeUndefined();
  });

  it('has one effect for an envelope that is delivered again, and one answer', async () => {
    await start();
    const asked = await ask();
    await vi.waitFor(() => expect(answers()).toBe(1));
    await slack.workspace.resend(asked.request, { retryNum: 1, retryReason: 'timeout' });
    await expect.poll(outcomes).toEqual(['done', 'duplicate']);
    expect(answered).toEqual(['first']);
    expect(answers()).toBe(1);
  });
});

describe('two replicas', () => {
  const [one, two] = ['first', 'second'] as const;

  it('each answer what Slack gives them', async () => {
    await start(2);
    const [a, b] = open();
    for (const connection of [a?.id, b?.id]) {
      await slack.workspace
        .as(ids.rina)
        .command('/loandesk', 'requests', { channelId: ids.general, ...(connection ? { connection } : {}) });
    }
    await vi.waitFor(() => expect(answers()).toBe(2));
    expect([...answered].sort()).toEqual([one, two]);
  });

  it('have one effect for an envelope that Slack then delivers to the other one', async () => {
    await start(2);
    const [a, b] = open();
    if (a === undefined || b === undefined) throw new Error('two connections expected');
    const asked = await slack.workspace
      .as(ids.rina)
      .command('/loandesk', 'requests', { channelId: ids.general, connection: a.id });
    await slack.workspace.resend(asked.request, { connection: b.id, retryNum: 1 });
    await expect.poll(outcomes).toEqual(['done', 'duplicate']);
    expect(answered).toHaveLength(1);
  });

  it('lose no command while one of them is refreshed', async () => {
    await start(2);
    const former = open()[0]?.id;
    if (former === undefined) throw new Error('no connection');
    slack.workspace.sockets.refresh({ connection: former, warningMs: 0 });
    for (let index = 0; index < 20; index += 1) expect((await ask()).failure).toBeUndefined();
    await vi.waitFor(() => expect(answers()).toBe(20));
    await vi.waitFor(() => expect(open()).toHaveLength(2), { timeout: 5_000 });
  });
});
