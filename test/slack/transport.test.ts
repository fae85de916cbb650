/** What reaches the listeners over HTTP, and how fast it is acknowledged. */
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { done, refuse } from '../../src/domain/refusal.ts';
import { ACTIONS } from '../../src/slack/ids.ts';
import { SERVER_LIMITS } from '../../src/slack/transport.ts';
import { createWebClient } from '../../src/slack/web-client.ts';
import type { Desk } from '../../src/usecases/desk.ts';
import { type SeenOnce, StoreUnavailable } from '../../src/usecases/ports.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { request } from '../support/close-requests.ts';
import { QUIET } from '../support/logs.ts';
import { type SlackHarness, type SlackHarnessOptions, startSlackHarness } from './support/slack-harness.ts';

const FLOODER = new URL('./support/flood-bodies.mjs', import.meta.url).pathname;

let slack: SlackHarness;

afterEach(async () => {
  await slack.close();
});

const emptyLists = async () => done({ open: [], recent: [], unreadable: [] });

async function start(
  desk: Partial<Desk>,
  seenOnce?: SeenOnce,
  limits?: SlackHarnessOptions['limits'],
): Promise<void> {
  slack = await startSlackHarness({
    desk: () => fakeDesk(desk),
    ...(limits === undefined ? {} : { limits }),
    ...(seenOnce === undefined ? {} : { seenOnce }),
  });
}

function commandBody(triggerId: string): string {
  return new URLSearchParams({
    command: '/loandesk',
    text: 'requests',
    team_id: ids.team,
    user_id: ids.rina,
    channel_id: ids.general,
    trigger_id: triggerId,
    response_url: `${slack.workspace.url}/commands/none`,
    api_app_id: ids.app,
  }).toString();
}

function post(
  body: string,
  options: { readonly offsetS?: number; readonly secret?: string } = {},
): Promise<Response> {
  const timestamp = String(Math.floor(Date.now() / 1000) + (options.offsetS ?? 0));
  const secret = options.secret ?? slack.workspace.signingSecret;
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return fetch(`${slack.url}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${signature}`,
    },
    body,
  });
}

