import { ErrorCode, LogLevel, WebClient } from '@slack/web-api';
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace, type WorkspaceOptions } from '../../../sandbox/slack/workspace.ts';
import { boltLogger } from '../../../src/slack/slack-log.ts';
import { QUIET } from '../../support/logs.ts';

let workspace: Workspace;
let clockMs = Date.UTC(2026, 10, 20, 12);

const ALL_SCOPES = [
  'chat:write',
  'users:read',
  'usergroups:read',
  'channels:read',
  'im:write',
  'files:write',
];

async function start(options: WorkspaceOptions = {}): Promise<WebClient> {
  clockMs = Date.UTC(2026, 10, 20, 12);
  workspace = await startWorkspace({ now: () => clockMs, scopes: ALL_SCOPES, ...options });
  return client();
}

function client(token: string | undefined = workspace.grants.botToken): WebClient {
  return new WebClient(token, {
    slackApiUrl: workspace.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
    logger: boltLogger(QUIET),
  });
}

/** The `data` of Slack's refusal. */
async function refusal(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Error && 'data' in error && typeof error.data === 'object' && error.data !== null)
    return { ...error.data };
  throw new Error(`No refusal: ${String(error)}`);
}

const errorOf = async (call: Promise<unknown>) => (await refusal(call)).error;
const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const modal = (more: object = {}) => ({
  type: 'modal' as const,
  title: { type: 'plain_text' as const, text: 'Close unit' },
  blocks: [section('Sure?')],
  ...more,
});

afterEach(() => workspace.close());

describe('tokens and scopes', () => {
  it('tells who the bot is', async () => {
    const web = await start();
    expect(await web.auth.test()).toMatchObject({
      ok: true,
      team_id: ids.team,
      user_id: ids.botUser,
      bot_id: ids.bot,
    });
  });

  it('refuses a missing, a wrong and the other kind of token', async () => {
    await start({ transport: 'http' });
    expect(await (await fetch(`${workspace.apiUrl}auth.test`, { method: 'POST' })).json()).toEqual({
      ok: false,
      error: 'not_authed',
    });
    expect(await errorOf(client('xoxb-wrong').auth.test())).toBe('invalid_auth');
    expect(await errorOf(client().apps.connections.open())).toBe('not_allowed_token_type');
    expect(await errorOf(client(workspace.grants.appToken).apps.connections.open())).toBe(
      'feature_not_enabled',
    );
  });

  it("refuses every call with the bot's token while that is revoked, and none afterwards", async () => {
    const web = await start();
    workspace.grants.tokenError = 'token_revoked';
    expect(await errorOf(web.auth.test())).toBe('token_revoked');
    expect(await errorOf(web.chat.postMessage({ channel: ids.loanDesk, text: 'hi' }))).toBe('token_revoked');
    workspace.grants.tokenError = null;
    expect(await web.auth.test()).toMatchObject({ ok: true });
  });

  it('names the missing scope and those granted', async () => {
    const web = await start({ scopes: ['chat:write'] });
    expect(await refusal(web.users.info({ user: ids.ada }))).toMatchObject({
      error: 'missing_scope',
      needed: 'users:read',
      provided: 'chat:write',
    });
  });

  it('takes JSON bodies as well as forms', async () => {
    await start();
    const response = await fetch(`${workspace.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${workspace.grants.botToken}` },
      body: JSON.stringify({ channel: ids.loanDesk, text: 'hello', blocks: [section('hi')] }),
    });
    expect(await response.json()).toMatchObject({ ok: true, channel: ids.loanDesk });
  });

  it('keeps no token in the log', async () => {
    const web = await start();
    await web.auth.test({ token: workspace.grants.botToken });
    expect(JSON.stringify(workspace.store.calls)).not.toContain(workspace.grants.botToken);
    expect(workspace.store.calls).toMatchObject([{ method: 'auth.test', ok: true, status: 200 }]);
  });
});

