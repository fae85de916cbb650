/** The watch's messages over real HTTP: each is in the channel exactly once, or people are told directly. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace } from '../../sandbox/slack/workspace.ts';
import { longId } from '../../src/domain/amount.ts';
import { PUBLISHED_THRESHOLDS } from '../../src/domain/unit/risk-unit.ts';
import type { Episode } from '../../src/domain/watch/episode.ts';
import { watchLevels } from '../../src/domain/watch/levels.ts';
import type { EpisodeNotice, WatchNotice } from '../../src/domain/watch/watch.ts';
import { SlackAlertNotifier } from '../../src/slack/alert-notifier.ts';
import { SlackDirectory } from '../../src/slack/directory.ts';
import { HomeWorkspace } from '../../src/slack/home-workspace.ts';
import { quietNames } from '../../src/slack/slack-clients.ts';
import { SlackScheduledMessages } from '../../src/slack/slack-scheduled-messages.ts';
import { createWebClient } from '../../src/slack/web-client.ts';
import { UnreadableRecord } from '../../src/usecases/ports.ts';
import type { AlertMessage } from '../../src/usecases/watch-ports.ts';
import { MemorySeenOnce } from '../fakes/memory-seen-once.ts';
import { EPISODE_EVENTS, openCase, trendOf } from '../support/episodes.ts';
import { QUIET } from '../support/logs.ts';

const MINUTE = 60_000;
const NEEDED = ['commands', 'chat:write', 'users:read', 'usergroups:read'];
const GROUP = `<!subteam^${ids.approvers}>`;
const ADA = { teamId: ids.team, userId: ids.ada };

let workspace: Workspace;
let nowMs: number;
let drawings: number;
let seenOnce: MemorySeenOnce;

beforeEach(async () => {
  nowMs = Date.UTC(2026, 10, 20, 3, 10);
  drawings = 0;
  seenOnce = new MemorySeenOnce(() => nowMs);
  workspace = await startWorkspace({ now: () => nowMs, scopes: [...NEEDED, 'channels:history'] });
});
afterEach(() => workspace.close());

/** One more replica: it shares Slack and Redis with the others, and no memory. */
function createNotifier(
  channel: string = ids.loanDesk,
  group: readonly string[] = [ids.approvers],
): SlackAlertNotifier {
  const settings = { apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken };
  const home = new HomeWorkspace(createWebClient(settings, QUIET));
  const client = createWebClient(settings, QUIET);
  const rules = { escalateAfterMs: 3 * MINUTE, pageAfterMs: 8 * MINUTE, hasPager: true, everyMs: 15_000 };
  return new SlackAlertNotifier({
    client,
    home,
    directory: new SlackDirectory({ client, home, now: () => nowMs, log: QUIET }),
    channel,
    group,
    rules: { ...rules, levels: watchLevels(PUBLISHED_THRESHOLDS, []) },
    history: { read: async () => trendOf(['0.84', '0.8612'], MINUTE) },
    seenOnce,
    quiet: quietNames(async (userId) => (userId === ids.ada ? 'Ada Lindqvist' : null), home),
    newId: () => `drawing-${++drawings}`,
    log: QUIET,
  });
}

const CARD: EpisodeNotice = { kind: 'alert-card', mention: true };

function message(
  notice: EpisodeNotice | WatchNotice,
  episode: Episode | null = openCase(),
  changes: Partial<AlertMessage> = {},
): AlertMessage {
  return {
    key: `${episode?.id ?? 'watch'}/1`,
    ...{ notice, episode, under: null, mayBeThere: false, createdAtMs: nowMs, nowMs },
    ...changes,
  };
}

const inChannel = (channel: string = ids.loanDesk) => workspace.store.messages(channel);
const direct = (userId: string) => inChannel(workspace.directory.directMessage(userId).id);
const textOf = (shown: { blocks: readonly object[] } | undefined) => JSON.stringify(shown?.blocks);

/** A case whose card is up. */
async function posted(changes: Partial<Episode> = {}): Promise<Episode> {
  const delivery = await createNotifier().deliver(message(CARD, openCase(changes)));
  if (!delivery.ok || delivery.card === null) throw new Error('no card');
  return openCase({ ...changes, card: delivery.card });
}

