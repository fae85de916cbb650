import { describe, expect, it } from 'vitest';
import { decideCase, LONGEST_NOTE } from '../../../src/domain/watch/case-rule.ts';
import { type Episode, type EpisodeCommand, LONGEST_MUTE_MS } from '../../../src/domain/watch/episode.ts';
import { START_MS } from '../../support/close-requests.ts';
import { openCase } from '../../support/episodes.ts';
import { MINUTE } from '../../support/watch-rounds.ts';

const ALICE = { teamId: 'T0HOME', userId: 'U0ALICE' };
const BOB = { teamId: 'T0HOME', userId: 'U0BOB' };
const NOW = START_MS + 4 * MINUTE;
const caseId = openCase().id;
const owned = openCase({
  owner: { by: ALICE, sinceMs: START_MS, untilMs: NOW + MINUTE },
  unownedSinceMs: null,
});
const over = openCase({ state: 'recovered', recoveredAtMs: START_MS, unownedSinceMs: null });
const alert = openCase({ level: 'transfer-out', unownedSinceMs: null });
const card = { channelId: 'C0WATCH', messageTs: '1.2' };

function refusal(episode: Episode, command: EpisodeCommand) {
  const result = decideCase(episode, command, NOW);
  return result.ok ? null : result.refusal;
}

function decided(episode: Episode, command: EpisodeCommand) {
  const result = decideCase(episode, command, NOW);
  if (!result.ok) throw new Error(result.refusal.code);
  return result.value;
}

describe('a refused click', () => {
  it.each<[string, Episode, EpisodeCommand, object]>([
    ['taking a case that is over', over, { type: 'take', by: BOB }, { code: 'case-over', caseId }],
    ['taking an alert', alert, { type: 'take', by: BOB }, { code: 'not-a-case', caseId }],
    [
      "taking somebody's case",
      owned,
      { type: 'take', by: BOB },
      { code: 'case-has-owner', caseId, owner: ALICE, untilMs: NOW + MINUTE },
    ],
    [
      "handing over somebody's case",
      owned,
      { type: 'hand-over', by: BOB, to: BOB },
      { code: 'case-not-owned-by-you', caseId, owner: ALICE },
    ],
    [
      'handing over a case without an owner',
      openCase(),
      { type: 'hand-over', by: BOB, to: ALICE },
      { code: 'case-not-owned-by-you', caseId, owner: null },
    ],
    [
      'handing over an alert',
      alert,
      { type: 'hand-over', by: BOB, to: ALICE },
      { code: 'not-a-case', caseId },
    ],
    [
      'an empty note',
      owned,
      { type: 'note', by: BOB, text: ' \n' },
      { code: 'bad-note', limit: LONGEST_NOTE },
    ],
    [
      'a long note',
      owned,
      { type: 'note', by: BOB, text: 'x'.repeat(LONGEST_NOTE + 1) },
      { code: 'bad-note', limit: LONGEST_NOTE },
    ],
    ['muting what is over', over, { type: 'mute', by: BOB, forMs: 1 }, { code: 'case-over', caseId }],
    [
      'muting liquidation',
      openCase({ level: 'liquidation' }),
      { type: 'mute', by: BOB, forMs: 1 },
      { code: 'mute-not-allowed', caseId },
    ],
    [
      'muting an undefined LTV',
      openCase({ level: 'undefined-ltv' }),
      { type: 'mute', by: BOB, forMs: 1 },
      { code: 'mute-not-allowed', caseId },
    ],
    ...[0, -1, Number.NaN, LONGEST_MUTE_MS + 1].map((forMs): [string, Episode, EpisodeCommand, object] => [
      `muting for ${forMs}`,
      owned,
      { type: 'mute', by: BOB, forMs },
      { code: 'bad-mute', limitMs: LONGEST_MUTE_MS },
    ]),
    ['ending what is no drill', owned, { type: 'end-drill', by: BOB }, { code: 'not-a-drill', caseId }],
    [
      'ending a drill twice',
      openCase({ state: 'recovered', drill: { by: BOB, ownedAfterMs: null } }),
      { type: 'end-drill', by: BOB },
      { code: 'case-over', caseId },
    ],
    ['dropping no owner', openCase(), { type: 'drop-owner' }, { code: 'nothing-changed' }],
    [
      'dropping the owner of what is over',
      { ...owned, state: 'recovered' },
      { type: 'drop-owner' },
      { code: 'nothing-changed' },
    ],
    ['the card as it is', openCase({ card }), { type: 'record-card', card }, { code: 'nothing-changed' }],
    ['no page', openCase(), { type: 'record-page', told: 'none' }, { code: 'nothing-changed' }],
    [
      'a page as it is',
      openCase({ page: { number: 1, wanted: 'none', why: null, told: 'resolved' } }),
      { type: 'record-page', told: 'resolved' },
      { code: 'nothing-changed' },
    ],
  ])('%s', (_, episode, command, expected) => {
    expect(refusal(episode, command)).toEqual(expected);
  });
});