describe('messages', () => {
  it('posts, replies in the thread, updates and links', async () => {
    const web = await start();
    const posted = await web.chat.postMessage({
      channel: ids.loanDesk,
      text: 'a',
      blocks: [section('card')],
    });
    const ts = posted.ts ?? '';
    const reply = await web.chat.postMessage({ channel: ids.loanDesk, text: 'b', thread_ts: ts });
    await web.chat.update({ channel: ids.loanDesk, ts, text: 'c', blocks: [section('done')] });
    expect(workspace.store.thread(ids.loanDesk, ts).map(({ text }) => text)).toEqual(['b']);
    const message = workspace.store.message(ids.loanDesk, ts);
    expect(message?.text).toBe('c');
    const link = await web.chat.getPermalink({ channel: ids.loanDesk, message_ts: reply.ts ?? '' });
    expect(link.permalink).toBe(
      `https://loandesk-sandbox.slack.com/archives/${ids.loanDesk}/p${reply.ts?.replace('.', '')}?thread_ts=${ts}&cid=${ids.loanDesk}`,
    );
  });

  it('removes the blocks when an update has only text', async () => {
    const web = await start();
    const { ts = '' } = await web.chat.postMessage({
      channel: ids.loanDesk,
      text: 'a',
      blocks: [section('x')],
    });
    await web.chat.update({ channel: ids.loanDesk, ts, text: 'b' });
    expect(workspace.store.message(ids.loanDesk, ts)).toMatchObject({ text: 'b', blocks: [] });
  });

  it('opens a direct message for a user id', async () => {
    const web = await start();
    const { channel = '', ts = '' } = await web.chat.postMessage({ channel: ids.rina, text: 'hi' });
    expect(channel).toMatch(/^D/);
    expect(await errorOf(web.chat.update({ channel: ids.rina, ts, text: 'x' }))).toBe('channel_not_found');
    expect((await web.chat.update({ channel, ts, text: 'x' })).ok).toBe(true);
  });

  it.each([
    ['an unknown channel', { channel: 'C0NOSUCH001', text: 'x' }, 'channel_not_found'],
    ['a channel without the bot', { channel: ids.general, text: 'x' }, 'not_in_channel'],
    ['an archived channel', { channel: ids.archived, text: 'x' }, 'is_archived'],
    ['a deactivated person', { channel: ids.dora, text: 'x' }, 'channel_not_found'],
    ['no text', { channel: ids.loanDesk, text: '' }, 'no_text'],
    [
      'a thread that is not there',
      { channel: ids.loanDesk, text: 'x', thread_ts: '1.2' },
      'invalid_thread_ts',
    ],
  ])('refuses %s', async (_name, args, error) => {
    const web = await start();
    expect(await errorOf(web.chat.postMessage(args))).toBe(error);
    expect(workspace.store.messages(args.channel)).toEqual([]);
  });

  it('points at what is wrong in blocks', async () => {
    const web = await start();
    const call = web.chat.postMessage({
      channel: ids.loanDesk,
      text: 'x',
      blocks: [section('ok'), section('x'.repeat(3001))],
    });
    expect(await refusal(call)).toMatchObject({
      error: 'invalid_blocks',
      errors: ['must be less than 3001 characters [json-pointer:/blocks/1/text/text]'],
      response_metadata: {
        messages: ['[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]'],
      },
    });
  });

  it('refuses too much text in an update and too many characters in blocks', async () => {
    const web = await start();
    const { ts = '' } = await web.chat.postMessage({ channel: ids.loanDesk, text: 'x' });
    expect(await errorOf(web.chat.update({ channel: ids.loanDesk, ts, text: 'x'.repeat(4001) }))).toBe(
      'msg_too_long',
    );
    const blocks = Array.from({ length: 5 }, () => section('x'.repeat(2900)));
    expect(await errorOf(web.chat.postMessage({ channel: ids.loanDesk, text: 'x', blocks }))).toBe(
      'msg_blocks_too_long',
    );
  });

  it('cuts top-level text above 40,000 characters and warns', async () => {
    const web = await start();
    const posted = await web.chat.postMessage({ channel: ids.loanDesk, text: 'x'.repeat(40_001) });
    expect(posted.response_metadata?.warnings).toEqual(['message_truncated']);
    expect(workspace.store.message(ids.loanDesk, posted.ts ?? '')?.text.length).toBe(40_000);
  });

  it('updates only its own, lasting messages', async () => {
    const web = await start();
    const theirs = workspace.store.addMessage(
      { channelId: ids.loanDesk, userId: ids.ada },
      { text: 'hi', blocks: [] },
    );
    const { message_ts: seen = '' } = await web.chat.postEphemeral({
      channel: ids.loanDesk,
      user: ids.ada,
      text: 'psst',
    });
    const update = (ts: string) => errorOf(web.chat.update({ channel: ids.loanDesk, ts, text: 'x' }));
    expect(await update(theirs.ts)).toBe('cant_update_message');
    expect(await update(seen)).toBe('message_not_found');
    expect(await update('1.2')).toBe('message_not_found');
    expect(workspace.store.ephemerals(ids.ada).map(({ text }) => text)).toEqual(['psst']);
    expect(workspace.store.messages(ids.loanDesk, ids.ben).map(({ text }) => text)).toEqual(['hi']);
  });

  it('shows an ephemeral message only to active members', async () => {
    const web = await start();
    for (const user of [ids.dora, ids.frank, 'U0NOBODY001'])
      expect(await errorOf(web.chat.postEphemeral({ channel: ids.loanDesk, user, text: 'x' }))).toBe(
        'user_not_in_channel',
      );
  });
});

