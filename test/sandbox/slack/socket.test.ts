import { App, SocketModeReceiver } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { WebSocket } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace, type WorkspaceOptions } from '../../../sandbox/slack/workspace.ts';
import { boltLogger } from '../../../src/slack/slack-log.ts';
import { QUIET } from '../../support/logs.ts';

const quiet = boltLogger(QUIET);

let workspace: Workspace;
const receivers: SocketModeReceiver[] = [];
const sockets: WebSocket[] = [];

async function start(options: WorkspaceOptions = {}): Promise<void> {
  workspace = await startWorkspace(options);
}

interface Replica {
  readonly app: App;
  readonly receiver: SocketModeReceiver;
}

/** One replica of a bot on Bolt 5. Socket Mode's client waits `clientPingTimeout` before it reconnects. */
async function startReplica(name: string, heard: string[] = []): Promise<Replica> {
  const { apiUrl, grants } = workspace;
  const clientOptions = { slackApiUrl: apiUrl, retryConfig: { retries: 0 } };
  const receiver = new SocketModeReceiver({
    appToken: grants.appToken,
    logger: quiet,
    clientPingTimeout: 600,
    installerOptions: { clientOptions },
  });
  receivers.push(receiver);
  const app = new App({
    token: grants.botToken,
    receiver,
    deferInitialization: true,
    convoStore: false,
    logger: quiet,
    clientOptions,
  });
  app.command('/ltv', async ({ ack, command }) => {
    heard.push(`${name} ${command.text}`);
    await ack(`${name} answers`);
  });
  await app.init();
  await receiver.start();
  return { app, receiver };
}

/** A connection without Bolt, to see what is on the wire. This client leaves the end of TCP to the server. */
async function openRaw(endsTcp = true) {
  workspace.sockets.endsTcp = endsTcp;
  const client = new WebClient(workspace.grants.appToken, {
    slackApiUrl: workspace.apiUrl,
    logger: quiet,
  });
  const { url = '' } = await client.apps.connections.open();
  const socket = new WebSocket(url);
  sockets.push(socket);
  const messages: Record<string, unknown>[] = [];
  socket.addEventListener('message', ({ data }) => messages.push(JSON.parse(String(data))));
  const closed = new Promise<number>((resolve) =>
    socket.addEventListener('close', ({ code }) => resolve(code)),
  );
  await expect.poll(() => messages.length).toBe(1);
  return { socket, messages, closed, url };
}

const connectionCount = () => workspace.sockets.open.length;
const ltv = (text = '', options: object = {}) => workspace.as(ids.rina).command('/ltv', text, options);
const connected = (count: number) => workspace.until(() => (connectionCount() === count ? true : undefined));

afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.stop()));
  for (const socket of sockets.splice(0)) socket.close();
  await workspace.close();
});

