import { createServer, request as httpRequest, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace } from '../../../sandbox/slack/workspace.ts';

let workspace: Workspace;
let bot: Server;
const heard: URLSearchParams[] = [];

/** A bot that acks everything with a text and remembers what it heard. */
beforeEach(async () => {
  heard.length = 0;
  workspace = await startWorkspace();
  bot = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push(new URLSearchParams(Buffer.concat(chunks).toString()));
      response.end(heard.at(-1)?.has('command') ? 'pong' : '');
    });
  });
  await new Promise<void>((resolve) => bot.listen(0, '127.0.0.1', resolve));
  const address = bot.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  workspace.setBotUrl(`http://127.0.0.1:${address.port}/slack/events`);
});

afterEach(async () => {
  await workspace.close();
  await new Promise((resolve) => bot.close(resolve));
});

async function get(path: string): Promise<unknown> {
  return (await fetch(`${workspace.url}/_control/${path}`)).json();
}

async function post(path: string, body: unknown): Promise<{ status: number; answer: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${workspace.url}/_control/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, answer: await response.json() };
}

const button = { type: 'button', text: { type: 'plain_text', text: 'Go' }, action_id: 'go', value: 'v' };
const card = { text: 'card', blocks: [{ type: 'actions', elements: [button] }] };

describe('control over HTTP', () => {
  it('acts as people and shows what they see', async () => {
    const answered = await post('command', {
      user: ids.rina,
      command: '/ltv',
      text: '1',
      channel: ids.general,
    });
    expect(answered).toMatchObject({ status: 200, answer: { status: 200, bodyText: 'pong' } });
    expect(answered.answer).not.toHaveProperty('request');
    expect(await get(`messages?channel=${ids.general}&viewer=${ids.rina}`)).toMatchObject([
      { text: 'pong', rendered: 'pong' },
    ]);
    expect(await get(`messages?channel=${ids.general}&viewer=${ids.ada}`)).toEqual([]);

    const message = workspace.store.addMessage({ channelId: ids.loanDesk, userId: ids.botUser }, card);
    const click = { user: ids.ada, channel: ids.loanDesk, ts: message.ts, actionId: 'go' };
    expect((await post('click', click)).status).toBe(200);
    expect(JSON.parse(heard.at(-1)?.get('payload') ?? '')).toMatchObject({
      user: { id: ids.ada },
      actions: [{ value: 'v' }],
    });

    const blocks = [
      {
        type: 'input',
        label: { type: 'plain_text', text: 'L' },
        element: { type: 'plain_text_input', action_id: 'why' },
      },
    ];
    const title = { type: 'plain_text', text: 'T' };
    const view = workspace.store.addView(ids.ada, { type: 'modal', title, submit: title, blocks });
    expect(await get(`views?user=${ids.ada}`)).toMatchObject([{ id: view.id }]);
    expect((await post('submit', { user: ids.ada, view: view.id, values: { why: 'x' } })).status).toBe(200);
    expect(await get(`views?user=${ids.ada}`)).toEqual([]);
  });

  it('lists people and channels, switches faults', async () => {
    expect(await get('people')).toContainEqual(
      expect.objectContaining({ id: ids.ada, realName: 'Ada Lindqvist' }),
    );
    expect(await get('channels')).toContainEqual(
      expect.objectContaining({ id: ids.loanDesk, members: expect.arrayContaining([ids.ada]) }),
    );
    const fault = { kind: 'latency', ms: 10 };
    expect(await post('faults', { method: '*', fault, count: 2 })).toEqual({
      status: 200,
      answer: { id: 1 },
    });
    expect(await get('faults')).toEqual([{ id: 1, method: '*', fault, count: 2 }]);
    await post('clear-faults', {});
    expect(await get('faults')).toEqual([]);
  });

  it('lists, refreshes and drops Socket Mode connections', async () => {
    const open = async () => {
      const socket = new WebSocket(workspace.sockets.createUrl());
      await new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }));
      return socket;
    };
    const first = await open();
    const second = await open();
    expect(await get('connections')).toMatchObject([{ id: 1 }, { id: 2 }]);
    const told = new Promise<MessageEvent>((resolve) => first.addEventListener('message', resolve));
    const gone = new Promise((resolve) => second.addEventListener('close', resolve));
    expect((await post('refresh', { connection: 1 })).status).toBe(200);
    expect(JSON.parse((await told).data)).toMatchObject({ type: 'disconnect', reason: 'warning' });
    expect((await post('drop', { connection: 2 })).status).toBe(200);
    await gone;
    expect(await get('connections')).toMatchObject([{ id: 1 }]);
    expect((await post('drop', { connection: 2 })).status).toBe(400);
  });

  it('streams what happens', async () => {
    const response = await fetch(`${workspace.url}/_control/events`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    await reader?.read();
    workspace.store.addMessage({ channelId: ids.loanDesk, userId: ids.botUser }, card);
    const { value = '' } = (await reader?.read()) ?? {};
    expect(value).toMatch(/^id: 1\ndata: \{"type":"message",.*\n\n$/);
    await reader?.cancel();
  });

  it.each([
    ['a body with unknown fields', 'command', { user: 'U1', command: '/x', oops: 1 }, 400],
    ['a person who is not there', 'command', { user: 'U0NOBODY001', command: '/x' }, 400],
    ['a name that is not there', 'nonsense', {}, 404],
  ])('refuses %s', async (_name, path, body, status) => {
    expect((await post(path, body)).status).toBe(status);
  });

  it('streams again what was missed', async () => {
    for (let count = 0; count < 3; count += 1)
      workspace.store.addMessage({ channelId: ids.loanDesk, userId: ids.botUser }, card);
    const response = await fetch(`${workspace.url}/_control/events?after=1`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('id: 3')) text += (await reader?.read())?.value ?? '';
    expect([...text.matchAll(/^id: (\d)$/gm)].map(([, id]) => id)).toEqual(['2', '3']);
    await reader?.cancel();
  });

  it('answers to loopback names only', async () => {
    const status = await new Promise((resolve) => {
      const headers = { host: 'attacker.example' };
      httpRequest(`${workspace.url}/_control/people`, { headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(403);
  });

  it('takes no forms from web pages elsewhere', async () => {
    const response = await fetch(`${workspace.url}/_control/command`, {
      method: 'POST',
      body: new URLSearchParams({ user: ids.ada }),
    });
    expect(response.status).toBe(415);
    expect(heard).toEqual([]);
  });
});
