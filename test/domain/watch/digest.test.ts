import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import { type DigestInput, digestOf, dueDigest } from '../../../src/domain/watch/digest.ts';
import { START_MS } from '../../support/close-requests.ts';
import { openCase } from '../../support/episodes.ts';
import { HOUR, MINUTE, unitAt, watchRules } from '../../support/watch-rounds.ts';

const DAY = 24 * HOUR;
const FOR = Date.UTC(2026, 10, 30, 8);
const times = { forMs: FOR, beforeMs: FOR - DAY, noonMs: FOR + 4 * HOUR };
const BEGAN = FOR - 30 * DAY;

function due(
  nowMs: number,
  last: { forMs: number; skipped: boolean } | null,
  changes: Partial<typeof times> = {},
) {
  return dueDigest({ digest: last, beganAtMs: BEGAN }, { ...times, ...changes }, nowMs);
}
const yesterday = { forMs: FOR - DAY, skipped: false };

describe('the digest is due', () => {
  it.each([
    ['before its time', due(FOR - 1, yesterday), null],
    ['at its time', due(FOR, yesterday), { kind: 'send', late: false, skippedMs: null }],
    ['4 minutes later', due(FOR + 4 * MINUTE, yesterday), { kind: 'send', late: false, skippedMs: null }],
    [
      '10 minutes later: late',
      due(FOR + 10 * MINUTE, yesterday),
      { kind: 'send', late: true, skippedMs: null },
    ],
    ['just before noon', due(FOR + 4 * HOUR - 1, yesterday), { kind: 'send', late: true, skippedMs: null }],
    ['at noon: skipped', due(FOR + 4 * HOUR, yesterday), { kind: 'skip' }],
    ['after it was sent', due(FOR + MINUTE, { forMs: FOR, skipped: false }), null],
    ['after it was skipped', due(FOR + 6 * HOUR, { forMs: FOR, skipped: true }), null],
    [
      'after one that was skipped, which it says',
      due(FOR, { forMs: FOR - DAY, skipped: true }),
      { kind: 'send', late: false, skippedMs: FOR - DAY },
    ],
    [
      'after one that nobody handled, because nothing ran',
      due(FOR, { forMs: FOR - 2 * DAY, skipped: true }),
      { kind: 'send', late: false, skippedMs: FOR - DAY },
    ],
    [
      'in the afternoon, if it is for the afternoon',
      due(FOR + 3 * HOUR, yesterday, { noonMs: FOR }),
      { kind: 'send', late: true, skippedMs: null },
    ],
    [
      'four hours after one for the afternoon: skipped',
      due(FOR + 4 * HOUR, yesterday, { noonMs: FOR }),
      { kind: 'skip' },
    ],
  ])('%s', (_, decided, expected) => expect(decided).toEqual(expected));

  it('never for a time before the watch began, and does not call it skipped', () => {
    expect(dueDigest({ digest: null, beganAtMs: FOR + 1 }, times, FOR + 2)).toBeNull();
    expect(dueDigest({ digest: null, beganAtMs: FOR }, times, FOR)).toBeNull();
    expect(dueDigest({ digest: null, beganAtMs: FOR - 1 }, times, FOR)).toEqual({
      kind: 'send',
      late: false,
      skippedMs: null,
    });
  });
});

describe('the digest', () => {
  const input: DigestInput = {
    forMs: FOR,
    timeZone: 'Europe/London',
    late: false,
    skippedMs: null,
    openRequests: [{ id: 'K7M2P9Q4RT', groupId: longId('9') }],
    reading: {
      units: [unitAt('12', '0.69'), unitAt('9', '0.86'), unitAt('10', null), unitAt('3', '0.69')],
      asOfMs: START_MS,
    },
    episodes: [
      openCase({ id: 'C-1', groupId: longId('9') }),
      openCase({ id: 'C-2', owner: { by: { teamId: 'T', userId: 'U' }, sinceMs: 1, untilMs: 2 } }),
      openCase({ id: 'C-3', state: 'recovered' }),
      openCase({ id: 'C-4', level: 'transfer-out' }),
      openCase({ id: 'C-5', drill: { by: { teamId: 'T', userId: 'U' }, ownedAfterMs: null } }),
    ],
    rules: watchRules(),
    ltvBefore: new Map([
      [longId('9'), '0.80'],
      [longId('12'), null],
    ]),
    interest: new Map([[longId('9'), { USDT: '1.5' }]]),
  };

  it('lists units worst first, with what is known of the day before, and what is open', () => {
    expect(digestOf(input)).toEqual({
      forMs: FOR,
      timeZone: 'Europe/London',
      late: false,
      skippedMs: null,
      asOfMs: START_MS,
      units: [
        { groupId: '10', ltv: null, level: 'undefined-ltv', ltvBefore: null, interest: null },
        { groupId: '9', ltv: '0.86', level: 'margin-call', ltvBefore: '0.80', interest: { USDT: '1.5' } },
        { groupId: '3', ltv: '0.69', level: 'normal', ltvBefore: null, interest: null },
        { groupId: '12', ltv: '0.69', level: 'normal', ltvBefore: null, interest: null },
      ],
      openCases: [
        { id: 'C-1', groupId: '9', level: 'margin-call', owned: false },
        { id: 'C-2', groupId: '7', level: 'margin-call', owned: true },
      ],
      openRequests: [{ id: 'K7M2P9Q4RT', groupId: '9' }],
    });
  });

  it('claims nothing about units when blind', () => {
    expect(digestOf({ ...input, reading: null })).toMatchObject({ units: null, asOfMs: null });
  });
});