describe('on the wire', () => {
  it('says hello, then sends envelopes that are acked by id', async () => {
    await start();
    const { socket, messages, url } = await openRaw();
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/link\/\?ticket=[\w-]+&app_id=A0LOANDESK1$/);
    expect(messages[0]).toEqual({
      type: 'hello',
      num_connections: 1,
      debug_info: { host: 'applink-sandbox', build_number: 10, approximate_connection_time: 3600 },
      connection_info: { app_id: ids.app },
    });
    socket.addEventListener('message', ({ data }) => {
      const { envelope_id } = JSON.parse(String(data));
      socket.send('not JSON');
      socket.send(JSON.stringify({ envelope_id: 'another' }));
      socket.send(JSON.stringify({ envelope_id, payload: { text: 'LTV 0.5' } }));
    });
    expect(await ltv('1', { channelId: ids.general })).toMatchObject({
      status: 200,
      body: { text: 'LTV 0.5' },
      shown: { text: 'LTV 0.5', viewerId: ids.rina },
    });
    await workspace.as(ids.rina).openHome({ retryNum: 2, retryReason: 'timeout' });
    expect(messages.slice(1)).toMatchObject([
      {
        type: 'slash_commands',
        accepts_response_payload: true,
        payload: { command: '/ltv', text: '1', user_id: ids.rina },
      },
      {
        type: 'events_api',
        accepts_response_payload: false,
        retry_attempt: 2,
        retry_reason: 'timeout',
        payload: { type: 'event_callback', event: { type: 'app_home_opened', user: ids.rina } },
      },
    ]);
    expect(messages[1]).not.toHaveProperty('retry_attempt');
  });

  it('opens each URL once, and no other URL', async () => {
    await start();
    const { url } = await openRaw();
    for (const wrong of [url, url.replace('/link/', '/other/')]) {
      const socket = new WebSocket(wrong);
      const outcome = await new Promise((resolve) => {
        socket.addEventListener('error', () => resolve('refused'));
        socket.addEventListener('open', () => resolve('open'));
      });
      expect(outcome).toBe('refused');
    }
    expect(connectionCount()).toBe(1);
  });

  it('refuses the eleventh connection', async () => {
    await start();
    for (let count = 0; count < 10; count += 1) await openRaw();
    const { messages, closed } = await openRaw();
    expect(messages).toMatchObject([{ type: 'disconnect', reason: 'too_many_websockets' }]);
    expect(await closed).toBe(1000);
    expect(connectionCount()).toBe(10);
  });

  it('warns, refreshes and closes', async () => {
    await start();
    const { messages, closed } = await openRaw();
    workspace.sockets.refresh({ warningMs: 20 });
    expect(await closed).toBe(1000);
    expect(messages.slice(1)).toEqual([
      { type: 'disconnect', reason: 'warning', debug_info: { host: 'applink-sandbox' } },
      { type: 'disconnect', reason: 'refresh_requested', debug_info: { host: 'applink-sandbox' } },
    ]);
  });

  it('lets the client close the TCP connection, as Slack does', async () => {
    await start();
    const { socket, messages } = await openRaw(false);
    workspace.sockets.refresh({ warningMs: 0 });
    await connected(0);
    expect(messages.at(-1)).toMatchObject({ reason: 'refresh_requested' });
    // The closing handshake is over, and this client still waits for the server's end.
    expect(socket.readyState).toBe(WebSocket.CLOSING);
  });

  it('ends with a client that sends binary data, or too much', async () => {
    await start();
    for (const [data, code] of [
      [new Uint8Array(1), 1003],
      ['x'.repeat(5 * 1024 * 1024), 1009],
    ] as const) {
      const { socket, closed } = await openRaw();
      socket.send(data);
      expect(await closed).toBe(code);
      await connected(0);
    }
  });

  it('switched off: link_disabled, and no new connection', async () => {
    await start();
    const { messages, closed } = await openRaw();
    workspace.sockets.disable();
    await closed;
    expect(messages[1]).toMatchObject({ type: 'disconnect', reason: 'link_disabled' });
    await expect(openRaw()).rejects.toThrow('feature_not_enabled');
    workspace.sockets.enable();
    await openRaw();
  });

  it('takes the app token in the header only', async () => {
    await start();
    const answer = await fetch(`${workspace.apiUrl}apps.connections.open`, {
      method: 'POST',
      body: new URLSearchParams({ token: workspace.grants.appToken }),
    });
    expect(await answer.json()).toMatchObject({ ok: false, error: 'not_authed' });
    for (const [token, error] of [
      [workspace.grants.botToken, 'not_allowed_token_type'],
      ['xapp-wrong', 'invalid_auth'],
    ]) {
      const client = new WebClient(token, { slackApiUrl: workspace.apiUrl, logger: quiet });
      await expect(client.apps.connections.open()).rejects.toThrow(error);
    }
  });
});

describe('what a person sees', () => {
  it('an ack that does not come in time is operation_timeout', async () => {
    await start({ ackTimeoutMs: 30 });
    const { socket, messages } = await openRaw();
    expect(await ltv()).toMatchObject({
      status: 0,
      failure: 'operation_timeout',
      shown: { text: '/ltv failed with the error "operation_timeout"' },
    });
    const message = workspace.store.addMessage(
      { channelId: ids.loanDesk, userId: ids.botUser },
      {
        text: 'x',
        blocks: [
          {
            type: 'actions',
            elements: [{ type: 'button', text: { type: 'plain_text', text: 'Go' }, action_id: 'go' }],
          },
        ],
      },
    );
    const { order } = workspace.store;
    expect(await workspace.as(ids.rina).click(message, 'go')).toMatchObject({ failure: 'operation_timeout' });
    // The late ack changes nothing.
    socket.send(JSON.stringify({ envelope_id: messages[1]?.envelope_id, payload: { text: 'late' } }));
    socket.close();
    await connected(0);
    expect(workspace.store.events.slice(order).map(({ type }) => type)).toEqual(['connection_closed']);
  });

  it('no connection, or one that breaks before the ack, is dispatch_failed', async () => {
    await start({ transport: 'socket' });
    expect(await ltv()).toMatchObject({ noAnswer: 'connection_failed', failure: 'dispatch_failed' });
    const { socket } = await openRaw();
    socket.addEventListener('message', () => workspace.sockets.drop());
    expect(await ltv()).toMatchObject({ noAnswer: 'connection_failed', failure: 'dispatch_failed' });
    await expect(ltv('', { connection: 1 })).rejects.toThrow('Connection 1 is not open; open: none');
  });
});