describe('requests over HTTP', () => {
  it.each([
    ['of now', {}, 200],
    ['with a wrong secret', { secret: 'not-the-secret' }, 401],
    ['from ten minutes ago', { offsetS: -600 }, 401],
    ['from the future', { offsetS: 120 }, 401],
    ['from far in the future', { offsetS: 400 }, 401],
  ])('%s', async (_, options, status) => {
    let calls = 0;
    await start({
      listRequests: () => {
        calls += 1;
        return emptyLists();
      },
    });
    expect((await post(commandBody('1.2.three'), options)).status).toBe(status);
    await slack.app.stop();
    expect(calls).toBe(status === 200 ? 1 : 0);
  });

  it.each([
    ['an unsigned command', 'POST', '/slack/events', 'command=%2Floandesk', 401],
    ["Slack's probe of the certificate", 'POST', '/slack/events', 'ssl_check=1&token=abc', 200],
    [
      'a command dressed up as a probe',
      'POST',
      '/slack/events',
      'ssl_check=1&command=%2Floandesk&text=requests',
      200,
    ],
    [
      'a click dressed up as a probe',
      'POST',
      '/slack/events',
      `ssl_check=1&payload=${encodeURIComponent(JSON.stringify({ type: 'block_actions', user: { id: 'U1' } }))}`,
      200,
    ],
    [
      'a click behind a probe',
      'POST',
      '/slack/events',
      `payload=${encodeURIComponent('{"type":"block_actions"}')}&ssl_check=1&ssl_check=1`,
      401,
    ],
    ['a long unsigned body', 'POST', '/slack/events', 'x'.repeat(1024 * 1024 + 1), 401],
    ['another path', 'POST', '/slack/other', 'command=%2Floandesk', 404],
    ['another method', 'PUT', '/slack/events', 'command=%2Floandesk', 404],
    ['a look', 'GET', '/slack/events', undefined, 404],
  ])('lets %s do nothing', async (_, method, path, body, status) => {
    const said: string[] = [];
    await start({
      listRequests: () => {
        said.push('asked');
        return emptyLists();
      },
    });
    const answer = await fetch(`${slack.url}${path}`, {
      method,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      ...(body === undefined ? {} : { body }),
    });
    expect(answer.status).toBe(status);
    await slack.app.stop();
    expect(said).toEqual([]);
  });

  it('reads no more than 1 MiB of a body, whatever its headers say', async () => {
    await start({});
    expect((await post('x'.repeat(1024 * 1024 + 1))).status).toBe(413);
  });

  it('does not wait for the body of somebody who cannot be Slack', async () => {
    await start({});
    const { port, hostname } = new URL(slack.url);
    const socket = connect(Number(port), hostname);
    socket.write('POST /slack/events HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n\r\nhalf of it');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('401');
    socket.destroy();
  });

  it('waits 10 s for the rest of a body, whatever address it claims', async () => {
    expect(SERVER_LIMITS).toMatchObject({ requestTimeout: 10_000, headersTimeout: 10_000 });
    // Node looks at intervals of this length; here everything goes ten times as fast.
    expect(SERVER_LIMITS.connectionsCheckingInterval).toBeLessThanOrEqual(1_000);
    const serverLimits = { requestTimeout: 1_000, headersTimeout: 1_000, connectionsCheckingInterval: 100 };
    await start({}, undefined, { serverLimits });
    const { port, hostname } = new URL(slack.url);
    const socket = connect(Number(port), hostname);
    const startedMs = performance.now();
    const timestamp = Math.floor(Date.now() / 1000);
    socket.write(
      `POST /slack/events HTTP/1.1\r\nhost: x\r\nx-slack-request-timestamp: ${timestamp}\r\nx-slack-signature: v0=${'0'.repeat(64)}\r\ncontent-length: 900000\r\n\r\nhalf of it`,
    );
    socket.resume();
    await once(socket, 'close');
    const tookMs = performance.now() - startedMs;
    expect(tookMs).toBeGreaterThan(900);
    expect(tookMs).toBeLessThan(1_500);
  });

  it('tells the person when a form or click has no handler', async () => {
    await start({}, undefined, { unhandledAfterMs: 50 });
    const payload = {
      type: 'view_submission',
      team: { id: ids.team },
      user: { id: ids.rina, team_id: ids.team },
      view: { id: 'V1', callback_id: 'modal:unheard-of', state: { values: {} }, private_metadata: '' },
      trigger_id: '1.2.four',
    };
    const answer = await post(new URLSearchParams({ payload: JSON.stringify(payload) }).toString());
    expect(answer.status).toBe(503);
  });

  it('has one effect for a request that is sent twice, byte by byte', async () => {
    let calls = 0;
    await start({
      listRequests: () => {
        calls += 1;
        return emptyLists();
      },
    });
    const { workspace } = slack;
    const sent = await workspace.as(ids.rina).command('/loandesk', 'requests', { channelId: ids.general });
    await slack.privateText(ids.rina, (text) => text.includes('No close request is open'), ids.general);
    await workspace.resend(sent.request);
    const outcomes = () =>
      slack.log
        .filter(({ message }) => message === 'interaction handled')
        .map(({ fields }) => ('outcome' in fields ? fields.outcome : null));
    await expect.poll(outcomes).toEqual(['done', 'duplicate']);
    expect(calls).toBe(1);
    expect(workspace.store.ephemerals(ids.rina)).toHaveLength(1);
  });

  it('refuses with a sentence while the store is down', async () => {
    await start(
      {},
      {
        has: async () => false,
        forget: async () => {},
        first: async () => {
          throw new StoreUnavailable(new Error('down'));
        },
      },
    );
    await slack.workspace.as(ids.rina).command('/loandesk', 'requests', { channelId: ids.general });
    await slack.privateText(ids.rina, (text) => text.includes("can't reach its own records"), ids.general);
  });

  it('acknowledges at once while desk and store take their time', async () => {
    const held = Promise.withResolvers<void>();
    await start(
      {
        listRequests: async () => {
          await held.promise;
          return emptyLists();
        },
      },
      {
        has: async () => false,
        forget: async () => {},
        first: async () => {
          await held.promise;
          return true;
        },
      },
    );
    const took: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      const startedMs = performance.now();
      const asked = await slack.workspace
        .as(ids.rina)
        .command('/loandesk', 'requests', { channelId: ids.general });
      took.push(performance.now() - startedMs);
      expect(asked.failure).toBeUndefined();
      expect(asked.shown).toBeUndefined();
    }
    expect(Math.max(...took)).toBeLessThan(1_000);
    held.resolve();
    await slack.privateText(ids.rina, (text) => text.includes('No close request is open'), ids.general);
  });

  it('answers a button of an earlier version', async () => {
    await start({});
    const { workspace } = slack;
    const client = createWebClient({ apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken }, QUIET);
    const { ts = '' } = await client.chat.postMessage({
      channel: ids.loanDesk,
      text: 'An old card',
      blocks: [
        {
          type: 'actions',
          elements: [
            {
              type: 'button',
              action_id: 'old:approve',
              text: { type: 'plain_text', text: 'Approve' },
              value: '1',
            },
          ],
        },
      ],
    });
    const clicked = await workspace.as(ids.ada).click({ channelId: ids.loanDesk, ts }, 'old:approve');
    expect(clicked.failure).toBeUndefined();
    await slack.privateText(ids.ada, (text) => text.includes('earlier version'), ids.loanDesk);
  });

  it('answers a command without a handler before Slack times out', async () => {
    await start({});
    const answer = await post(commandBody('1.2.three').replace('loandesk', 'unheard-of'));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("didn't get to this command");
  });

  it('waits at its stop for what is under way', async () => {
    const held = Promise.withResolvers<void>();
    let ended = false;
    await start({
      listRequests: async () => {
        await held.promise;
        ended = true;
        return emptyLists();
      },
    });
    await slack.workspace.as(ids.rina).command('/loandesk', 'requests', { channelId: ids.general });
    const stopping = slack.app.stop();
    held.resolve();
    await stopping;
    expect(ended).toBe(true);
  });

  it('serves the routes it was given, and is connected once Slack has accepted the token', async () => {
    await start({});
    expect(await (await fetch(`${slack.url}/livez`)).text()).toBe('ok');
    await expect.poll(() => slack.app.connected()).toBe(true);
  });
});

