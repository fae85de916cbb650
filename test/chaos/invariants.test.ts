/** The judge of the chaos run is judged: a close as it should be passes, and each pulled brake that was ignored is named. */
import { describe, expect, it } from 'vitest';
import { WireRecord } from '../../sandbox/binance/wire-log.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { sealEntry } from '../../src/domain/audit-chain.ts';
import type { CloseRequest, RequestEvent } from '../../src/domain/close/close-request.ts';
import type { RequestBody } from '../../src/domain/close/request-entry.ts';
import type { ClosePolicy } from '../../src/domain/policy.ts';
import { request, START_MS } from '../support/close-requests.ts';
import { type Absence, boundsOfSettings, type Life, type Settings } from './brakes.ts';
import { violationsOf, type Witnesses } from './invariants.ts';
import { type EmptyGroup, type RulesFile, type RulesInForce, rulesFor } from './rules.ts';
import { judgeWatch } from './watched.ts';

const { team, rina, ada, ben, chen, mara, omar, approvers, treasuryTeam, riskTeam } = SEED_IDS;
const KEY = Buffer.alloc(32, 7);
const CLAIMED_MS = START_MS + 3_000;
const SENT_MS = START_MS + 4_000;

const by = (userId: string) => ({ teamId: team, userId });

function life(settings: Settings, fromMs = START_MS, toMs = Number.POSITIVE_INFINITY): Life {
  return { ...boundsOfSettings({ CLOSE_APPROVERS: approvers, ...settings }), fromMs, toMs };
}

interface Story {
  readonly lives: readonly Life[];
  readonly absences?: readonly Absence[];
  readonly voters?: readonly string[];
  readonly frozen?: Partial<ClosePolicy>;
  readonly rules?: readonly RulesInForce[];
  readonly emptied?: readonly EmptyGroup[];
  /** Between the claim and the marker. */
  readonly meanwhile?: RequestEvent;
}

/** One closed request, with what its witnesses saw. */
function witnesses(story: Story): Witnesses {
  const {
    lives,
    absences = [],
    voters = [ada, ben],
    frozen = {},
    rules = [],
    emptied = [],
    meanwhile,
  } = story;
  const asked = request({ requester: by(rina) }, { approvers: [approvers], ...frozen });
  const closed: CloseRequest = {
    ...asked,
    state: 'closed',
    sent: { atMs: SENT_MS, signedTimestampMs: SENT_MS, recvWindowMs: 5_000 },
    ending: { kind: 'read-back', atMs: SENT_MS + 1_000 },
  };
  const { id, groupId, policy, facts, version, factsDigest } = asked;
  const events: RequestEvent[] = [
    { type: 'opened', reason: 'Loan repaid', facts, policy, by: by(rina), atMs: START_MS },
    ...voters.map(
      (voter, at): RequestEvent => ({
        type: 'approved',
        votes: at + 1,
        dropped: [],
        by: by(voter),
        atMs: START_MS + 1_000,
      }),
    ),
    { type: 'claimed', owner: 'somebody', by: null, atMs: CLAIMED_MS },
    ...(meanwhile === undefined ? [] : [meanwhile]),
    { type: 'sent', signedTimestampMs: SENT_MS, recvWindowMs: 5_000, by: null, atMs: SENT_MS },
  ];
  const entries = events.map((event, at) => {
    const place = { requestId: id, groupId, sequence: at + 1, previousOpening: at === 0 ? '' : null };
    const body: RequestBody = { ...place, stateAfter: 'pending', version, factsDigest, event };
    return sealEntry(body, '', KEY);
  });
  const sent = new WireRecord(1, {
    method: 'DELETE',
    path: '/sapi/v1/loan',
    rawQuery: `groupId=${groupId}&timestamp=${SENT_MS}`,
    rawBody: '',
    endpoint: 'close',
    account: 'loan-7',
    groupId,
    hasApiKey: true,
    contentType: null,
    receivedAtMs: SENT_MS + 5,
  });
  sent.effect = true;
  const times = { createTimeMs: 0, closeTimeMs: SENT_MS + 10, listedFromMs: 0 };
  const listed = { groupId, parentEmail: 'parent@test.com', creditEmail: 'credit7@test.com', ...times };
  return {
    requests: new Map([[id, closed]]),
    trail: new Map([[id, entries]]),
    deletes: [sent],
    closedUnits: new Map([[groupId, listed]]),
    activeUnits: new Set(),
    newCollateral: [],
    ...{ lives, absences, rules, emptied },
  };
}

const WHOLE = life({});
const GONE_IN_TIME = life({}, START_MS, SENT_MS - 2_000);

it.each<[string, Story]>([
  ['two votes, a live process', { lives: [WHOLE] }],
  ['some other process is in dry run', { lives: [WHOLE, life({ CLOSE_MODE: 'dry-run' })] }],
  [
    'three votes where one voter is gone',
    { lives: [WHOLE], voters: [ada, ben, chen], absences: [gone(chen)] },
  ],
  ['three votes for a quorum of three', { lives: [life({ CLOSE_QUORUM: '3' })], voters: [ada, ben, chen] }],
  ['gone only after the mark', { lives: [WHOLE], absences: [gone(ben, SENT_MS + 1, SENT_MS + 9_000)] }],
])('passes: %s', (_, story) => {
  expect(violationsOf(witnesses(story))).toEqual([]);
});

