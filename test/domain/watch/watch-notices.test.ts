import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import type { Episode, EpisodeEvent } from '../../../src/domain/watch/episode.ts';
import type { WatchEvent } from '../../../src/domain/watch/watch.ts';
import { episodeNotices, watchNotices } from '../../../src/domain/watch/watch-notices.ts';
import { START_MS } from '../../support/close-requests.ts';
import { openCase } from '../../support/episodes.ts';

const ALICE = { teamId: 'T0HOME', userId: 'U0ALICE' };
const BOB = { teamId: 'T0HOME', userId: 'U0BOB' };
const card = { channelId: 'C0WATCH', messageTs: '1.2' };
const owner = { by: BOB, sinceMs: START_MS, untilMs: START_MS + 1 };
const { figures } = openCase();

type Told = 'card' | 'card!' | 'thread' | 'thread!' | 'group' | 'U0ALICE' | 'U0BOB';
type Row = [what: string, event: object, told: Told[], episode?: Partial<Episode>];

/** `!`: with a mention. */
function toldOf(episode: Partial<Episode>, ...events: object[]): string[] {
  const all = events.map((event) => ({ by: null, atMs: START_MS, ...event }) as EpisodeEvent);
  return episodeNotices({ next: openCase(episode), events: all }).map((notice) => {
    if (notice.kind === 'alert-direct') return String(notice.to);
    return `${notice.kind === 'alert-card' ? 'card' : 'thread'}${notice.mention ? '!' : ''}`;
  });
}

const ROWS: Row[] = [
  ['an opening', { type: 'opened', mention: true }, ['card!']],
  ['an opening that a summary names', { type: 'opened', mention: false }, ['card']],
  ['a worse level', { type: 'worsened', mention: true }, ['card', 'thread!']],
  ['a worse level that a summary names', { type: 'worsened', mention: false }, ['card', 'thread']],
  [
    'a repeat',
    { type: 'repeated', level: 'margin-call', figures, mention: true },
    ['card', 'thread!'],
    { card },
  ],
  [
    'a repeat of an owned case',
    { type: 'repeated', level: 'margin-call', figures, mention: true },
    ['card', 'thread', 'U0BOB'],
    { owner, card },
  ],
  [
    'a repeat that a reminder names',
    { type: 'repeated', mention: false },
    ['card', 'thread'],
    { owner, card },
  ],
  ['a repeat without a card', { type: 'repeated', mention: true }, ['card!']],
  [
    'a repeat of an owned case without a card',
    { type: 'repeated', mention: true },
    ['card', 'U0BOB'],
    { owner },
  ],
  ['a quiet repeat without a card', { type: 'repeated', mention: false }, ['card'], { owner }],
  ['a better level', { type: 'eased' }, ['card', 'thread']],
  ['a return within the floor', { type: 'reopened' }, ['card', 'thread']],
  ['a fourth return within the floor', { type: 'reopened' }, ['card'], { reopenings: 4 }],
  ['a quiet recovery after it', { type: 'recovered', mention: false }, ['card'], { reopenings: 4 }],
  ['a recovery', { type: 'recovered', mention: true }, ['card', 'thread!']],
  ['a quiet recovery', { type: 'recovered', mention: false }, ['card', 'thread']],
  ['a closed unit', { type: 'ended', why: 'closed' }, ['card', 'thread']],
  ['the end of a drill', { type: 'drill-ended', ownedAfterMs: null }, ['card', 'thread']],
  ['a missing unit', { type: 'vanished' }, ['card', 'thread']],
  ['one that is back', { type: 'seen-again', figures }, ['card', 'thread']],
  ['a posted card', { type: 'card-posted' }, []],
  ['a card that Slack refused', { type: 'card-refused' }, []],
  ['an opened card', { type: 'card-opened' }, ['card']],
  ['an owner', { type: 'taken', untilMs: 1 }, ['card', 'thread']],
  ['another owner', { type: 'handed-over', to: ALICE, untilMs: 1 }, ['card', 'thread', 'U0ALICE']],
  ['an owner whose time is over', { type: 'owner-lapsed', owner: ALICE, why: 'time' }, ['card', 'thread!']],
  ['an owner who left', { type: 'owner-lapsed', owner: ALICE, why: 'left' }, ['card', 'thread!']],
  ['an owner of a worse unit', { type: 'owner-lapsed', owner: ALICE, why: 'worse' }, ['card', 'U0ALICE']],
  [
    'an owner where none is needed',
    { type: 'owner-lapsed', owner: ALICE, why: 'time' },
    ['card', 'thread'],
    { level: 'transfer-out' },
  ],
  ['a note', { type: 'noted', text: 'x' }, ['card', 'thread']],
  ['a mute', { type: 'muted', untilMs: 1 }, ['card', 'thread']],
  ['the end of a mute', { type: 'mute-ended', why: 'time' }, ['card', 'thread']],
  ['an escalation', { type: 'escalated', mention: true }, ['card', 'thread', 'group']],
  ['one that a reminder names', { type: 'escalated', mention: false }, ['card', 'thread']],
  ['a page', { type: 'paged', why: 'level' }, ['card', 'thread']],
  ['a page that was taken', { type: 'page-acknowledged' }, ['card']],
  ['a page that is over', { type: 'page-resolved' }, ['card']],
];