describe('people, groups, channels', () => {
  it('tells who somebody is', async () => {
    const web = await start();
    const read = async (user: string) => (await web.users.info({ user })).user;
    expect(await read(ids.ada)).toMatchObject({
      id: ids.ada,
      team_id: ids.team,
      deleted: false,
      is_restricted: false,
      tz: 'Europe/Stockholm',
    });
    expect(await read(ids.gus)).toMatchObject({ is_restricted: true, is_ultra_restricted: false });
    expect(await read(ids.una)).toMatchObject({ is_restricted: true, is_ultra_restricted: true });
    expect(await read(ids.dora)).toMatchObject({ deleted: true });
    expect(await read(ids.frank)).toMatchObject({ team_id: ids.foreignTeam, is_stranger: false });
    expect(await read(ids.botUser)).toMatchObject({ is_bot: true });
    expect(await errorOf(web.users.info({ user: 'U0NOBODY001' }))).toBe('user_not_found');
  });

  it('tells who is in a group, as it is now', async () => {
    const web = await start();
    workspace.directory.userGroups.get(ids.approvers)?.members.delete(ids.chen);
    expect((await web.usergroups.users.list({ usergroup: ids.approvers })).users).toEqual([ids.ada, ids.ben]);
    expect(await errorOf(web.usergroups.users.list({ usergroup: 'S0NOSUCH001' }))).toBe('no_such_subteam');
  });

  it('tells about channels', async () => {
    const web = await start();
    expect((await web.conversations.info({ channel: ids.loanDesk })).channel).toMatchObject({
      name: 'loan-desk',
      is_member: true,
    });
    expect((await web.conversations.info({ channel: ids.general })).channel).toMatchObject({
      is_member: false,
    });
    expect((await web.conversations.members({ channel: ids.loanDesk })).members).toContain(ids.ada);
  });
});

