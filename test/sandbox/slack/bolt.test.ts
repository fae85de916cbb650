import { once } from 'node:events';
import { createServer } from 'node:http';
import { App, HTTPReceiver, RespondError, SocketModeReceiver } from '@slack/bolt';
import type { WebClientOptions } from '@slack/web-api';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { SEED_IDS as ids } from '../../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../../sandbox/slack/store.ts';
import { startWorkspace, type Workspace } from '../../../sandbox/slack/workspace.ts';
import { boltLogger } from '../../../src/slack/slack-log.ts';
import { QUIET } from '../../support/logs.ts';

/** A small bot on Bolt 5, as the real one is built: its listeners are what these tests play against. */
const quiet = boltLogger(QUIET);

const text = (value: string) => ({ type: 'plain_text' as const, text: value });
const mrkdwn = (value: string) => ({
  type: 'section' as const,
  text: { type: 'mrkdwn' as const, text: value },
});
const button = (label: string, actionId: string, value: string) => ({
  type: 'button' as const,
  text: text(label),
  action_id: actionId,
  value,
  confirm: { text: text('Sure?') },
});
const card = {
  channel: ids.loanDesk,
  text: 'Card',
  blocks: [
    mrkdwn('Close unit 1'),
    { type: 'actions' as const, elements: [button('Approve', 'approve', 'r1')] },
  ],
};

let workspace: Workspace;
let receiver: HTTPReceiver | SocketModeReceiver;
let app: App;
const offsetMs = { value: 0 };

/** Starts the bot behind one of Bolt's receivers. */
async function startBot(transport: 'http' | 'socket'): Promise<void> {
  offsetMs.value = 0;
  workspace = await startWorkspace({ now: () => Date.now() + offsetMs.value });
  const { apiUrl, grants } = workspace;
  const clientOptions = { slackApiUrl: apiUrl, retryConfig: { retries: 0 } };
  const startReceiver = transport === 'http' ? listenForSlack() : connectToSlack(clientOptions);
  app = new App({
    token: grants.botToken,
    receiver,
    deferInitialization: true,
    convoStore: false,
    logger: quiet,
    clientOptions,
  });
  await app.init();
  await startReceiver();
}

function listenForSlack(): () => Promise<void> {
  const { signingSecret } = workspace;
  const http = new HTTPReceiver({ signingSecret, logger: quiet, unhandledRequestTimeoutMillis: 50 });
  receiver = http;
  return async () => {
    const address = (await http.start({ port: 0, host: '127.0.0.1' })).address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    workspace.setBotUrl(`http://127.0.0.1:${address.port}/slack/events`);
  };
}

function connectToSlack(clientOptions: WebClientOptions): () => Promise<void> {
  const { appToken } = workspace.grants;
  const socket = new SocketModeReceiver({ appToken, logger: quiet, installerOptions: { clientOptions } });
  receiver = socket;
  return async () => {
    await socket.start();
  };
}

afterEach(async () => {
  await receiver.stop();
  await workspace.close();
});

async function postCard(): Promise<StoredMessage> {
  const { ts = '' } = await app.client.chat.postMessage(card);
  const message = workspace.store.message(ids.loanDesk, ts);
  if (message === undefined) throw new Error('no card');
  return message;
}