it.each<[string, Story]>([
  ['every process is in dry run', { lives: [GONE_IN_TIME, life({ CLOSE_MODE: 'dry-run' })] }],
  ['the request was made in dry run', { lives: [WHOLE], frozen: { mode: 'dry-run' } }],
  ['the quorum was raised', { lives: [GONE_IN_TIME, life({ CLOSE_QUORUM: '3' })] }],
  ['an approver was taken off the list', { lives: [life({ CLOSE_APPROVERS: `${ada},${chen}` })] }],
  ['a voter was deactivated', { lives: [WHOLE], absences: [gone(ben)] }],
  ['no process was alive', { lives: [GONE_IN_TIME] }],
])('names a DELETE although %s', (_, story) => {
  expect(violationsOf(witnesses(story))).toEqual([expect.stringContaining('allowed by no process')]);
});

it('names a DELETE with fewer votes than the request froze', () => {
  const found = violationsOf(witnesses({ lives: [WHOLE], frozen: { quorum: 3 } }));
  expect(found).toContainEqual(expect.stringContaining('sent with 2 valid votes of 3'));
});

describe('under a rules file', () => {
  const { usual, stricter } = rulesFor([request().groupId]);
  const RULED = life({ CLOSE_RULES_FILE: 'rules.json' });
  const frozen = {
    approvers: [treasuryTeam, riskTeam],
    need: [
      { from: [treasuryTeam], count: 1 },
      { from: [riskTeam], count: 1 },
    ],
    delayMs: 2_000,
  };
  const file = (of: RulesFile, fromMs = START_MS, toMs = Number.POSITIVE_INFINITY) => ({
    ...{ file: of, fromMs, toMs },
  });
  const story = (changes: Partial<Story> = {}) =>
    violationsOf(
      witnesses({ lives: [RULED], voters: [ada, mara], frozen, rules: [file(usual)], ...changes }),
    );
  const empty = (group: string, toMs = SENT_MS + 1_000) => ({ group, fromMs: START_MS, toMs });
  const LONG_AGO = START_MS - 60_000;

  it.each<[string, Partial<Story>]>([
    ['one of each group', {}],
    ['a group that was filled again before the marker', { emptied: [empty(riskTeam, SENT_MS - 1)] }],
    [
      'a stricter file that a bot may not have read yet',
      { rules: [file(usual, START_MS, SENT_MS - 1), file(stricter, SENT_MS - 1)] },
    ],
    ['a stricter file that is gone', { rules: [file(stricter, LONG_AGO, START_MS), file(usual)] }],
  ])('passes: %s', (_, changes) => {
    expect(story(changes)).toEqual([]);
  });

  it.each<[string, Partial<Story>, string]>([
    ['two of one group', { voters: [ada, ben] }, 'everybody its own rule needs'],
    ['nobody of treasury', { voters: [mara, omar] }, 'everybody its own rule needs'],
    ['a group that was emptied', { emptied: [empty(riskTeam)] }, 'everybody its own rule needs'],
    ['one person too few for the file', { rules: [file(stricter)] }, 'against every rules file'],
    [
      'a file that was gone for long',
      { rules: [file(usual, LONG_AGO, SENT_MS - 20_000), file(stricter, SENT_MS - 20_000)] },
      'against every rules file',
    ],
    ['a veto before it', { meanwhile: veto('rejected') }, 'after it was rejected or withdrawn'],
    ['a withdrawal before it', { meanwhile: veto('withdrawn') }, 'after it was rejected or withdrawn'],
    ['too little time to stop it', { frozen: { ...frozen, delayMs: 4_000 } }, 'before the time to stop it'],
  ])('names a close sent with %s', (_, changes, what) => {
    expect(story(changes)).toContainEqual(expect.stringContaining(what));
  });
});

function veto(type: 'rejected' | 'withdrawn'): RequestEvent {
  const at = { by: by(rina), atMs: CLAIMED_MS + 500 };
  return type === 'rejected' ? { type, reason: 'wait', ...at } : { type, ...at };
}

describe('the watch', () => {
  const message = (key: string, threadTs?: string) => ({
    ...{
      order: 1,
      channelId: SEED_IDS.loanAlerts,
      ts: '1.1',
      threadTs,
      userId: SEED_IDS.botUser,
      deleted: false,
    },
    ...{ text: '', blocks: [], metadata: { event_type: 'loandesk_alert', event_payload: { key } } },
  });
  const trail = (...types: string[]) => {
    const entries = types.map((type, index) => {
      const body = { episodeId: 'C-1', sequence: index + 1, previousOpening: null, stateAfter: 'open' };
      return sealEntry({ ...body, event: { type, atMs: START_MS } }, '', KEY);
    });
    return new Map([['C-1', entries]]);
  };
  const card = message('C-1/1');
  const line = message('C-1/2', '1.1');

  it('passes where Slack has what the trail says', () => {
    expect(judgeWatch([card, line], trail('opened', 'card-posted', 'worsened'), false)).toEqual([]);
  });

  it.each([
    ['the same message twice', [card, line, line], 'stands in Slack twice'],
    ['two cards', [card, message('C-1/3'), line], 'has 2 cards'],
    ['an episode of which nothing was said', [], 'nothing was said of C-1'],
    ['a line that never came', [card], 'has 0 lines in its thread, and its trail 1'],
  ])('names %s', (_, messages, what) => {
    const found = judgeWatch(messages, trail('opened', 'worsened'), false);
    expect(found).toContainEqual(expect.stringContaining(what));
  });
});

function gone(userId: string, fromMs = START_MS, toMs = SENT_MS + 60_000): Absence {
  return { userId, fromMs, toMs };
}