describe('the card', () => {
  it('is posted once with its key and the mention, and then redrawn in place without pinging', async () => {
    const up = await posted();
    const [first] = inChannel();
    expect(first?.metadata).toEqual({ event_type: 'loandesk_alert', event_payload: { key: 'C-7K2M9QX4/1' } });
    expect(textOf(first)).toContain(GROUP);
    const owner = { by: ADA, sinceMs: nowMs, untilMs: nowMs + MINUTE };
    const redrawn = { ...up, owner, unownedSinceMs: null };
    expect(await createNotifier().deliver(message(CARD, redrawn))).toEqual({ ok: true, card: null });
    expect(inChannel()).toHaveLength(1);
    expect(textOf(inChannel()[0])).toContain('|Ada Lindqvist> has it');
    expect(textOf(inChannel()[0])).not.toMatch(/<@|<!subteam/);
  });

  it('mentions nobody where the notice does not say so', async () => {
    await createNotifier().deliver(message({ ...CARD, mention: false }));
    expect(textOf(inChannel()[0])).not.toContain('subteam');
  });

  it.each(['data_visualization', 'rich_text'])(
    'keeps its buttons where Slack refuses %s',
    async (blockType) => {
      workspace.faults.add('chat.postMessage', { kind: 'refuse_block', blockType });
      await posted({ notes: [{ by: ADA, text: 'looking', atMs: nowMs }] });
      expect(inChannel()).toHaveLength(1);
      expect(inChannel()[0]?.blocks.map(({ type }) => type)).toContain('actions');
      expect(textOf(inChannel()[0])).toContain('up 2.1 points');
    },
  );

  it('is posted again when it was deleted, and again after WATCH_CHANNEL was changed', async () => {
    const up = await posted();
    workspace.faults.add('chat.update', { kind: 'error', code: 'message_not_found' });
    const again = await createNotifier().deliver(message(CARD, up, { key: 'C-7K2M9QX4/2' }));
    expect(again).toEqual({ ok: true, card: { channelId: ids.loanDesk, messageTs: inChannel()[1]?.ts } });
    const moved = await createNotifier(ids.partnerDesk).deliver(message(CARD, up, { key: 'C-7K2M9QX4/3' }));
    expect(moved).toMatchObject({ ok: true, card: { channelId: ids.partnerDesk } });
  });

  it('whose time for edits is over keeps its place: the note about it is no card', async () => {
    const up = await posted();
    workspace.faults.add('chat.update', { kind: 'error', code: 'edit_window_closed' });
    const noted = await createNotifier().deliver(message(CARD, up, { key: 'C-7K2M9QX4/2' }));
    expect(noted).toEqual({ ok: true, card: null });
  });

  it('of a summary that was deleted holds up nothing', async () => {
    workspace.faults.add('chat.update', { kind: 'error', code: 'message_not_found' });
    const event = { type: 'summary', id: 's', episodes: [], mention: false, atMs: nowMs } as const;
    const under = { channelId: ids.loanDesk, messageTs: '1.1' };
    const redrawn = message({ kind: 'watch-message', mention: false, event }, null, { under });
    expect(await createNotifier().deliver(redrawn)).toMatchObject({ ok: true, card: null });
  });

  it('of a summary that names more units is drawn again, and nobody is mentioned by that', async () => {
    const event = { type: 'summary', id: 's', episodes: [], mention: true, atMs: nowMs } as const;
    const posted = await createNotifier().deliver(
      message({ kind: 'watch-message', mention: true, event }, null),
    );
    const under = posted.ok ? posted.card : null;
    const named = {
      id: 'C-1',
      groupId: longId('7'),
      level: 'liquidation',
      ltv: '0.91',
      owner: null,
    } as const;
    const more = { ...event, mention: false, episodes: [named] };
    const redrawn = message({ kind: 'watch-message', mention: false, event: more }, null, { under });
    expect(await createNotifier().deliver(redrawn)).toEqual({ ok: true, card: null });
    expect(inChannel()).toHaveLength(1);
    expect(inChannel()[0]?.text).toContain('Unit 7');
  });

  it('is in the thread of its summary, and so is what is said about it', async () => {
    const summary = await createNotifier().deliver(
      message(
        {
          kind: 'watch-message',
          mention: true,
          event: { type: 'summary', id: 's', episodes: [], mention: true, atMs: nowMs },
        },
        null,
      ),
    );
    const under = { channelId: ids.loanDesk, messageTs: inChannel()[0]?.ts ?? '' };
    expect(summary).toEqual({ ok: true, card: under });
    const inThread = openCase({ summaryId: 's' });
    const card = await createNotifier().deliver(message(CARD, inThread, { under }));
    const up = { ...inThread, card: card.ok ? card.card : null };
    const said: EpisodeNotice = { kind: 'alert-thread', event: EPISODE_EVENTS.taken, mention: false };
    await createNotifier().deliver(message(said, up, { key: 'C-7K2M9QX4/2' }));
    expect(inChannel().map(({ threadTs }) => threadTs)).toEqual([
      undefined,
      under.messageTs,
      under.messageTs,
    ]);
  });
});