describe('views', () => {
  it('opens once per trigger, within three seconds', async () => {
    const web = await start();
    workspace.setBotUrl('http://127.0.0.1:1/');
    const trigger = async () => {
      const { request } = await workspace.as(ids.rina).command('/x', '', { channelId: ids.loanDesk });
      return new URLSearchParams(request.body).get('trigger_id') ?? '';
    };
    const first = await trigger();
    expect((await web.views.open({ trigger_id: first, view: modal() })).view?.type).toBe('modal');
    expect(await errorOf(web.views.open({ trigger_id: first, view: modal() }))).toBe('exchanged_trigger_id');
    const late = await trigger();
    clockMs += 3_001;
    expect(await errorOf(web.views.open({ trigger_id: late, view: modal() }))).toBe('expired_trigger_id');
    expect(await errorOf(web.views.open({ trigger_id: 'made-up', view: modal() }))).toBe(
      'invalid_trigger_id',
    );
  });

  it('updates with the right hash only, and finds no view that is not open', async () => {
    const web = await start();
    const view = workspace.store.addView(ids.rina, modal());
    expect(await errorOf(web.views.update({ view_id: view.id, hash: 'old', view: modal() }))).toBe(
      'hash_conflict',
    );
    const { view: changed } = await web.views.update({ view_id: view.id, hash: view.hash, view: modal() });
    expect(changed?.hash).not.toBe(view.hash);
    expect(await errorOf(web.views.update({ view_id: 'V0NOSUCH001', view: modal() }))).toBe('not_found');
  });

  it('points at what is wrong in a view', async () => {
    const web = await start();
    const view = { type: 'home' as const, blocks: [section('')] };
    expect(await refusal(web.views.publish({ user_id: ids.rina, view }))).toMatchObject({
      error: 'invalid_arguments',
      response_metadata: {
        messages: ['[ERROR] must be more than 0 characters [json-pointer:/view/blocks/0/text/text]'],
      },
    });
  });

  it('publishes the Home tab, again and again', async () => {
    const web = await start();
    await web.views.publish({ user_id: ids.rina, view: { type: 'home', blocks: [section('one')] } });
    await web.views.publish({ user_id: ids.rina, view: { type: 'home', blocks: [section('two')] } });
    const home = workspace.store.home(ids.rina);
    expect(workspace.renderText(home ?? {})).toBe('two');
  });
});

describe('files', () => {
  it('takes an upload in three steps, and completes it once', async () => {
    const web = await start();
    await web.filesUploadV2({
      channel_id: ids.loanDesk,
      filename: 'units.csv',
      content: 'a,b\n1,2\n',
      initial_comment: 'Units',
    });
    expect(workspace.store.files.map(({ name, bytes }) => [name, bytes.toString()])).toEqual([
      ['units.csv', 'a,b\n1,2\n'],
    ]);
    const [message] = workspace.store.messages(ids.loanDesk);
    expect(message).toMatchObject({ text: 'Units', files: [{ name: 'units.csv' }] });
    const id = workspace.store.files[0]?.id ?? '';
    expect(await errorOf(web.files.completeUploadExternal({ files: [{ id }] }))).toBe('file_not_found');
  });
});

describe('rate limits', () => {
  it('lets a burst through, then answers 429 with Retry-After until time has passed', async () => {
    const web = await start();
    const list = () => web.usergroups.users.list({ usergroup: ids.approvers });
    for (let call = 0; call < 20; call += 1) await list();
    await expect(list()).rejects.toMatchObject({ code: ErrorCode.RateLimitedError, retryAfter: 3 });
    clockMs += 3_000;
    expect((await list()).ok).toBe(true);
    workspace.limits.isStrict = false;
    for (let call = 0; call < 30; call += 1) await list();
  });

  it('counts posts by channel', async () => {
    const web = await start();
    const post = (channel: string) => web.chat.postMessage({ channel, text: 'x' });
    for (let call = 0; call < 20; call += 1) await post(ids.loanDesk);
    await expect(post(ids.loanDesk)).rejects.toMatchObject({
      code: ErrorCode.RateLimitedError,
      retryAfter: 1,
    });
    expect((await post(ids.partnerDesk)).ok).toBe(true);
  });
});