describe('who is told', () => {
  it.each(ROWS)('of %s', (_, event, told, episode = {}) => {
    expect(toldOf(episode, event)).toEqual(told);
  });

  it('of new figures: the card is redrawn', () => {
    expect(toldOf({})).toEqual(['card']);
  });

  it('once, with one mention, of what happens at one time', () => {
    const lapse = { type: 'owner-lapsed', owner: ALICE, why: 'time' };
    expect(toldOf({ card }, { type: 'repeated', mention: true }, lapse)).toEqual([
      'card',
      'thread!',
      'thread',
    ]);
    const worse = { type: 'owner-lapsed', owner: ALICE, why: 'worse' };
    expect(toldOf({}, { type: 'worsened', mention: true }, worse)).toEqual(['card', 'thread!', 'U0ALICE']);
  });

  it('of a drill: nobody directly but WATCH_GROUP', () => {
    const drill = { by: ALICE, ownedAfterMs: null };
    expect(toldOf({ drill }, { type: 'handed-over', to: BOB })).toEqual(['card', 'thread']);
    expect(toldOf({ drill }, { type: 'escalated', mention: true })).toEqual(['card', 'thread', 'group']);
  });

  it('of three or more reminders, with a mention if one has no owner: each owner of their own', () => {
    const named = (id: string, of: string | null) =>
      ({ id, groupId: longId('7'), level: 'margin-call', ltv: '0.86', owner: of }) as const;
    const [a, b, c] = [named('a', 'U0BOB'), named('b', 'U0BOB'), named('c', null)];
    const event = { type: 'reminder', why: 'repeated', episodes: [a, b, c], atMs: START_MS } as const;
    const direct = { ...event, episodes: [a, b] };
    expect(watchNotices(event)).toEqual([
      { kind: 'watch-message', event, mention: true },
      { kind: 'watch-direct', event: direct, to: ['U0BOB'] },
    ]);
    expect(watchNotices(direct)[0]).toMatchObject({ kind: 'watch-message', mention: false });
    const escalated = { ...event, why: 'escalated' } as const;
    expect(watchNotices(escalated)).toEqual([{ kind: 'watch-direct', event: escalated, to: 'group' }]);
  });

  it.each([
    ['began', false],
    ['seeing-again', false],
    ['unit-vanished', true],
    ['unit-appeared', false],
    ['borrowed-more', false],
    ['rate-step', false],
    ['members-changed', false],
    ['forced-liquidation', true],
    ['digest', false],
  ])('of %s, with a mention: %s', (type, mention) => {
    const event = { type, atMs: START_MS } as WatchEvent;
    expect(watchNotices(event)).toEqual([{ kind: 'watch-message', event, mention }]);
  });
});