describe('the owner', () => {
  it.each([
    ['margin-call', 120],
    ['liquidation', 30],
    ['undefined-ltv', 30],
  ] as const)('has a case at %s for %s minutes, and the page is acknowledged', (level, minutes) => {
    const page = { number: 1, wanted: 'triggered', why: 'no-owner', told: 'triggered' } as const;
    const { next, events } = decided(openCase({ level, page }), { type: 'take', by: ALICE });
    const untilMs = NOW + minutes * MINUTE;
    expect(next).toMatchObject({ owner: { by: ALICE, sinceMs: NOW, untilMs }, unownedSinceMs: null });
    expect(next.page).toEqual({ number: 1, wanted: 'acknowledged', why: 'no-owner', told: 'triggered' });
    expect(events).toEqual([{ type: 'taken', untilMs, by: ALICE, atMs: NOW }]);
  });

  it('takes it again: for longer, since the same time; a page that nobody wants stays so', () => {
    const { next } = decided(owned, { type: 'take', by: ALICE });
    expect(next.owner).toEqual({ by: ALICE, sinceMs: START_MS, untilMs: NOW + 120 * MINUTE });
    expect(next.page.wanted).toBe('none');
    expect(decided(owned, { type: 'hand-over', by: ALICE, to: ALICE }).events).toMatchObject([
      { type: 'taken' },
    ]);
  });

  it('hands it over', () => {
    const { next, events } = decided(owned, { type: 'hand-over', by: ALICE, to: BOB });
    const untilMs = NOW + 120 * MINUTE;
    expect(next.owner).toEqual({ by: BOB, sinceMs: NOW, untilMs });
    expect(events).toEqual([{ type: 'handed-over', to: BOB, untilMs, by: ALICE, atMs: NOW }]);
  });

  it('is dropped: the case is without an owner from now on', () => {
    const { next, events } = decided(owned, { type: 'drop-owner' });
    expect(next).toMatchObject({ owner: null, unownedSinceMs: NOW });
    expect(events).toEqual([{ type: 'owner-lapsed', owner: ALICE, why: 'left', by: null, atMs: NOW }]);
  });
});

describe('what people leave on a case', () => {
  it('notes, trimmed, the newest 20, also after its end', () => {
    let episode = over;
    for (let count = 1; count <= 21; count += 1)
      episode = decided(episode, { type: 'note', by: BOB, text: ` note ${count} ` }).next;
    expect(episode.notes.map(({ text }) => text)).toEqual(
      Array.from({ length: 20 }, (_, index) => `note ${index + 2}`),
    );
    expect(decided(over, { type: 'note', by: BOB, text: 'x'.repeat(LONGEST_NOTE) }).events).toMatchObject([
      { type: 'noted', by: BOB, atMs: NOW },
    ]);
  });

  it('who opened it, once, the first 20', () => {
    let episode = openCase();
    for (let count = 1; count <= 20; count += 1)
      episode = decided(episode, { type: 'open-card', by: { teamId: 'T0HOME', userId: `U${count}` } }).next;
    expect(episode.seenBy[0]).toEqual({ by: { teamId: 'T0HOME', userId: 'U1' }, atMs: NOW });
    expect(refusal(episode, { type: 'open-card', by: BOB })).toEqual({ code: 'nothing-changed' });
    const once = decided(openCase(), { type: 'open-card', by: BOB });
    expect(once.events).toEqual([{ type: 'card-opened', by: BOB, atMs: NOW }]);
    expect(refusal(once.next, { type: 'open-card', by: BOB })).toEqual({ code: 'nothing-changed' });
    // The same id in another workspace is somebody else.
    expect(refusal(once.next, { type: 'open-card', by: { ...BOB, teamId: 'T0OTHER' } })).toBeNull();
  });

  it('a mute with an end, at most a day', () => {
    const { next, events } = decided(alert, { type: 'mute', by: BOB, forMs: LONGEST_MUTE_MS });
    const untilMs = NOW + LONGEST_MUTE_MS;
    expect(next.mute).toEqual({ by: BOB, level: 'transfer-out', untilMs });
    expect(events).toEqual([{ type: 'muted', untilMs, by: BOB, atMs: NOW }]);
  });
});

describe('a step that was carried out', () => {
  it('the card, where it is now', () => {
    const { next, events } = decided(openCase(), { type: 'record-card', card });
    expect([next.card, events]).toEqual([card, [{ type: 'card-posted', by: null, atMs: NOW }]]);
    const elsewhere = { ...card, messageTs: '3.4' };
    expect(decided(next, { type: 'record-card', card: elsewhere }).next.card).toEqual(elsewhere);
    expect(refusal(next, { type: 'record-card', card: { ...card, channelId: 'C0OTHER' } })).toBeNull();
  });

  it('a card that Slack refuses, unless it is there', () => {
    const refused = decided(openCase(), { type: 'record-card', card: null });
    expect(refused.next).toEqual({ ...openCase(), cardAgainAtMs: NOW });
    expect(refused.events).toEqual([{ type: 'card-refused', by: null, atMs: NOW }]);
    const posted = openCase({ card });
    expect(refusal(posted, { type: 'record-card', card: null })).toEqual({ code: 'nothing-changed' });
  });

  it.each([
    ['triggered', { type: 'paged', why: 'no-owner' }],
    ['acknowledged', { type: 'page-acknowledged' }],
    ['resolved', { type: 'page-resolved' }],
  ] as const)('the pager: %s', (told, event) => {
    const page = { number: 1, wanted: 'triggered', why: 'no-owner', told: 'none' } as const;
    const { next, events } = decided(openCase({ page }), { type: 'record-page', told });
    expect(next.page).toEqual({ ...page, told });
    expect(events).toEqual([{ ...event, by: null, atMs: NOW }]);
  });
});