describe('in the thread', () => {
  it('a reminder mentions the group and shows in the channel, progress does neither', async () => {
    const up = await posted();
    const say = (event: 'repeated' | 'taken', mention: boolean, key: string) =>
      createNotifier().deliver(
        message({ kind: 'alert-thread', event: EPISODE_EVENTS[event], mention }, up, { key }),
      );
    await say('repeated', true, 'C-7K2M9QX4/2');
    await say('taken', false, 'C-7K2M9QX4/3');
    const [, reminder, progress] = inChannel();
    expect(reminder).toMatchObject({ threadTs: up.card?.messageTs, isBroadcast: true });
    expect(textOf(reminder)).toContain(GROUP);
    expect(progress).toMatchObject({ threadTs: up.card?.messageTs, isBroadcast: false });
    expect(textOf(progress)).not.toContain('subteam');
  });
});

describe('exactly one message', () => {
  it('after a crash between the post and its record: the next replica finds it', async () => {
    await posted();
    const again = await createNotifier().deliver(message(CARD, openCase(), { mayBeThere: true }));
    expect(inChannel()).toHaveLength(1);
    expect(again).toEqual({ ok: true, card: { channelId: ids.loanDesk, messageTs: inChannel()[0]?.ts } });
  });

  it('after an answer that was lost', async () => {
    workspace.faults.add('chat.postMessage', { kind: 'reset', when: 'after' }, 1);
    const first = await createNotifier().deliver(message(CARD));
    expect(first).toMatchObject({ ok: false, retry: true });
    await createNotifier().deliver(message(CARD, openCase(), { mayBeThere: true }));
    expect(inChannel()).toHaveLength(1);
  });

  it('in a thread as well', async () => {
    const up = await posted();
    const notice: EpisodeNotice = { kind: 'alert-thread', event: EPISODE_EVENTS.worsened, mention: true };
    const key = 'C-7K2M9QX4/2';
    await createNotifier().deliver(message(notice, up, { key }));
    await createNotifier().deliver(message(notice, up, { key, mayBeThere: true }));
    expect(inChannel()).toHaveLength(2);
  });

  it('is posted when it is not there, and not because somebody else wrote that key', async () => {
    const metadata = { event_type: 'loandesk_alert', event_payload: { key: 'C-7K2M9QX4/1' } };
    workspace.store.addMessage(
      { channelId: ids.loanDesk, userId: ids.gus },
      { text: 'mine', blocks: [], metadata },
    );
    await createNotifier().deliver(message(CARD, openCase(), { mayBeThere: true }));
    expect(inChannel().filter(({ userId }) => userId === ids.botUser)).toHaveLength(1);
  });

  it('may come twice without the scope to look, and says so', async () => {
    workspace.grants.scopes.delete('channels:history');
    await posted();
    await createNotifier().deliver(message(CARD, openCase(), { mayBeThere: true }));
    const [first, second] = inChannel();
    expect(textOf(first)).not.toContain('may be a repeat');
    expect(textOf(second)).toContain('may be a repeat');
  });

  it('is not posted while Slack cannot be asked whether it is there', async () => {
    workspace.faults.add('conversations.history', { kind: 'rate_limited', retryAfterS: 9 });
    const delivery = await createNotifier().deliver(message(CARD, openCase(), { mayBeThere: true }));
    expect(delivery).toMatchObject({ ok: false, retry: true, retryAfterMs: 9_000 });
    expect(inChannel()).toEqual([]);
  });
});

describe('when Slack takes nothing', () => {
  it.each([
    ['is rate limited', { kind: 'rate_limited', retryAfterS: 7 }, { retry: true, retryAfterMs: 7_000 }],
    ['answers 503', { kind: 'http', status: 503 }, { retry: true }],
    ['refuses the token', { kind: 'error', code: 'token_revoked' }, { retry: true }],
  ] as const)('%s: nothing is lost', async (_, fault, expected) => {
    workspace.faults.add('chat.postMessage', fault);
    expect(await createNotifier().deliver(message(CARD))).toMatchObject({ ok: false, ...expected });
  });

  it('delivers ten minutes later, with when it happened and how late it is', async () => {
    const late = message(CARD);
    nowMs += 10 * MINUTE;
    await createNotifier().deliver({ ...late, nowMs, mayBeThere: true });
    expect(textOf(inChannel()[0])).toMatch(
      /From <!date\^\d+\^[^>]*2026-11-20 03:10 UTC>, delivered 10 min late/,
    );
  });
});

