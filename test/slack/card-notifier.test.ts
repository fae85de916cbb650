import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace } from '../../sandbox/slack/workspace.ts';
import type { CloseRequest, RequestEvent } from '../../src/domain/close/close-request.ts';
import { noticesFor } from '../../src/domain/close/notices.ts';
import { CardNotifier } from '../../src/slack/card-notifier.ts';
import { SlackDirectory } from '../../src/slack/directory.ts';
import { HomeWorkspace } from '../../src/slack/home-workspace.ts';
import { ACTIONS } from '../../src/slack/ids.ts';
import { quietNames } from '../../src/slack/slack-clients.ts';
import { createWebClient } from '../../src/slack/web-client.ts';
import { policy, request, START_MS } from '../support/close-requests.ts';
import { QUIET } from '../support/logs.ts';

const NAMES = new Map<string, string>([
  [ids.rina, 'Rina <!channel> *Okafor*'],
  [ids.ada, 'Ada Lindqvist'],
  [ids.approvers, 'loan-approvers'],
]);
const ALL = new Set<string>([ids.rina, ids.ada, ids.ben, ids.chen]);
const rina = { teamId: ids.team, userId: ids.rina };
const ada = { teamId: ids.team, userId: ids.ada };

let workspace: Workspace;
let notifier: CardNotifier;
let drawings = 0;

beforeEach(async () => {
  workspace = await startWorkspace();
  const settings = { apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken };
  notifier = createNotifier(settings, ids.loanDesk);
});

function createNotifier(
  settings: { apiUrl: string; botToken: string },
  closeChannel: string,
  tellApprovers: 'direct' | 'channel' = 'direct',
): CardNotifier {
  const home = new HomeWorkspace(createWebClient(settings, QUIET));
  const client = createWebClient(settings, QUIET);
  return new CardNotifier({
    client,
    home,
    directory: new SlackDirectory({ client, home, now: Date.now, log: QUIET }),
    closeChannel,
    tellApprovers,
    quiet: quietNames(async (userId) => NAMES.get(userId) ?? null, home),
    newId: () => `drawing-${++drawings}`,
    log: QUIET,
  });
}

afterEach(() => workspace.close());

const asked = (changes: Partial<CloseRequest> = {}): CloseRequest =>
  request({ requester: rina, card: null, ...changes });

/** A request whose card is up. */
async function posted(changes: Partial<CloseRequest> = {}): Promise<CloseRequest> {
  const delivery = await notifier.deliver({ kind: 'card' }, asked(changes), ALL);
  if (!delivery.ok || delivery.card === null) throw new Error('no card');
  return asked({ ...changes, card: delivery.card });
}

const CROWD = new Set([ids.ben, ...Array.from({ length: 300 }, (_, index) => `U0CROWD${index}`)]);
const opened = (of: CloseRequest): RequestEvent => ({
  type: 'opened',
  by: rina,
  reason: of.reason,
  facts: of.facts,
  policy: of.policy,
  atMs: START_MS,
});

const inChannel = () => workspace.store.messages(ids.loanDesk);
const approvedEvent: RequestEvent = { type: 'approved', by: ada, votes: 1, dropped: [], atMs: START_MS };