describe.each(['http', 'socket'] as const)('over %s', (transport) => {
  beforeEach(() => startBot(transport));

  it('is how payloads travel', () => expect(workspace.transport).toBe(transport));

  describe('commands', () => {
    it('reach the bot signed, with ids for mentions, and the ack is shown to one person', async () => {
      app.command('/ltv', async ({ ack, command }) => {
        const { text: typed, user_id, team_id, channel_id, channel_name, api_app_id } = command;
        await ack({
          response_type: 'ephemeral',
          text: JSON.stringify({ typed, user_id, team_id, channel_id, channel_name, api_app_id }),
        });
      });
      const result = await workspace
        .as(ids.rina)
        .command('/ltv', '> 70% @ada #loan-desk', { channelId: ids.general });
      expect(result).toMatchObject({ status: 200 });
      expect(result.elapsedMs).toBeLessThan(3000);
      expect(JSON.parse(result.shown?.text ?? '')).toEqual({
        typed: `&gt; 70% <@${ids.ada}|ada> <#${ids.loanDesk}|loan-desk>`,
        user_id: ids.rina,
        team_id: ids.team,
        channel_id: ids.general,
        channel_name: 'general',
        api_app_id: ids.app,
      });
      expect(workspace.store.messages(ids.general, ids.ada)).toEqual([]);
      expect(workspace.store.messages(ids.general, ids.rina).length).toBe(1);
    });

    it('are answered by new messages: neither the ack nor an earlier answer is replaced', async () => {
      app.command('/ltv', async ({ ack, respond }) => {
        await ack({ response_type: 'ephemeral', text: 'Fetching …' });
        await respond({ response_type: 'ephemeral', text: 'Still fetching …' });
        const blocks = [mrkdwn('*LTV* 0.5')];
        await respond({ replace_original: true, response_type: 'ephemeral', text: 'LTV 0.5', blocks });
        await respond({ delete_original: true });
      });
      await workspace.as(ids.rina).command('/ltv', '1', { channelId: ids.general });
      const answers = () => workspace.store.calls.filter(({ method }) => method === 'response_url').length;
      await expect.poll(answers).toBe(3);
      expect(workspace.store.ephemerals(ids.rina).map((message) => workspace.renderText(message))).toEqual([
        'Fetching …',
        'Still fetching …',
        '*LTV* 0.5',
      ]);
    });

    it('in_channel publishes the command line too', async () => {
      app.command('/ltv', ({ ack }) => ack({ response_type: 'in_channel', text: 'for all' }));
      await workspace.as(ids.rina).command('/ltv', '1', { channelId: ids.general });
      expect(workspace.store.messages(ids.general).map(({ userId, text: said }) => [userId, said])).toEqual([
        [ids.rina, '/ltv 1'],
        [ids.botUser, 'for all'],
      ]);
    });

    it('respond works five times, thirty minutes long', async () => {
      const outcomes: unknown[] = [];
      const statusOf = (error: unknown) => (error instanceof RespondError ? error.statusCode : error);
      app.command('/ltv', async ({ ack, respond }) => {
        await ack();
        for (const said of ['1', '2', '3', '4', '5', '6'])
          await respond(said).catch((error) => outcomes.push(statusOf(error)));
      });
      app.command('/late', async ({ ack, respond }) => {
        await ack();
        offsetMs.value = 31 * 60_000;
        await respond('late').catch((error) => outcomes.push(statusOf(error)));
      });
      const responses = () => workspace.store.calls.filter(({ method }) => method === 'response_url');
      await workspace.as(ids.rina).command('/ltv', '', { channelId: ids.general });
      await workspace.until(() => responses()[5]);
      await workspace.as(ids.rina).command('/late', '', { channelId: ids.general });
      await workspace.until(() => responses()[6]);
      expect(responses().map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 404, 404]);
      expect(
        responses()
          .map(({ error }) => error)
          .slice(5),
      ).toEqual(['used_url', 'expired_url']);
      expect(workspace.store.ephemerals(ids.rina).map((message) => message.text)).toEqual([
        '1',
        '2',
        '3',
        '4',
        '5',
      ]);
      await expect.poll(() => outcomes).toEqual([404, 404]);
    });

    it('cannot be typed where the person is not, unless forced', async () => {
      await expect(workspace.as(ids.frank).command('/ltv', '', { channelId: ids.loanDesk })).rejects.toThrow(
        'cannot write',
      );
      await expect(workspace.as(ids.dora).command('/ltv')).rejects.toThrow('cannot write');
      app.command('/ltv', ({ ack, command }) => ack(command.team_id));
      const forced = await workspace
        .as(ids.frank)
        .command('/ltv', '', { channelId: ids.loanDesk, force: true });
      expect(forced.shown?.text).toBe(ids.foreignTeam);
    });
  });

  describe('clicks', () => {
    it('carry the message, and the bot updates it', async () => {
      app.action('approve', async ({ ack, body, client, action }) => {
        await ack();
        if (body.type !== 'block_actions' || body.message === undefined || action.type !== 'button') return;
        const { ts } = body.message;
        await client.chat.update({
          channel: body.channel?.id ?? '',
          ts,
          text: `Approved by <@${body.user.id}>: ${action.value}`,
        });
      });
      const message = await postCard();
      const click = await workspace.as(ids.ada).click(message, 'approve');
      expect(click).toMatchObject({ status: 200 });
      const event = await workspace.next(({ type }) => type === 'message_changed', { after: click.order });
      expect('message' in event && workspace.renderText(event.message)).toBe(
        'Approved by @Ada Lindqvist: r1',
      );
      await expect(workspace.as(ids.ben).click(message, 'approve')).rejects.toThrow('0 elements "approve"');
      expect(await workspace.as(ids.ben).click(message, 'approve', { stale: true })).toMatchObject({
        status: 200,
      });
    });

    it('have every field that Slack sends', async () => {
      let seen: object = {};
      app.action('approve', async ({ ack, body }) => {
        seen = body;
        await ack();
      });
      const message = await postCard();
      await workspace.as(ids.ada).click(message, 'approve');
      expect(seen).toMatchObject({
        type: 'block_actions',
        user: { id: ids.ada, username: 'ada', team_id: ids.team },
        team: { id: ids.team, domain: 'loandesk-sandbox' },
        enterprise: null,
        is_enterprise_install: false,
        api_app_id: ids.app,
        container: { type: 'message', message_ts: message.ts, channel_id: ids.loanDesk, is_ephemeral: false },
        channel: { id: ids.loanDesk, name: 'loan-desk' },
        message: {
          type: 'message',
          user: ids.botUser,
          bot_id: ids.bot,
          ts: message.ts,
          text: 'Card',
          blocks: message.blocks,
        },
        state: { values: {} },
        actions: [
          {
            type: 'button',
            action_id: 'approve',
            value: 'r1',
            text: text('Approve'),
            confirm: { text: text('Sure?') },
          },
        ],
      });
      expect(seen).toHaveProperty('trigger_id');
      expect(seen).toHaveProperty('response_url');
      expect(seen).toHaveProperty('actions.0.block_id', message.blocks[1]?.block_id);
    });

    it('come from another team when asked', async () => {
      let team = '';
      app.action('approve', async ({ ack, body }) => {
        team = `${body.team?.id} ${'team_id' in body.user ? body.user.team_id : ''}`;
        await ack();
      });
      await workspace.as(ids.frank).click(await postCard(), 'approve', { force: true });
      expect(team).toBe(`${ids.foreignTeam} ${ids.foreignTeam}`);
    });

    it('on an ephemeral message replace or delete it through the response_url', async () => {
      app.command('/list', ({ ack }) =>
        ack({
          response_type: 'ephemeral',
          text: 'page 1',
          blocks: [
            mrkdwn('page 1'),
            { type: 'actions', elements: [button('Older', 'older', '2'), button('Close', 'close', 'x')] },
          ],
        }),
      );
      app.action('older', async ({ ack, respond }) => {
        await ack();
        await respond({
          replace_original: true,
          text: 'page 2',
          blocks: [mrkdwn('page 2'), { type: 'actions', elements: [button('Close', 'close', 'x')] }],
        });
      });
      app.action('close', async ({ ack, respond }) => {
        await ack();
        await respond({ delete_original: true });
      });
      const rina = workspace.as(ids.rina);
      const { shown } = await rina.command('/list', '', { channelId: ids.general });
      if (shown === undefined) throw new Error('nothing shown');
      await expect(workspace.as(ids.ada).click(shown, 'older')).rejects.toThrow('does not see');
      const { order } = await rina.click(shown, 'older');
      await workspace.next(({ type }) => type === 'message_changed', { after: order });
      expect(workspace.renderText(workspace.store.ephemerals(ids.rina)[0] ?? {})).toBe('page 2\n\n[Close]');
      const closed = await rina.click(shown, 'close');
      await workspace.next(({ type }) => type === 'message_deleted', { after: closed.order });
      expect(workspace.store.ephemerals(ids.rina)).toEqual([]);
    });
  });

  describe('modals', () => {
    const input = (blockId: string, element: object, optional = false) => ({
      type: 'input',
      block_id: blockId,
      label: text(blockId),
      optional,
      element,
    });
    const option = (value: string) => ({ text: text(value), value });
    const view = {
      type: 'modal' as const,
      callback_id: 'close',
      private_metadata: 'r1',
      title: text('Close unit'),
      submit: text('Approve'),
      blocks: [
        input('id', { type: 'plain_text_input', action_id: 'unit', min_length: 1 }),
        input(
          'why',
          { type: 'radio_buttons', action_id: 'reason', options: [option('repaid'), option('other')] },
          true,
        ),
      ],
    };

    beforeEach(() => {
      app.command('/close', async ({ ack, client, command }) => {
        await ack();
        await client.views.open({ trigger_id: command.trigger_id, view });
      });
    });

    async function openModal() {
      const { order } = await workspace.as(ids.rina).command('/close', '', { channelId: ids.loanDesk });
      await workspace.next(({ type }) => type === 'view_opened', { after: order });
      const [opened] = workspace.store.modals(ids.rina);
      if (opened === undefined) throw new Error('no modal');
      return opened;
    }

    it('open, refuse with errors, and close when submitted', async () => {
      const seen: unknown[] = [];
      app.view('close', async ({ ack, view: submitted }) => {
        seen.push(submitted.state.values, submitted.private_metadata);
        const typed = submitted.state.values.id?.unit?.value;
        await (typed === '1' ? ack() : ack({ response_action: 'errors', errors: { id: 'Not this unit' } }));
      });
      const opened = await openModal();
      expect(workspace.renderText(opened)).toBe(
        'Close unit\n══════════\n\nid:\n  [________]\n\nwhy (optional):\n  ( ) repaid   ( ) other\n\n[Approve]',
      );
      const rina = workspace.as(ids.rina);
      await expect(rina.submit(opened.id)).rejects.toThrow('Please complete this required field: unit');
      await expect(rina.submit(opened.id, { nope: 'x' })).rejects.toThrow('No input "nope"');
      await rina.submit(opened.id, { unit: '2' });
      expect(workspace.store.view(opened.id)).toMatchObject({
        isOpen: true,
        errors: { id: 'Not this unit' },
      });
      await rina.submit(opened.id, { id: '1', reason: 'repaid' });
      expect(workspace.store.modals(ids.rina)).toEqual([]);
      expect(seen.slice(2)).toEqual([
        {
          id: { unit: { type: 'plain_text_input', value: '1' } },
          why: { reason: { type: 'radio_buttons', selected_option: option('repaid') } },
        },
        'r1',
      ]);
    });

    it('a submission may update', async () => {
      const next = { type: 'modal' as const, title: text('Next'), blocks: [mrkdwn('x')] };
      app.view('close', ({ ack }) => ack({ response_action: 'update', view: next }));
      const opened = await openModal();
      expect(await workspace.as(ids.rina).submit(opened.id, { unit: '1' })).not.toHaveProperty('failure');
      expect(workspace.store.modals(ids.rina).map(({ payload }) => payload.title)).toEqual([text('Next')]);
    });

    it('reports an answer that Slack could not use', async () => {
      app.view('close', ({ ack }) => ack({ response_action: 'errors', errors: { nosuch: 'x' } }));
      const opened = await openModal();
      expect(await workspace.as(ids.rina).submit(opened.id, { unit: '1' })).toMatchObject({
        failure: 'invalid_errors',
      });
      expect(workspace.store.modals(ids.rina).length).toBe(1);
    });
  });

  describe('App Home', () => {
    it('is published when it is opened; a redelivery carries its headers', async () => {
      const retries: unknown[] = [];
      app.event('app_home_opened', async ({ event, client, context }) => {
        retries.push(context.retryNum, context.retryReason);
        await client.views.publish({
          user_id: event.user,
          view: {
            type: 'home',
            blocks: [mrkdwn('Hello'), { type: 'actions', elements: [button('Go', 'go', '1')] }],
          },
        });
      });
      let fromHome: object = {};
      app.action('go', async ({ ack, body }) => {
        fromHome = body;
        await ack();
      });
      const { order } = await workspace.as(ids.vera).openHome({ retryNum: 1, retryReason: 'http_timeout' });
      await workspace.next(({ type }) => type === 'home', { after: order });
      expect(retries).toEqual([1, 'http_timeout']);
      const home = workspace.store.home(ids.vera);
      expect(workspace.renderText(home ?? {})).toBe('Hello\n\n[Go]');
      await workspace.as(ids.vera).click({ viewId: home?.id ?? '' }, 'go');
      expect(fromHome).toMatchObject({
        container: { type: 'view', view_id: home?.id },
        view: { type: 'home', hash: home?.hash },
      });
      expect(fromHome).not.toHaveProperty('response_url');
    });
  });
});