describe('faults', () => {
  const post = (web: WebClient, more: object = {}) =>
    web.chat.postMessage({ channel: ids.loanDesk, text: 'x', ...more });
  const posted = () => workspace.store.messages(ids.loanDesk).length;

  it('refuses with an error code, for as many calls as asked', async () => {
    const web = await start();
    workspace.faults.add('chat.postMessage', { kind: 'error', code: 'is_archived' }, 1);
    expect(await errorOf(post(web))).toBe('is_archived');
    expect((await post(web)).ok).toBe(true);
  });

  it('answers 429 and 500', async () => {
    const web = await start();
    workspace.faults.add('chat.postMessage', { kind: 'rate_limited', retryAfterS: 7 }, 1);
    await expect(post(web)).rejects.toMatchObject({ retryAfter: 7 });
    workspace.faults.add('*', { kind: 'http', status: 500 });
    await expect(post(web)).rejects.toMatchObject({ code: ErrorCode.HTTPError, statusCode: 500 });
    workspace.faults.clear();
    expect((await post(web)).ok).toBe(true);
    expect(posted()).toBe(1);
  });

  it('omits the ts', async () => {
    const web = await start();
    workspace.faults.add('chat.postMessage', { kind: 'no_ts' }, 1);
    expect((await post(web)).ts).toBeUndefined();
    expect(posted()).toBe(1);
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('breaks the connection %s the effect', async (when, count) => {
    const web = await start();
    workspace.faults.add('chat.postMessage', { kind: 'reset', when }, 1);
    await expect(post(web)).rejects.toMatchObject({ code: ErrorCode.RequestError });
    expect(posted()).toBe(count);
  });

  it('hangs until the client gives up, and takes its time', async () => {
    await start();
    const impatient = new WebClient(workspace.grants.botToken, {
      slackApiUrl: workspace.apiUrl,
      timeout: 50,
      retryConfig: { retries: 0 },
      logLevel: LogLevel.ERROR,
    });
    workspace.faults.add('auth.test', { kind: 'hang' }, 1);
    await expect(impatient.auth.test()).rejects.toMatchObject({ code: ErrorCode.RequestError });
    workspace.faults.add('auth.test', { kind: 'latency', ms: 30 }, 1);
    expect((await client().auth.test()).ok).toBe(true);
  });

  it('refuses a block type as a workspace that does not know it', async () => {
    const web = await start();
    workspace.faults.add('*', { kind: 'refuse_block', blockType: 'data_table' });
    const cell = (text: string) => ({ type: 'raw_text', text });
    const blocks = [section('x'), { type: 'data_table', caption: 'c', rows: [[cell('a')], [cell('b')]] }];
    expect(await refusal(post(web, { blocks }))).toMatchObject({
      error: 'invalid_blocks',
      errors: ['unsupported type: data_table [json-pointer:/blocks/1/type]'],
    });
    expect((await post(web, { blocks: [section('x')] })).ok).toBe(true);
  });

  it('refuses it in a container, too', async () => {
    const web = await start();
    workspace.faults.add('*', { kind: 'refuse_block', blockType: 'table' }, 1);
    const table = { type: 'table', rows: [[{ type: 'raw_text', text: 'a' }]] };
    const title = { type: 'plain_text', text: 'Wallets' };
    const blocks = [{ type: 'container', title, child_blocks: [table] }];
    expect(await refusal(post(web, { blocks }))).toMatchObject({
      errors: ['unsupported type: table [json-pointer:/blocks/0/child_blocks/0/type]'],
    });
    expect((await post(web, { blocks })).ok).toBe(true);
  });
});

describe('waiting', () => {
  it('finds what has happened since, or waits for it, or gives up', async () => {
    const web = await start();
    const { order } = workspace.store;
    await web.chat.postMessage({ channel: ids.loanDesk, text: 'first' });
    const isMessage = (text: string) => (event: { type: string; message?: { text: string } }) =>
      event.type === 'message' && event.message?.text === text;
    expect((await workspace.next(isMessage('first'), { after: order })).order).toBe(order + 1);
    const second = workspace.next(isMessage('second'));
    await web.chat.postMessage({ channel: ids.loanDesk, text: 'second' });
    expect((await second).order).toBeGreaterThan(order + 1);
    await expect(workspace.next(isMessage('third'), { timeoutMs: 20 })).rejects.toThrow(
      'Nothing that fits happened in 20 ms',
    );
    expect(await workspace.until(() => workspace.store.messages(ids.loanDesk)[1]?.text)).toBe('second');
  });
});