describe('the card', () => {
  it('is posted once and then redrawn in place, each time with new block ids', async () => {
    const up = await posted();
    const [first] = inChannel();
    const vote = { voter: ada, atMs: START_MS, version: 1, factsDigest: up.factsDigest };
    const again = await notifier.deliver({ kind: 'card' }, { ...up, votes: [vote] }, ALL);
    expect(again).toEqual({ ok: true, card: null });
    const [second] = inChannel();
    expect(inChannel()).toHaveLength(1);
    expect(second?.text).toContain('1 of 2 approvals');
    const actionsOf = (blocks: readonly object[] = []) =>
      blocks.find((block) => 'type' in block && block.type === 'actions');
    expect(actionsOf(first?.blocks)).not.toEqual(actionsOf(second?.blocks));
  });

  it.each([
    ['is rate limited', { kind: 'rate_limited', retryAfterS: 7 }, { retry: true, retryAfterMs: 7_000 }],
    ['answers 503', { kind: 'http', status: 503 }, { retry: true, retryAfterMs: null }],
    ['breaks off', { kind: 'reset', when: 'before' }, { retry: true, retryAfterMs: null }],
    ['names no channel', { kind: 'error', code: 'channel_not_found' }, { retry: true, onlyThis: true }],
    ['is not let in', { kind: 'error', code: 'not_in_channel' }, { retry: true, onlyThis: true }],
    ['gives no ts', { kind: 'no_ts' }, { retry: true }],
  ] as const)('when posting %s, the outbox is told whether to try again', async (_, fault, expected) => {
    workspace.faults.add('chat.postMessage', fault);
    const delivery = await notifier.deliver({ kind: 'card' }, asked(), ALL);
    expect(delivery).toMatchObject({ ok: false, ...expected });
    expect(JSON.stringify(delivery)).not.toMatch(/xoxb|https?:/);
  });

  it('names the groups that its rule needs without calling them', async () => {
    const need = [
      { from: [ids.approvers], count: 1 },
      { from: ['S0RISK', ids.ada], count: 1 },
    ];
    await posted({ policy: policy({ need, approvers: [ids.approvers, 'S0RISK', ids.ada] }) });
    const drawn = JSON.stringify(inChannel());
    expect(drawn).toContain('Needs 1 of @loan-approvers');
    expect(drawn).toContain('Needs 1 of S0RISK or <https://');
    expect(drawn).not.toMatch(/<[@!](?!date)/);
  });

  it('keeps its buttons where Slack refuses some of its blocks', async () => {
    workspace.faults.add('chat.postMessage', { kind: 'refuse_block', blockType: 'rich_text' });
    await posted();
    expect(inChannel()[0]?.blocks.map((block) => block.type)).toEqual(['section', 'actions']);
  });

  it.each(['edit_window_closed', 'cant_update_message'])(
    'is followed by a note in its thread when %s',
    async (code) => {
      const up = await posted();
      workspace.faults.add('chat.update', { kind: 'error', code });
      const delivery = await notifier.deliver({ kind: 'card' }, { ...up, state: 'approved' }, ALL);
      expect(delivery).toEqual({ ok: true, card: null });
      expect(inChannel().at(-1)).toMatchObject({
        threadTs: up.card?.messageTs,
        text: expect.stringContaining('Approved'),
      });
    },
  );

  it('is posted again after it was deleted, so that people can still decide', async () => {
    const up = await posted();
    workspace.faults.add('chat.update', { kind: 'error', code: 'message_not_found' });
    const delivery = await notifier.deliver({ kind: 'card' }, up, ALL);
    const [, anew] = inChannel();
    expect(delivery).toEqual({ ok: true, card: { channelId: ids.loanDesk, messageTs: anew?.ts } });
    expect(anew?.blocks.some((block) => block.type === 'actions')).toBe(true);
    workspace.faults.clear();
    const moved = { ...up, card: delivery.ok ? delivery.card : null, state: 'approved' as const };
    expect(await notifier.deliver({ kind: 'card' }, moved, ALL)).toEqual({ ok: true, card: null });
    expect(inChannel()).toHaveLength(2);
    expect(inChannel()[1]?.text).toContain('Approved');
  });

  it('names people without notifying them, in the card and in its thread', async () => {
    const vote = { voter: ada, atMs: START_MS, version: 1, factsDigest: '' };
    const up = await posted({ reason: 'Ask <@U0BEN000001> <!here>', votes: [vote] });
    await notifier.deliver({ kind: 'thread', event: approvedEvent }, up, null);
    for (const { text, blocks } of inChannel()) {
      const shown = blocks.filter((block) => block.type !== 'rich_text');
      expect(`${text} ${JSON.stringify(shown)}`).not.toMatch(/<[@!](?!date)/);
    }
    const [card, reply] = inChannel();
    const profile = (id: string, name: string) => `<https://loandesk-sandbox.slack.com/team/${id}|${name}>`;
    expect(card?.text).toContain(`*${profile(ids.rina, 'Rina !channel Okafor')}* asks to close`);
    expect(JSON.stringify(card?.blocks)).toContain(`Can approve: ${profile(ids.ben, ids.ben)}`);
    expect(reply?.text).toContain(`${profile(ids.ada, 'Ada Lindqvist')} approved`);
  });
});