describe('replicas', () => {
  it('take turns, or a payload goes to the one that the test names', async () => {
    await start();
    const heard: string[] = [];
    await startReplica('first', heard);
    await startReplica('second', heard);
    for (const text of ['a', 'b', 'c']) await ltv(text);
    expect(heard).toEqual(['first a', 'second b', 'first c']);
    await ltv('d', { connection: 1 });
    await ltv('e', { connection: 2 });
    await ltv('f', { connection: 2 });
    expect(heard.slice(3)).toEqual(['first d', 'second e', 'second f']);
  });

  it('the same envelope can come again, and to the other replica', async () => {
    await start();
    const retries: unknown[][] = [];
    const heard: string[] = [];
    for (const name of ['first', 'second']) {
      const { app } = await startReplica(name, heard);
      app.event('app_home_opened', async ({ body, context }) => {
        retries.push([name, body.event_id, context.retryNum, context.retryReason]);
      });
    }
    const { request } = await ltv('x', { connection: 1 });
    expect(await workspace.resend(request, { connection: 1 })).toMatchObject({ status: 200 });
    expect(await workspace.resend(request, { connection: 2 })).toMatchObject({
      status: 200,
      body: { text: 'second answers' },
    });
    expect(heard).toEqual(['first x', 'first x', 'second x']);

    const home = await workspace.as(ids.vera).openHome({ connection: 1 });
    await workspace.resend(home.request, { connection: 2, retryNum: 1 });
    await expect.poll(() => retries.length).toBe(2);
    const [[, eventId] = []] = retries;
    expect(retries).toEqual([
      ['first', eventId, 0, ''],
      ['second', eventId, 1, 'timeout'],
    ]);
  });
});

describe('connections that end', () => {
  it.each([
    ['with a warning', {}, false],
    ['without a warning', { warningMs: 0 }, false],
    ['that ends TCP too', { warningMs: 0 }, true],
  ])('a refresh %s: the bot reconnects, and gets what comes later', async (_name, options, endsTcp) => {
    await start();
    workspace.sockets.endsTcp = endsTcp;
    const heard: string[] = [];
    await startReplica('bot', heard);
    workspace.sockets.refresh(options);
    await connected(0);
    await connected(1);
    expect(workspace.sockets.open).toMatchObject([{ id: 2 }]);
    expect(await ltv('later')).toMatchObject({ status: 200, body: { text: 'bot answers' } });
    expect(heard).toEqual(['bot later']);
  });

  it('while one replica is refreshed, the other one answers', async () => {
    await start();
    const heard: string[] = [];
    await startReplica('first', heard);
    await startReplica('second', heard);
    workspace.sockets.refresh({ connection: 1, warningMs: 0 });
    for (const text of ['a', 'b']) expect(await ltv(text)).toMatchObject({ status: 200 });
    expect(heard).toEqual(['second a', 'second b']);
    await connected(2);
    await ltv('c', { connection: 3 });
    expect(heard.at(-1)).toBe('first c');
  });

  it.each([
    ['dropped', () => workspace.sockets.drop(1)],
    ['silent', () => workspace.sockets.silence(1)],
  ])('a %s connection is replaced', async (_name, break_) => {
    await start();
    await startReplica('bot');
    break_();
    await connected(0);
    await connected(1);
    expect(await ltv()).toMatchObject({ status: 200 });
  });

  it('a handler that is at work when the connection is refreshed cannot ack any more', async () => {
    await start();
    const { app } = await startReplica('bot');
    app.command('/slow', async ({ ack }) => {
      workspace.sockets.refresh({ warningMs: 0 });
      await connected(0);
      await ack('too late').catch(() => undefined);
    });
    expect(await workspace.as(ids.rina).command('/slow')).toMatchObject({ failure: 'dispatch_failed' });
  });
});
