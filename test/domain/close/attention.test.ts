import { describe, expect, it } from 'vitest';
import { nextAttentionAtMs, reminderAtMs } from '../../../src/domain/close/attention.ts';
import type { CloseRequest } from '../../../src/domain/close/close-request.ts';
import { facts, request, START_MS } from '../../support/close-requests.ts';
import {
  AT_STAGE,
  CLAIM_DEADLINE_MS,
  IN_STATE,
  MARK_DEADLINE_MS,
  NOW,
  refusalOf,
} from '../../support/close-stages.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const { expiresAtMs } = request();
const half = reminderAtMs(request(), 'half');
const eighty = reminderAtMs(request(), 'eighty');
const told = { half: true, eighty: false };
const toldBoth = { half: true, eighty: true };
const troubledFor = (ms: number) => ({ obstacle: { why: 'busy', sinceMs: NOW - ms } });

const OWING = facts({ totalLiability: '0.5' });

it.each(['half', 'eighty'] as const)('nobody is reminded (%s) of a blocked request', (stage) => {
  const blocked = request({ facts: OWING });
  expect(refusalOf(blocked, { type: 'remind', stage }, expiresAtMs - SECOND)).toBe('nothing-changed');
});

it('reminders fall due at half and at four fifths of the time, in whole milliseconds', () => {
  const short = { ...request(), createdAtMs: START_MS, expiresAtMs: START_MS + 7 };
  expect(reminderAtMs(short, 'half')).toBe(START_MS + 3);
  expect(reminderAtMs(short, 'eighty')).toBe(START_MS + 5);
});

describe('when a request is looked at next', () => {
  it.each<[string, CloseRequest, number, number | null]>([
    ['after five minutes at the latest', request(), NOW, NOW + 5 * MINUTE],
    ['for the reminder at half', request(), half - SECOND, half],
    ['for the reminder at 80 %', request({ reminded: told }), eighty - SECOND, eighty],
    [
      'at the expiry, when all were reminded',
      request({ reminded: toldBoth }),
      expiresAtMs - SECOND,
      expiresAtMs,
    ],
    [
      'while it is blocked, after five minutes at the latest',
      request({ facts: OWING }),
      NOW,
      NOW + 5 * MINUTE,
    ],
    [
      'while it is blocked, not for a reminder',
      request({ facts: OWING }),
      half - SECOND,
      half - SECOND + 5 * MINUTE,
    ],
    ['while it is blocked, at its expiry', request({ facts: OWING }), expiresAtMs - SECOND, expiresAtMs],
    ['to send it, soon after the last vote', IN_STATE.approved(), NOW, NOW + 5 * SECOND],
    ['at its expiry rather than to send it', IN_STATE.approved(), expiresAtMs - SECOND, expiresAtMs],
    [
      'to send it after new trouble',
      { ...IN_STATE.approved(), ...troubledFor(2 * SECOND) },
      NOW,
      NOW + 5 * SECOND,
    ],
    [
      'to send it, later after longer trouble',
      { ...IN_STATE.approved(), ...troubledFor(20 * SECOND) },
      NOW,
      NOW + 20 * SECOND,
    ],
    [
      'to send it, within a minute after any',
      { ...IN_STATE.approved(), ...troubledFor(99 * MINUTE) },
      NOW,
      NOW + MINUTE,
    ],
    [
      'as ever after an abandoned claim',
      { ...IN_STATE.approved(), abandonedClaims: 1 },
      NOW,
      NOW + 5 * MINUTE,
    ],
    [
      'at its expiry after an abandoned claim',
      { ...IN_STATE.approved(), abandonedClaims: 1 },
      expiresAtMs - 20 * SECOND,
      expiresAtMs,
    ],
    ['at the deadline of its claim', IN_STATE.sending(), NOW, CLAIM_DEADLINE_MS],
    ['at the deadline of its mark', AT_STAGE['sending, marked'](), NOW, MARK_DEADLINE_MS],
    ['at once when nobody has the claim', { ...IN_STATE.sending(), claim: null }, NOW + 9, NOW + 9],
    ['soon after the answer', AT_STAGE['sending, answered'](), NOW, NOW + SECOND],
    ...(['closed', 'rehearsed', 'failed', 'rejected', 'withdrawn', 'expired', 'superseded'] as const).map(
      (state): [string, CloseRequest, number, null] => [`never when ${state}`, IN_STATE[state](), NOW, null],
    ),
  ])('%s', (_, at, nowMs, next) => {
    expect(nextAttentionAtMs(at, nowMs)).toBe(next);
  });

  const paged = { pagedAtMs: NOW };
  const unreadable = {
    readBack: {
      agreeingActiveReads: 0,
      lastSeen: { kind: 'unreadable', why: 'no answer' },
      lastSeenAtMs: NOW,
    },
  } as const;
  const seen = {
    readBack: { agreeingActiveReads: 0, lastSeen: { kind: 'neither', why: null }, lastSeenAtMs: NOW },
  } as const;

  it.each<[afterS: number, nextS: number, changes: Partial<CloseRequest>]>([
    [0, 1, {}],
    [0.999, 1, {}],
    [1, 3, {}],
    [3, 7, {}],
    [7, 15, {}],
    [15, 30, {}],
    [30, 60, {}],
    [60, 120, {}],
    [120, 180, {}],
    [180, 240, {}],
    [240, 300, {}],
    [300, 600, {}],
    // People are told at ten minutes, and at once after that.
    [590, 600, {}],
    [600, 600, {}],
    [601, 601, {}],
    [600, 900, paged],
    [650, 900, paged],
    [899, 900, paged],
    [900, 1_200, paged],
    [650, 660, { ...paged, ...unreadable }],
    [660, 690, { ...paged, ...unreadable }],
    [7, 15, unreadable],
    [650, 900, { ...paged, ...seen }],
    // A clock that was set back.
    [-50, -49, {}],
  ])('%d s after an unknown sending: at %d s', (afterS, nextS, changes) => {
    const nowMs = NOW + afterS * SECOND;
    expect(nextAttentionAtMs({ ...IN_STATE.unknown(), ...changes }, nowMs)).toBe(NOW + nextS * SECOND);
  });

  it('of a sending that the record lost, in a second', () => {
    expect(nextAttentionAtMs({ ...IN_STATE.unknown(), sent: null }, NOW)).toBe(NOW + SECOND);
  });
});