describe('messages about it', () => {
  it('go to its thread, in order', async () => {
    const up = await posted();
    await notifier.deliver({ kind: 'thread', event: approvedEvent }, up, null);
    expect(inChannel()[1]).toMatchObject({ threadTs: up.card?.messageTs });
    expect(inChannel()[1]?.text).toContain('approved');
  });

  it('go to one person directly, with a link to the card', async () => {
    const up = await posted();
    await notifier.deliver({ kind: 'direct', to: rina, event: approvedEvent }, up, null);
    const [told] = workspace.store.messages(workspace.directory.directMessage(ids.rina).id);
    expect(told?.text).toContain('Your request to close unit 7');
    expect(told?.text).toMatch(/archives\/C0LOANDESK1\/p\d+\|card>/);
  });

  it('go to everyone who may vote and has not, never to the requester', async () => {
    const vote = { voter: ada, atMs: START_MS, version: 1, factsDigest: '' };
    const up = await posted({ votes: [vote] });
    const reminder: RequestEvent = { type: 'reminded', by: null, stage: 'half', atMs: START_MS };
    expect(await notifier.deliver({ kind: 'approvers', event: reminder }, up, ALL)).toEqual({
      ok: true,
      card: null,
    });
    const told = [ids.rina, ids.ada, ids.ben, ids.chen].filter(
      (id) => workspace.store.messages(workspace.directory.directMessage(id).id).length > 0,
    );
    expect(told).toEqual([ids.ben, ids.chen]);
  });

  it('ask each approver with a button that leads to the card', async () => {
    const up = await posted({ reason: 'Repaid on Friday' });
    await notifier.deliver({ kind: 'approvers', event: opened(up) }, up, ALL);
    const [told] = workspace.store.messages(workspace.directory.directMessage(ids.ben).id);
    expect(told?.text).toMatch(/^\*Approve closing unit 7\?\*.*“Repaid on Friday”/);
    const url = `https://loandesk-sandbox.slack.com/archives/C0LOANDESK1/p${up.card?.messageTs.replace('.', '')}`;
    expect(told?.blocks.at(-1)).toMatchObject({
      type: 'actions',
      elements: [{ action_id: ACTIONS.openCard, url, style: 'primary' }],
    });
  });

  it('ask without a link while the card is not up', async () => {
    await notifier.deliver({ kind: 'approvers', event: opened(asked()) }, asked(), ALL);
    const [told] = workspace.store.messages(workspace.directory.directMessage(ids.ben).id);
    expect(told?.blocks.at(-1)).toMatchObject({ elements: [{ action_id: ACTIONS.openRequest }] });
  });

  it('ask everyone who may resolve an unknown outcome, but who just said what they found', async () => {
    const vote = { voter: ada, atMs: START_MS, version: 1, factsDigest: '' };
    const up = await posted({ state: 'unknown', votes: [vote] });
    const told = (id: string) =>
      workspace.store.messages(workspace.directory.directMessage(id).id).map(({ text }) => text);
    await notifier.deliver({ kind: 'approvers', event: { type: 'lost-track', by: null, atMs: 1 } }, up, ALL);
    const found = { type: 'settlement-proposed', by: ada, verdict: 'closed', note: 'seen', atMs: 2 } as const;
    await notifier.deliver({ kind: 'approvers', event: found }, up, ALL);
    expect([ids.ada, ids.ben, ids.chen].map((id) => told(id).length)).toEqual([1, 2, 2]);
    expect(told(ids.ben)[1]).toContain('a second approver must confirm');
    const [message] = workspace.store.messages(workspace.directory.directMessage(ids.ben).id);
    expect(message?.blocks.at(-1)).toMatchObject({
      elements: [
        { action_id: ACTIONS.openCard },
        { action_id: ACTIONS.openRequest },
        { action_id: ACTIONS.settle },
      ],
    });
  });

  it.each([
    ['where the settings say so', 'channel', ALL],
    ['instead of a direct message to each of a crowd', 'direct', CROWD],
  ] as const)('name the approvers once in the thread of the card %s', async (_, how, approvers) => {
    const settings = { apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken };
    const teller = createNotifier(settings, ids.loanDesk, how);
    const up = await posted({ policy: policy({ approvers: [ids.approvers, ids.ben] }) });
    expect(await teller.deliver({ kind: 'approvers', event: opened(up) }, up, approvers)).toEqual({
      ok: true,
      card: null,
    });
    const [, reply] = inChannel();
    expect(reply).toMatchObject({ threadTs: up.card?.messageTs });
    expect(reply?.text).toContain(`<!subteam^${ids.approvers}> <@${ids.ben}> *Approve closing unit 7?*`);
    expect(reply?.text, 'the requester is named without a ping').not.toContain(`<@${ids.rina}>`);
    expect(inChannel()).toHaveLength(2);
    const direct = [ids.ben, ids.chen].map((id) => workspace.directory.directMessage(id).id);
    expect(direct.flatMap((id) => workspace.store.messages(id))).toEqual([]);
  });

  it('say what happened once in the thread: the mention adds only what is asked of them', async () => {
    const settings = { apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken };
    const teller = createNotifier(settings, ids.loanDesk, 'channel');
    const up = await posted({ policy: policy({ approvers: [ids.approvers] }) });
    const lost: CloseRequest = { ...up, state: 'unknown' };
    const event: RequestEvent = { type: 'lost-track', by: null, atMs: START_MS };
    for (const notice of noticesFor(lost, event)) {
      if (notice.kind !== 'thread' && notice.kind !== 'approvers') continue;
      await teller.deliver(notice, lost, ALL);
    }
    const [, said, called] = inChannel();
    expect(inChannel()).toHaveLength(3);
    expect(said?.text).toContain('Outcome not known');
    expect(called?.text).toBe(
      `<!subteam^${ids.approvers}> *Close of unit 7: needs approvers now.* The reply above says why.`,
    );
    // A later page has no reply of its own, so the mention says it.
    const paged: RequestEvent = { type: 'people-paged', by: null, atMs: START_MS };
    await teller.deliver({ kind: 'approvers', event: paged }, lost, ALL);
    expect(inChannel().at(-1)?.text).toContain('Still not known');
  });

  it('name neither the requester, nor who is no longer an approver, nor who has voted', async () => {
    const settings = { apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken };
    const teller = createNotifier(settings, ids.loanDesk, 'channel');
    const vote = { voter: ada, atMs: START_MS, version: 1, factsDigest: '' };
    const approvers = [ids.rina, ids.ada, ids.ben, ids.chen];
    const up = await posted({ votes: [vote], policy: policy({ approvers }) });
    await teller.deliver({ kind: 'approvers', event: opened(up) }, up, new Set([ids.ada, ids.ben]));
    expect(inChannel()[1]?.text.match(/<@\w+>/g)).toEqual([`<@${ids.ben}>`]);
    await teller.deliver({ kind: 'approvers', event: opened(up) }, up, new Set([ids.ada]));
    expect(inChannel(), 'nobody is left to name').toHaveLength(2);
  });

  it('name each of a crowd that is listed by account', async () => {
    const crowd = [...CROWD].slice(0, 60);
    const up = await posted({ policy: policy({ approvers: crowd }) });
    await notifier.deliver({ kind: 'approvers', event: opened(up) }, up, new Set(crowd));
    expect(inChannel()[1]?.text.match(/<@\w+>/g)).toHaveLength(60);
    expect(JSON.stringify(inChannel()[1]?.blocks).match(/<@\w+>/g)).toHaveLength(60);
  });

  it('does not tell an approver twice when the round is tried again', async () => {
    const up = await posted();
    const event: RequestEvent = { type: 'reminded', by: null, stage: 'eighty', atMs: START_MS };
    await notifier.deliver({ kind: 'approvers', event }, up, ALL);
    await notifier.deliver({ kind: 'approvers', event }, up, ALL);
    expect(workspace.store.messages(workspace.directory.directMessage(ids.ben).id)).toHaveLength(1);
  });

  it('waits when the approvers are not known', async () => {
    const up = await posted();
    const event: RequestEvent = { type: 'people-paged', by: null, atMs: START_MS };
    expect(await notifier.deliver({ kind: 'approvers', event }, up, null)).toMatchObject({
      ok: false,
      retry: true,
    });
  });

  const OUTAGE = { ok: false, retry: true, onlyThis: undefined };
  const HERE = { ok: false, retry: true, onlyThis: true };
  const FINAL = { ok: false, retry: false };

  it.each([
    ['somebody who left', ids.dora, 'channel_not_found', FINAL],
    ['somebody whom Slack does not know', ids.rina, 'user_not_found', FINAL],
    ['a deactivated account', ids.rina, 'user_disabled', FINAL],
    ['a bot', ids.rina, 'cannot_dm_bot', FINAL],
    ['a text that no form makes short enough', ids.rina, 'msg_too_long', FINAL],
    // A member has a direct message: the token is of elsewhere, or the app is not what it was.
    ['a member', ids.rina, 'channel_not_found', HERE],
    ['an app without its tab of messages', ids.rina, 'messages_tab_disabled', HERE],
    ['a right that is missing', ids.rina, 'missing_scope', HERE],
    ['a code of tomorrow', ids.rina, 'not_seen_before', HERE],
    ['a token that was revoked', ids.rina, 'token_revoked', OUTAGE],
    ['a token that is not valid', ids.rina, 'invalid_auth', OUTAGE],
    ['an account that was switched off', ids.rina, 'account_inactive', OUTAGE],
    ['an internal error', ids.rina, 'internal_error', OUTAGE],
  ])('fault N1: %s is, or is not, the end of a direct message', async (_, userId, code, expected) => {
    const up = await posted();
    workspace.faults.add('chat.postMessage', { kind: 'error', code });
    const to = { teamId: ids.team, userId };
    const delivery = await notifier.deliver({ kind: 'direct', to, event: approvedEvent }, up, null);
    const { retry, onlyThis } = delivery.ok ? {} : delivery;
    expect({ ok: delivery.ok, retry, onlyThis }).toMatchObject(expected);
  });

  it.each([
    ['a page in place of JSON', { kind: 'html' }],
    ["a filter's 403", { kind: 'http', status: 403 }],
    ['a 407 of a proxy', { kind: 'http', status: 407 }],
  ] as const)('fault N1, relative: %s is no answer of Slack', async (_, fault) => {
    const up = await posted();
    workspace.faults.add('*', fault);
    const delivery = await notifier.deliver({ kind: 'card' }, up, ALL);
    expect({ onlyThis: undefined, ...delivery }).toMatchObject(OUTAGE);
  });

  it.each([
    ['a channel', ids.general, ids.team, FINAL],
    ['a user group', ids.approvers, ids.team, FINAL],
    ['a person of another workspace', ids.frank, ids.foreignTeam, HERE],
  ])('fault R8: a direct message addressed to %s is not posted', async (_, userId, teamId, expected) => {
    const up = await posted();
    workspace.directory.channels.get(ids.general)?.members.add(ids.botUser);
    const to = { teamId, userId };
    expect(await notifier.deliver({ kind: 'direct', to, event: approvedEvent }, up, null)).toMatchObject(
      expected,
    );
    expect(workspace.store.calls.filter((call) => call.args.channel === userId)).toEqual([]);
  });

  it('fault R8: a card that the record places in another channel is posted in the approvals channel', async () => {
    const elsewhere = { channelId: ids.partnerDesk, messageTs: '1700000000.000100' };
    const delivery = await notifier.deliver({ kind: 'card' }, asked({ card: elsewhere }), ALL);
    expect(delivery).toEqual({ ok: true, card: { channelId: ids.loanDesk, messageTs: inChannel()[0]?.ts } });
    await notifier.deliver({ kind: 'thread', event: approvedEvent }, asked({ card: elsewhere }), null);
    expect(inChannel()).toHaveLength(2);
    expect(workspace.store.messages(ids.partnerDesk)).toEqual([]);
  });

  it('fault R8, relative: neither is it edited there once the request ended', async () => {
    const elsewhere = { channelId: ids.partnerDesk, messageTs: '1700000000.000100' };
    const ended = asked({ card: elsewhere, state: 'expired', ending: { kind: 'expired', atMs: START_MS } });
    expect(await notifier.deliver({ kind: 'card' }, ended, ALL)).toEqual({ ok: true, card: null });
    expect(workspace.store.calls.filter(({ method }) => method.startsWith('chat.'))).toEqual([]);
  });
});