describe('when the channel is gone', () => {
  const told = () => [ids.ada, ids.ben, ids.chen].map((userId) => direct(userId).length);

  it('each person of the group is told once over all replicas, and the message is kept', async () => {
    const first = await createNotifier(ids.archived).deliver(message(CARD));
    expect(first).toMatchObject({ ok: false, retry: true, onlyThis: true });
    expect(told()).toEqual([1, 1, 1]);
    for (let attempt = 0; attempt < 3; attempt += 1)
      await createNotifier(ids.archived).deliver(message(CARD, openCase(), { mayBeThere: true }));
    expect(told()).toEqual([1, 1, 1]);
    const shown = textOf(direct(ids.ada)[0]);
    expect(shown).toContain('Unit 7: margin call');
    expect(shown).toContain("can't post in");
    expect(shown).toContain('case:take');
  });

  it('a channel that refuses for another reason is no better', async () => {
    workspace.faults.add('chat.postMessage', { kind: 'error', code: 'restricted_action' }, 1);
    expect(await createNotifier().deliver(message(CARD))).toMatchObject({ ok: false, onlyThis: true });
    expect(told()).toEqual([1, 1, 1]);
  });

  it('a redrawing that it refuses does not hold up what is said loudly', async () => {
    const up = await posted();
    workspace.faults.add('chat.update', { kind: 'error', code: 'is_inactive' });
    expect(await createNotifier().deliver(message(CARD, up))).toMatchObject({ ok: false, keepAtOnce: true });
  });

  it('progress wakes nobody', async () => {
    const notice: EpisodeNotice = { kind: 'alert-thread', event: EPISODE_EVENTS.taken, mention: false };
    expect(await createNotifier(ids.archived).deliver(message(notice))).toMatchObject({
      ok: false,
      retry: true,
    });
    expect(told()).toEqual([0, 0, 0]);
  });
});