describe('requests in unusual forms', () => {
  const signed = (body: string, contentType: string, path = '/slack/events') => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', slack.workspace.signingSecret)
      .update(`v0:${timestamp}:${body}`)
      .digest('hex');
    return fetch(`${slack.url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': contentType,
        'x-slack-request-timestamp': timestamp,
        'x-slack-signature': `v0=${signature}`,
      },
      body,
    });
  };
  const FORM = 'application/x-www-form-urlencoded';

  it.each([FORM, `${FORM}; charset=utf-8`, 'Application/X-WWW-Form-URLEncoded', `${FORM} ;charset=UTF-8`])(
    'fault W9: a command of content type "%s"',
    async (contentType) => {
      let calls = 0;
      await start({
        listRequests: () => {
          calls += 1;
          return emptyLists();
        },
      });
      const answer = await signed(commandBody('1.2.nine'), contentType);
      expect([answer.status, await answer.text()]).toEqual([200, '']);
      await expect.poll(() => calls).toBe(1);
    },
  );

  it.each([
    ['payload=null', FORM],
    ['payload=%22text%22', FORM],
    ['payload=%5B%5D', FORM],
    ['payload=%7B', FORM],
    ['payload=%7B%7D&payload=%7B%7D', FORM],
    ['null', 'application/json'],
    ['[]', 'application/json; charset=utf-8'],
    ['1', 'application/json'],
    ['', 'application/json'],
  ])('fault A12: a signed body "%s" is refused, and nothing is left unhandled', async (body, contentType) => {
    await start({});
    expect((await signed(body, contentType)).status).toBe(400);
  });

  it.each([
    ['payload={}', FORM],
    ['payload={"type":"block_actions"}', FORM],
    ['payload={"type":"view_submission","view":null}', FORM],
    ['{"type":"event_callback"}', 'application/json'],
    ['{"type":"event_callback","event":null}', 'application/json'],
    ['command=', FORM],
    ['', FORM],
  ])('fault A12, relative: "%s" is answered, whatever Bolt makes of it', async (body, contentType) => {
    await start({}, undefined, { unhandledAfterMs: 50 });
    expect((await signed(body, contentType)).status).toBeGreaterThanOrEqual(200);
  });

  it.each(['//', '//evil/slack/events', '/%', '/slack/events/..%2f', '*'])(
    'fault A12, relative: GET %s',
    async (path) => {
      await start({});
      const { port, hostname } = new URL(slack.url);
      const socket = connect(Number(port), hostname);
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      const [answer] = await once(socket, 'data');
      expect(String(answer)).toMatch(/^HTTP\/1\.1 40[04] /);
      socket.destroy();
    },
  );

  it('fault W12: connections are kept longer than balancers keep them', async () => {
    await start({});
    const answer = await fetch(`${slack.url}/livez`);
    expect(answer.headers.get('keep-alive')).toBe('timeout=75');
  });
});

describe('a flood that Slack did not sign', () => {
  it('fault A10: 900 badly signed bodies of 1 MiB are held within a bound, and acks come in time', async () => {
    await start({ listRequests: emptyLists });
    const { port, hostname } = new URL(slack.url);
    const before = process.memoryUsage().arrayBuffers;
    const flood = spawn(process.execPath, [FLOODER, hostname, port], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(flood.stdout, 'data');
    let most = 0;
    const tookMs: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      const startedMs = performance.now();
      expect((await post(commandBody(`1.2.flood${index}`))).status).toBe(200);
      tookMs.push(performance.now() - startedMs);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    flood.kill();
    await once(flood, 'exit');
    expect(Math.max(...tookMs)).toBeLessThan(3_000);
    expect(most).toBeLessThan(256 * 1_048_576);
  }, 60_000);

  it('fault A13: it is counted, and one line in the log for the first of it', async () => {
    const refused: string[] = [];
    slack = await startSlackHarness({
      desk: () => fakeDesk({}),
      events: { httpRequestRefused: (why) => void refused.push(why) },
    });
    for (let sent = 0; sent < 50; sent += 1) {
      const [options, body] = sent % 2 === 0 ? [{ secret: 'wrong' }, 'x'] : [{ offsetS: -600 }, 'x'];
      expect((await post(body, options)).status).toBe(401);
    }
    expect(refused).toHaveLength(50);
    expect(new Set(refused)).toEqual(new Set(['signature mismatch', 'stale']));
    expect(slack.log.filter(({ message }) => message.includes('did not sign'))).toHaveLength(1);
  });
});

describe('two lanes', () => {
  it('fault A1: Withdraw is done at once while 34 look-ups wait for an exchange that hangs', async () => {
    const held = Promise.withResolvers<void>();
    const pending = request({ requester: { teamId: ids.team, userId: ids.rina }, card: null });
    await start({
      viewUnits: async () => {
        await held.promise;
        return refuse({ code: 'unit-id-missing' });
      },
      withdraw: async () => done({ ...pending, state: 'withdrawn' }),
    });
    const { workspace, clients } = slack;
    await clients.notifier.deliver({ kind: 'card' }, pending, null);
    const [card] = workspace.store.messages(ids.loanDesk);
    if (card === undefined) throw new Error('no card');
    const at = { channelId: ids.general };
    await Promise.all(Array.from({ length: 34 }, () => workspace.as(ids.vera).command('/ltv', '', at)));
    await workspace.as(ids.rina).click(card, ACTIONS.withdraw);
    await slack.privateText(ids.rina, (text) => text.includes('Your request is withdrawn'), ids.loanDesk);
    held.resolve();
  });

  it('fault A1, relative: hanging decisions do not block reads', async () => {
    const held = Promise.withResolvers<void>();
    const pending = request({ requester: { teamId: ids.team, userId: ids.rina }, card: null });
    await start({
      listRequests: emptyLists,
      withdraw: async () => {
        await held.promise;
        return done(pending);
      },
    });
    const { workspace, clients } = slack;
    await clients.notifier.deliver({ kind: 'card' }, pending, null);
    const [card] = workspace.store.messages(ids.loanDesk);
    if (card === undefined) throw new Error('no card');
    await Promise.all(
      Array.from({ length: 100 }, () => workspace.as(ids.rina).click(card, ACTIONS.withdraw)),
    );
    await workspace.as(ids.vera).command('/loandesk', 'requests', { channelId: ids.general });
    await slack.privateText(ids.vera, (text) => text.includes('No close request is open'), ids.general);
    held.resolve();
  });
});

describe('a Slack that is down at the start', () => {
  it('does not keep the bot from listening; it is connected when Slack answers', async () => {
    slack = await startSlackHarness({
      desk: () => fakeDesk({}),
      prepare: ({ faults }) => faults.add('auth.test', { kind: 'http', status: 503 }, 1),
    });
    expect((await fetch(`${slack.url}/livez`)).status).toBe(200);
    expect(slack.app.connected()).toBe(false);
    await expect.poll(() => slack.app.connected(), { timeout: 5_000 }).toBe(true);
  });
});
