/** Reading back what was posted, and what Slack posts by itself. */
import { WebClient } from '@slack/web-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace } from '../../../sandbox/slack/workspace.ts';

const MINUTE = 60_000;
const START_MS = Date.UTC(2026, 10, 20, 12);

let workspace: Workspace;
let web: WebClient;
let clockMs: number;

beforeEach(async () => {
  clockMs = START_MS;
  workspace = await startWorkspace({ now: () => clockMs, scopes: ['chat:write', 'channels:history'] });
  web = new WebClient(workspace.grants.botToken, { slackApiUrl: workspace.apiUrl });
});
afterEach(() => workspace.close());

const channel = ids.loanDesk;
const keyed = (key: string) => ({ event_type: 'loandesk_alert', event_payload: { key } });

async function post(text: string, more: object = {}): Promise<string> {
  const { ts = '' } = await web.chat.postMessage({ channel, text, ...more });
  return ts;
}

const textsOf = (messages: readonly { text?: string }[] = []) => messages.map(({ text }) => text);

async function refused(call: Promise<unknown>): Promise<unknown> {
  const error: unknown = await call.catch((reason: unknown) => reason);
  if (error instanceof Error && 'data' in error) return (error.data as { error: string }).error;
  throw new Error(`no refusal: ${JSON.stringify(error)}`);
}

describe('conversations.history and conversations.replies', () => {
  it('give the channel newest first, without replies but with those that the channel shows', async () => {
    const card = await post('card');
    await post('quiet reply', { thread_ts: card });
    await post('loud reply', { thread_ts: card, reply_broadcast: true });
    const found = await web.conversations.history({ channel });
    expect(textsOf(found.messages)).toEqual(['loud reply', 'card']);
    const thread = await web.conversations.replies({ channel, ts: card });
    expect(textsOf(thread.messages)).toEqual(['card', 'quiet reply', 'loud reply']);
  });

  it('give metadata only when asked, and only what lies in the window', async () => {
    await post('before');
    clockMs += MINUTE;
    await post('card', { metadata: keyed('C-1/1') });
    const oldest = String((clockMs - 1_000) / 1_000);
    const plain = await web.conversations.history({ channel, oldest });
    expect(textsOf(plain.messages)).toEqual(['card']);
    expect(plain.messages?.[0]).not.toHaveProperty('metadata');
    const { messages } = await web.conversations.history({ channel, oldest, include_all_metadata: true });
    expect(messages?.[0]?.metadata).toEqual(keyed('C-1/1'));
  });

  it('keep the metadata of a message that is updated without it', async () => {
    const ts = await post('card', { metadata: keyed('C-1/1') });
    await web.chat.update({ channel, ts, text: 'changed' });
    const { messages } = await web.conversations.history({ channel, include_all_metadata: true });
    expect(messages?.[0]).toMatchObject({ text: 'changed', metadata: keyed('C-1/1') });
  });

  it('come in pages', async () => {
    for (const text of ['1', '2', '3']) await post(text);
    const first = await web.conversations.history({ channel, limit: 2 });
    expect([textsOf(first.messages), first.has_more]).toEqual([['3', '2'], true]);
    const cursor = first.response_metadata?.next_cursor ?? '';
    const second = await web.conversations.history({ channel, limit: 2, cursor });
    expect([textsOf(second.messages), second.has_more]).toEqual([['1'], false]);
  });

  it('are refused without their scope', async () => {
    workspace.grants.scopes.delete('channels:history');
    expect(await refused(web.conversations.history({ channel }))).toBe('missing_scope');
    expect(await refused(web.conversations.replies({ channel, ts: '1.0' }))).toBe('missing_scope');
  });
});

describe('scheduled messages', () => {
  const inMinutes = (minutes: number) => (clockMs + minutes * MINUTE) / 1_000;
  const schedule = (minutes: number, more: object = {}) =>
    web.chat.scheduleMessage({ channel, text: 'silent', post_at: inMinutes(minutes), ...more });
  const posted = () => workspace.store.messages(channel);
  const remove = (id = '') => web.chat.deleteScheduledMessage({ channel, scheduled_message_id: id });
  function skip(minutes: number): void {
    clockMs += minutes * MINUTE;
    workspace.scheduled.postDue();
  }

  it('are listed, and posted at their time by Slack itself', async () => {
    const { scheduled_message_id: id } = await schedule(25);
    const list = await web.chat.scheduledMessages.list({ channel });
    expect(list.scheduled_messages).toMatchObject([{ id, channel_id: channel, post_at: inMinutes(25) }]);
    skip(24);
    expect(posted()).toEqual([]);
    skip(1);
    expect(textsOf(posted())).toEqual(['silent']);
    expect((await web.chat.scheduledMessages.list({ channel })).scheduled_messages).toEqual([]);
  });

  it('are listed of every channel, page by page, where no channel is named', async () => {
    await schedule(25);
    await schedule(20, { channel: ids.loanAlerts });
    const { list } = web.chat.scheduledMessages;
    const page = await list({ limit: 1 });
    expect(page.scheduled_messages).toMatchObject([{ channel_id: ids.loanAlerts }]);
    const rest = await list({ limit: 1, cursor: page.response_metadata?.next_cursor ?? '' });
    expect(rest.scheduled_messages).toMatchObject([{ channel_id: channel }]);
    expect(rest.response_metadata?.next_cursor).toBe('');
  });

  it('are not posted once they were deleted more than five minutes before', async () => {
    const { scheduled_message_id: id } = await schedule(25);
    skip(19);
    await remove(id);
    skip(60);
    expect(posted()).toEqual([]);
  });

  it("have Slack's fault: a delete within five minutes answers ok, and the message is posted", async () => {
    const { scheduled_message_id: id } = await schedule(4);
    expect(await remove(id)).toMatchObject({ ok: true });
    expect((await web.chat.scheduledMessages.list({ channel })).scheduled_messages).toEqual([]);
    skip(4);
    expect(textsOf(posted())).toEqual(['silent']);
  });

  it('can no longer be deleted in their last minute', async () => {
    const { scheduled_message_id: id } = await schedule(2);
    skip(1.5);
    expect(await refused(remove(id))).toBe('invalid_scheduled_message_id');
  });

  it('are never posted with metadata', async () => {
    await schedule(10, { metadata: keyed('watch/1') });
    skip(11);
    expect(posted()).toEqual([]);
  });

  it('are refused in the past, too far ahead, and beyond thirty in five minutes', async () => {
    expect(await refused(schedule(-1))).toBe('time_in_past');
    expect(await refused(schedule(121 * 24 * 60))).toBe('time_too_far');
    workspace.limits.isStrict = false;
    for (let count = 0; count < 30; count += 1) await schedule(20);
    expect(await refused(schedule(21))).toBe('restricted_too_many');
    expect(await schedule(30)).toMatchObject({ ok: true });
  });
});