describe('direct messages', () => {
  const escalated: EpisodeNotice = { kind: 'alert-direct', event: EPISODE_EVENTS.escalated, to: 'group' };

  it('that list several cases go to one person each', async () => {
    const named = {
      id: 'C-1',
      groupId: longId('7'),
      level: 'margin-call',
      ltv: '0.86',
      owner: ids.ben,
    } as const;
    const event = {
      type: 'reminder',
      why: 'repeated',
      episodes: [named, named, named],
      atMs: nowMs,
    } as const;
    const listed = message({ kind: 'watch-direct', event, to: [ids.ben] }, null, { key: 'watch/2' });
    expect(await createNotifier().deliver(listed)).toEqual({ ok: true, card: null });
    expect(textOf(direct(ids.ben)[0])).toContain('3 units are still at a level');
    expect([direct(ids.ada), inChannel()]).toEqual([[], []]);
  });

  it('go to each person of the group, with a button and a link to the card', async () => {
    const up = await posted();
    expect(await createNotifier().deliver(message(escalated, up, { key: 'C-7K2M9QX4/2' }))).toEqual({
      ok: true,
      card: null,
    });
    for (const userId of [ids.ada, ids.ben, ids.chen]) {
      expect(textOf(direct(userId)[0])).toContain('nobody has had it for 3 min');
      expect(textOf(direct(userId)[0])).toContain(`/archives/${ids.loanDesk}/p`);
    }
    expect(direct(ids.rina)).toEqual([]);
  });

  it('go on after one person who cannot be reached, and none is told twice by another replica', async () => {
    workspace.faults.add('chat.postMessage', { kind: 'error', code: 'restricted_action' }, 1);
    const first = await createNotifier().deliver(message(escalated));
    expect(first).toMatchObject({ ok: false, retry: true, onlyThis: true });
    await createNotifier().deliver(message(escalated, openCase(), { mayBeThere: true }));
    expect([ids.ada, ids.ben, ids.chen].map((userId) => direct(userId).length)).toEqual([1, 1, 1]);
  });

  it('are not delivered while a group cannot be read, or names nobody; those who are known are told', async () => {
    workspace.faults.add('usergroups.users.list', { kind: 'error', code: 'fatal_error' });
    const [some, none] = [
      createNotifier(ids.loanDesk, [ids.rina, ids.approvers]),
      createNotifier(ids.loanDesk, ['S0GONE0000']),
    ];
    expect(await some.deliver(message(escalated))).toMatchObject({ ok: false, retry: true });
    expect([direct(ids.rina), direct(ids.ada)].map(({ length }) => length)).toEqual([1, 0]);
    workspace.faults.clear();
    expect(await none.deliver(message(escalated))).toMatchObject({ ok: false, retry: true });
  });

  it('give no figures to a guest', async () => {
    const guests = createNotifier(ids.loanDesk, [ids.gus, ids.ada]);
    expect(await guests.deliver(message(escalated))).toEqual({ ok: true, card: null });
    expect([direct(ids.gus), direct(ids.ada)].map(({ length }) => length)).toEqual([0, 1]);
  });

  it('say what the watch cannot read, once to each person, also where the first attempt reached some', async () => {
    const record = new UnreadableRecord('C-7K2M9QX4', "it doesn't match its seal");
    const what = { key: 'watch-unreadable', records: [{ record, groupId: longId('7') }] };
    workspace.faults.add('chat.postMessage', { kind: 'error', code: 'restricted_action' }, 1);
    expect(await createNotifier().tellUnreadable(what)).toMatchObject({ ok: false, retry: true });
    expect(await createNotifier().tellUnreadable({ ...what, key: 'another' })).toMatchObject({ ok: true });
    expect([ids.ada, ids.ben, ids.chen].map((userId) => direct(userId).length)).toEqual([1, 2, 2]);
    const said = textOf(direct(ids.ada)[0]);
    expect(said).toContain("Unit 7 isn't watched");
    expect(said).toContain("the record of case C-7K2M9QX4 can't be read: it doesn't match its seal");
    const own = new UnreadableRecord('watch', 'it is missing');
    await createNotifier().tellUnreadable({ key: 'own', records: [{ record: own, groupId: null }] });
    const stopped = textOf(direct(ids.ada)[1]);
    expect(stopped).toContain('The watch has stopped');
    expect(stopped).toContain('docs/operations.md');
  });

  it('to somebody who left are final', async () => {
    const notice: EpisodeNotice = { ...escalated, to: [ids.dora] };
    expect(await createNotifier().deliver(message(notice))).toEqual({ ok: true, card: null });
  });
});

describe('the trip-wire', () => {
  const client = () =>
    createWebClient({ apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken }, QUIET);
  const scheduled = () => new SlackScheduledMessages(client());
  const schedule = (minutes: number, channelId: string = ids.loanDesk) =>
    scheduled().schedule({
      ...{ channelId, group: [ids.approvers] },
      ...{ postAtMs: nowMs + minutes * MINUTE, silentSinceMs: nowMs },
    });

  it('is listed, replaced, and posted by Slack once the bot is silent', async () => {
    await schedule(25);
    const [first] = await scheduled().list();
    if (first === undefined) throw new Error('nothing is listed');
    nowMs += 5 * MINUTE;
    await schedule(25);
    await scheduled().delete(first);
    expect((await scheduled().list()).map(({ postAtMs }) => postAtMs)).toEqual([nowMs + 25 * MINUTE]);
    nowMs += 25 * MINUTE;
    workspace.scheduled.postDue();
    expect(inChannel()[0]?.text).toMatch(/has been silent since <!date\^\d+\^[^>]*2026-11-20 03:15 UTC>/);
    expect(textOf(inChannel()[0])).toContain(GROUP);
  });

  it('is found and deleted in every channel, and messages of others who use the app are not', async () => {
    await schedule(25, ids.loanAlerts);
    await client().chat.scheduleMessage({
      ...{ channel: ids.loanDesk, text: 'Lunch', post_at: (nowMs + 60 * MINUTE) / 1_000 },
    });
    await schedule(30);
    const found = await scheduled().list();
    expect(found.map(({ channelId }) => channelId)).toEqual([ids.loanAlerts, ids.loanDesk]);
    for (const each of found) await scheduled().delete(each);
    expect(workspace.scheduled.list().map(({ content }) => content.text)).toEqual(['Lunch']);
  });

  it('throws what Slack refuses', async () => {
    await expect(schedule(-1)).rejects.toThrow('time_in_past');
  });

  it('counts one that is no longer there as deleted', async () => {
    const gone = { id: 'Q0', channelId: ids.loanDesk, postAtMs: nowMs };
    expect(await scheduled().delete(gone)).toBeUndefined();
  });
});