describe('over HTTP only', () => {
  beforeEach(() => startBot('http'));

  it('nobody answers, or too late: the person sees an error', async () => {
    const nobody = await workspace.as(ids.rina).command('/nothing');
    expect(nobody).toMatchObject({ status: 404, failure: 'dispatch_failed' });
    expect(nobody.shown?.text).toBe('/nothing failed with the error "dispatch_failed"');
  });

  describe('signatures', () => {
    beforeEach(() => app.command('/ltv', ({ ack }) => ack('ok')));
    const command = (options: object) => workspace.as(ids.rina).command('/ltv', '', options);

    it.each([
      ['a wrong signature', { signature: 'wrong' }],
      ['no signature', { signature: 'missing' }],
      ['a stale timestamp', { timestampOffsetS: -301 }],
      ['a body changed after signing', { alter: (body: string) => body.replace(ids.rina, ids.ada) }],
    ])('%s is refused', async (_name, options) => {
      expect(await command(options)).toMatchObject({ status: 401, failure: 'dispatch_failed' });
    });

    it('the same bytes can be sent again, and a future timestamp too: that is for the bot to refuse', async () => {
      const first = await command({});
      expect(await workspace.resend(first.request)).toMatchObject({ status: 200, bodyText: 'ok' });
      expect(await command({ timestampOffsetS: 400 })).toMatchObject({ status: 200 });
    });
  });

  describe('a slow bot', () => {
    it('is given up on after the deadline', async () => {
      const hasty = await startWorkspace({ ackTimeoutMs: 20 });
      const silent = createServer(() => {}).listen(0, '127.0.0.1');
      onTestFinished(() => void silent.close().closeAllConnections());
      await once(silent, 'listening');
      const address = silent.address();
      hasty.setBotUrl(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
      const result = await hasty.as(ids.rina).command('/ltv');
      expect(result).toMatchObject({
        status: 0,
        failure: 'operation_timeout',
        shown: { text: '/ltv failed with the error "operation_timeout"' },
      });
      await hasty.close();
    });
  });
});
