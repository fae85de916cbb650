/** The whole rule as tables: what each command does at each stage, and what each step writes. */
import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import { reminderAtMs, UNKNOWN_PAGES_AFTER_MS } from '../../../src/domain/close/attention.ts';
import {
  type CloseRequest,
  type Command,
  NEVER_LOOKED,
  type RequestEvent,
} from '../../../src/domain/close/close-request.ts';
import type { Changes } from '../../../src/domain/close/decision.ts';
import { digestOf } from '../../../src/domain/close/facts.ts';
import type { ClosePolicy } from '../../../src/domain/policy.ts';
import type { Refusal } from '../../../src/domain/refusal.ts';
import {
  ALICE,
  BOB,
  CAROL,
  decideAt,
  ELIGIBLE,
  facts,
  PEOPLE,
  person,
  policy,
  REQUESTER,
  request,
} from '../../support/close-requests.ts';
import {
  AT_STAGE,
  answer,
  answered,
  approveBy,
  approved,
  CLAIM,
  CLAIM_DEADLINE_MS,
  claimed,
  evidence,
  FOUND_CLOSED,
  following,
  IN_STATE,
  MARK,
  MARK_DEADLINE_MS,
  marked,
  NOW,
  type Stage,
  unknown,
} from '../../support/close-stages.ts';

const STAGES = Object.keys(AT_STAGE) as Stage[];
const PAGING_MS = NOW + UNKNOWN_PAGES_AFTER_MS;
const NOBODY: ReadonlySet<string> = new Set();
const LINKED_ELSEWHERE = facts({ collateralAccounts: ['other@test.com'], readAtMs: 9 });
const CARD = { channelId: 'C0DESK', messageTs: '1700000001.000200' };
const id = ({ teamId, userId }: typeof ALICE) => ({ teamId, userId });
const started = (by: typeof ALICE, version = 1): Command => ({
  ...CLAIM,
  type: 'claim',
  owner: 'two',
  deadlineAtMs: CLAIM_DEADLINE_MS,
  starter: { by, version, eligible: ELIGIBLE },
});
const reject = (by = CAROL, version = 1, reason = ' not yet '): Command => ({
  type: 'reject',
  pairs: [],
  by,
  version,
  reason,
  eligible: ELIGIBLE,
});
const settle = (by = ALICE, verdict: 'closed' | 'not-closed' = 'closed', eligible = ELIGIBLE): Command => ({
  type: 'settle',
  pairs: [],
  by,
  verdict,
  note: ' seen in the console ',
  eligible,
});
const look = (
  seen: Extract<Command, { type: 'read-back' }>['seen'],
  afterAnswer = true,
): Extract<Command, { type: 'read-back' }> => ({ type: 'read-back', seen, afterAnswer });

/** What comes of it: the next state, or the code of the refusal. */
type Outcome = CloseRequest['state'] | Refusal['code'];
interface Row {
  readonly command: Command | ((at: CloseRequest) => Command);
  readonly atMs?: number;
  readonly rule?: ClosePolicy;
  readonly changes?: Changes;
  readonly to: Partial<Record<Stage, Outcome>>;
  /** At every other stage; undefined: the state stays as it is. */
  readonly otherwise: Outcome | undefined;
}

const EXECUTING = {
  sending: 'already-executing',
  'sending, marked': 'already-executing',
  'sending, answered': 'already-executing',
} as const;
const EXECUTING_OR_UNKNOWN = {
  ...EXECUTING,
  unknown: 'already-executing',
  'unknown, unanswered': 'already-executing',
} as const;
/** Another process than the claim's: the mark is there, then its claim is gone. */
const AFTER_THE_MARK = {
  'sending, marked': 'already-executing',
  'sending, answered': 'not-claim-owner',
} as const;

const RULE: { readonly [What: string]: Row } = {
  'record-card': { command: { type: 'record-card', card: CARD }, to: {}, otherwise: undefined },
  'give-up-card': {
    command: { type: 'give-up-card', why: 'channel_not_found' },
    changes: { card: null },
    to: { pending: 'failed' },
    otherwise: 'wrong-state',
  },
  'give-up-card, when it was posted': {
    command: { type: 'give-up-card', why: 'channel_not_found' },
    to: {},
    otherwise: 'wrong-state',
  },
  approve: {
    command: (at) => approveBy(CAROL, at),
    to: { ...EXECUTING_OR_UNKNOWN, pending: 'pending', expired: 'expired' },
    otherwise: 'already-decided',
  },
  reject: {
    command: reject(),
    to: { ...EXECUTING_OR_UNKNOWN, pending: 'rejected', approved: 'rejected', expired: 'expired' },
    otherwise: 'already-decided',
  },
  withdraw: {
    command: { type: 'withdraw', by: REQUESTER },
    to: { ...EXECUTING_OR_UNKNOWN, pending: 'withdrawn', approved: 'withdrawn' },
    otherwise: 'already-decided',
  },
  expire: {
    command: { type: 'expire' },
    atMs: request().expiresAtMs,
    to: { pending: 'expired', approved: 'expired', sending: 'expired' },
    otherwise: 'wrong-state',
  },
  remind: {
    command: { type: 'remind', stage: 'half' },
    atMs: reminderAtMs(request(), 'half'),
    to: { pending: 'pending' },
    otherwise: 'wrong-state',
  },
  'replace-facts': {
    command: { type: 'replace-facts', facts: LINKED_ELSEWHERE },
    to: { pending: 'pending', approved: 'pending', sending: 'pending' },
    otherwise: 'wrong-state',
  },
  'recount-votes, nobody counts': {
    command: {
      type: 'recount-votes',
      eligible: NOBODY,
      requesterMayAsk: true,
      seats: [],
      pairs: [],
      ruleDigest: null,
    },
    to: { pending: 'nothing-changed', approved: 'pending', sending: 'pending' },
    otherwise: 'wrong-state',
  },
  'recount-votes, everybody counts': {
    command: { type: 'recount-votes', ...PEOPLE },
    to: { pending: 'nothing-changed', approved: 'nothing-changed', sending: 'nothing-changed' },
    otherwise: 'wrong-state',
  },
  supersede: {
    command: { type: 'supersede', evidence: evidence() },
    to: { pending: 'superseded', approved: 'superseded', sending: 'superseded' },
    otherwise: 'wrong-state',
  },
  claim: { command: CLAIM, to: { ...EXECUTING, approved: 'sending' }, otherwise: 'wrong-state' },
  'abandon-claim': {
    command: { type: 'abandon-claim' },
    atMs: CLAIM_DEADLINE_MS,
    to: { sending: 'approved' },
    otherwise: 'wrong-state',
  },
  'abandon-claim, without a claim': {
    command: { type: 'abandon-claim' },
    atMs: CLAIM_DEADLINE_MS,
    changes: { claim: null },
    to: {},
    otherwise: 'wrong-state',
  },
  'release-claim': {
    command: { type: 'release-claim', owner: 'one', why: 'no answer' },
    to: { sending: 'approved' },
    otherwise: 'wrong-state',
  },
  'mark-sent': { command: MARK, to: { ...AFTER_THE_MARK, sending: 'sending' }, otherwise: 'wrong-state' },
  rehearse: {
    command: { type: 'rehearse', owner: 'one', ...PEOPLE },
    rule: policy({ mode: 'dry-run' }),
    to: { ...AFTER_THE_MARK, sending: 'rehearsed' },
    otherwise: 'wrong-state',
  },
  'never-sent': {
    command: { type: 'never-sent', owner: 'one', why: 'too busy' },
    to: { ...AFTER_THE_MARK, sending: 'failed' },
    otherwise: 'wrong-state',
  },
  'record-answer': {
    command: answered(answer('unknown')),
    to: {
      // The mark was lost there: it is put back.
      pending: 'unknown',
      approved: 'unknown',
      sending: 'unknown',
      rehearsed: 'unknown',
      rejected: 'unknown',
      withdrawn: 'unknown',
      expired: 'unknown',
      superseded: 'unknown',
      'sending, marked': 'unknown',
      'unknown, unanswered': 'unknown',
    },
    otherwise: 'wrong-state',
  },
  'lose-track': {
    command: { type: 'lose-track' },
    atMs: PAGING_MS,
    to: { 'sending, marked': 'unknown', 'sending, answered': 'unknown' },
    otherwise: 'wrong-state',
  },
  'read-back': {
    command: FOUND_CLOSED,
    to: { 'sending, answered': 'closed', unknown: 'closed', 'unknown, unanswered': 'closed' },
    otherwise: 'wrong-state',
  },
  'page-people': {
    command: { type: 'page-people' },
    atMs: PAGING_MS,
    to: { unknown: 'unknown', 'unknown, unanswered': 'unknown' },
    otherwise: 'wrong-state',
  },
  settle: {
    command: settle(),
    to: { unknown: 'unknown', 'unknown, unanswered': 'unknown' },
    otherwise: 'wrong-state',
  },
  'note-reach, where people are short': {
    command: { type: 'note-reach', eligible: NOBODY, seats: [], pairs: [], ruleDigest: null },
    to: { pending: 'pending', approved: 'approved' },
    otherwise: 'wrong-state',
  },
  'note-reach, where they are not': {
    command: { type: 'note-reach', eligible: ELIGIBLE, seats: [], pairs: [], ruleDigest: null },
    to: { pending: 'nothing-changed', approved: 'nothing-changed' },
    otherwise: 'wrong-state',
  },
  'note-refusal': {
    command: { type: 'note-refusal', by: person('U0OTHER'), attempted: 'approve', refusal: 'role-missing' },
    to: {},
    otherwise: undefined,
  },
};

describe.each(Object.entries(RULE))('%s', (_, { command, atMs = NOW, rule, changes, to, otherwise }) => {
  it.each(STAGES)('when it is %s', (stage) => {
    const start = { ...AT_STAGE[stage](), ...changes };
    const decision = decideAt(start, typeof command === 'function' ? command(start) : command, atMs, rule);
    const expected = to[stage] ?? otherwise ?? start.state;
    if (decision.ok) expect(decision.next.state).toBe(expected);
    else {
      const hasState = expected === 'wrong-state' || expected === 'already-decided';
      // What two people stated is not to pass for what was read.
      const settled = stage === 'closed, settled' && { settled: true };
      expect(decision.refusal).toEqual({
        code: expected,
        ...(hasState && { state: start.state, ...settled }),
      });
    }
  });
});

/** The start, what is asked and when; what is written, what happened, and until when the store may take it. */
type Step = readonly [
  what: string,
  start: CloseRequest,
  command: Command,
  atMs: number,
  changes: Changes,
  event: RequestEvent,
  notAfterMs: number | null,
];

const vote = (who: typeof ALICE, { version, factsDigest }: CloseRequest = request()) => ({
  voter: id(who),
  atMs: NOW,
  version,
  factsDigest,
});
const voided = (who: typeof ALICE, because: 'facts-changed' | 'no-longer-eligible', voidedAtMs: number) => ({
  ...vote(who),
  voidedAtMs,
  because,
});
const { expiresAtMs } = request();
const LATER = NOW + 7;
const voted = () => following(request(), approveBy());
const obstructed = () =>
  following(claimed(), { type: 'release-claim', owner: 'one', why: 'no answer' }, CLAIM);
const MARKED = { atMs: NOW, signedTimestampMs: NOW, recvWindowMs: 5_000 };
const refusedAnswer = () => following(marked(), answered(answer('refused')));
const ALICE_SAID = { by: id(ALICE), verdict: 'closed', note: 'seen in the console', atMs: NOW } as const;
const CHANGES = [
  { fact: 'collateral account', which: 'collateral71@test.com', before: 'linked', after: null },
  { fact: 'collateral account', which: 'collateral72@test.com', before: 'linked', after: null },
  { fact: 'collateral account', which: 'other@test.com', before: null, after: 'linked' },
] as const;
/** Everything that an ending takes with it. */
const ENDED = { claim: null, obstacle: null } as const;

const EVENT = { by: null, atMs: LATER } as const;
const STEPS: readonly Step[] = [
  [
    'the card cannot be delivered',
    request({ card: null }),
    { type: 'give-up-card', why: 'channel_not_found' },
    LATER,
    {
      ...ENDED,
      state: 'failed',
      ending: { kind: 'card-undeliverable', why: 'channel_not_found', atMs: LATER },
    },
    { ...EVENT, type: 'card-undeliverable', why: 'channel_not_found' },
    null,
  ],
  [
    'the first of two approves',
    request(),
    approveBy(),
    NOW,
    { state: 'pending', votes: [vote(ALICE)] },
    { type: 'approved', by: id(ALICE), votes: 1, dropped: [], atMs: NOW },
    expiresAtMs,
  ],
  [
    'the second approves after a claim was abandoned',
    { ...voted(), abandonedClaims: 2 },
    approveBy(BOB),
    NOW,
    { state: 'approved', votes: [vote(ALICE), vote(BOB)], abandonedClaims: 0 },
    { type: 'approved', by: id(BOB), votes: 2, dropped: [], atMs: NOW },
    expiresAtMs,
  ],
  [
    'one approves after a claim was abandoned, and a voter counts no longer',
    { ...voted(), abandonedClaims: 2, voidedVotes: [voided(CAROL, 'facts-changed', NOW)] },
    approveBy(BOB, request(), new Set([BOB.userId])),
    NOW,
    {
      state: 'pending',
      votes: [vote(BOB)],
      voidedVotes: [voided(CAROL, 'facts-changed', NOW), voided(ALICE, 'no-longer-eligible', NOW)],
    },
    { type: 'approved', by: id(BOB), votes: 1, dropped: [id(ALICE)], atMs: NOW },
    expiresAtMs,
  ],
  [
    'one rejects',
    approved(),
    reject(),
    LATER,
    {
      ...ENDED,
      state: 'rejected',
      ending: { kind: 'rejected', by: id(CAROL), reason: 'not yet', atMs: LATER },
    },
    { type: 'rejected', by: id(CAROL), reason: 'not yet', atMs: LATER },
    expiresAtMs,
  ],
  [
    'the requester withdraws',
    approved(),
    { type: 'withdraw', by: REQUESTER },
    LATER,
    { ...ENDED, state: 'withdrawn', ending: { kind: 'withdrawn', by: id(REQUESTER), atMs: LATER } },
    { type: 'withdrawn', by: id(REQUESTER), atMs: LATER },
    null,
  ],
  [
    'it expires while a claim waits for something',
    obstructed(),
    { type: 'expire' },
    expiresAtMs,
    { ...ENDED, state: 'expired', ending: { kind: 'expired', atMs: expiresAtMs } },
    { type: 'expired', by: null, atMs: expiresAtMs },
    null,
  ],
  [
    'half of its time is over',
    request(),
    { type: 'remind', stage: 'half' },
    reminderAtMs(request(), 'half'),
    { reminded: { half: true, eighty: false } },
    { type: 'reminded', by: null, stage: 'half', atMs: reminderAtMs(request(), 'half') },
    expiresAtMs,
  ],
  [
    '80 % of its time is over: the reminder at half is no longer worth sending',
    request(),
    { type: 'remind', stage: 'eighty' },
    reminderAtMs(request(), 'eighty'),
    { reminded: { half: true, eighty: true } },
    { type: 'reminded', by: null, stage: 'eighty', atMs: reminderAtMs(request(), 'eighty') },
    expiresAtMs,
  ],
  [
    'a fact changes under a claim',
    { ...obstructed(), voidedVotes: [voided(CAROL, 'no-longer-eligible', NOW)] },
    { type: 'replace-facts', facts: LINKED_ELSEWHERE },
    LATER,
    {
      ...ENDED,
      state: 'pending',
      version: 2,
      facts: LINKED_ELSEWHERE,
      factsDigest: digestOf(LINKED_ELSEWHERE),
      factChanges: CHANGES,
      votes: [],
      voidedVotes: [
        voided(CAROL, 'no-longer-eligible', NOW),
        voided(ALICE, 'facts-changed', LATER),
        voided(BOB, 'facts-changed', LATER),
      ],
    },
    {
      ...EVENT,
      type: 'facts-changed',
      facts: LINKED_ELSEWHERE,
      changes: CHANGES,
      voided: [id(ALICE), id(BOB)],
    },
    null,
  ],
  [
    'a voter under a claim counts no longer',
    { ...obstructed(), voidedVotes: [voided(CAROL, 'facts-changed', NOW)] },
    {
      type: 'recount-votes',
      eligible: new Set([BOB.userId]),
      requesterMayAsk: true,
      seats: [],
      pairs: [],
      ruleDigest: null,
    },
    LATER,
    {
      ...ENDED,
      state: 'pending',
      votes: [vote(BOB)],
      voidedVotes: [voided(CAROL, 'facts-changed', NOW), voided(ALICE, 'no-longer-eligible', LATER)],
    },
    { ...EVENT, type: 'votes-dropped', dropped: [id(ALICE)] },
    null,
  ],
  [
    'one of three voters under a claim counts no longer, and two are enough',
    { ...obstructed(), votes: [vote(ALICE), vote(BOB), vote(CAROL)] },
    {
      type: 'recount-votes',
      eligible: new Set([BOB.userId, CAROL.userId]),
      requesterMayAsk: true,
      seats: [],
      pairs: [],
      ruleDigest: null,
    },
    LATER,
    { votes: [vote(BOB), vote(CAROL)], voidedVotes: [voided(ALICE, 'no-longer-eligible', LATER)] },
    { ...EVENT, type: 'votes-dropped', dropped: [id(ALICE)] },
    null,
  ],
  [
    'the only voter so far counts no longer',
    voted(),
    {
      type: 'recount-votes',
      eligible: NOBODY,
      requesterMayAsk: true,
      seats: [],
      pairs: [],
      ruleDigest: null,
    },
    LATER,
    { votes: [], voidedVotes: [voided(ALICE, 'no-longer-eligible', LATER)] },
    { ...EVENT, type: 'votes-dropped', dropped: [id(ALICE)] },
    null,
  ],
  [
    'too few people are left who may vote',
    voted(),
    {
      type: 'note-reach',
      eligible: new Set([ALICE.userId]),
      ...{ seats: [], pairs: [], ruleDigest: null },
    },
    LATER,
    { unreachable: { eligible: 1, quorum: 2, sinceMs: LATER } },
    { ...EVENT, type: 'unreachable', eligible: 1, quorum: 2 },
    null,
  ],
  [
    'enough people may vote again',
    { ...voted(), unreachable: { eligible: 1, quorum: 2, sinceMs: NOW } },
    { type: 'note-reach', eligible: ELIGIBLE, ...{ seats: [], pairs: [], ruleDigest: null } },
    LATER,
    { unreachable: undefined },
    { ...EVENT, type: 'reachable' },
    null,
  ],
  [
    'the unit was closed elsewhere',
    obstructed(),
    { type: 'supersede', evidence: evidence() },
    LATER,
    {
      ...ENDED,
      state: 'superseded',
      ending: { kind: 'closed-elsewhere', atMs: LATER },
      evidence: evidence(),
    },
    { ...EVENT, type: 'superseded', evidence: evidence() },
    null,
  ],
  [
    'a process claims it',
    approved(),
    CLAIM,
    LATER,
    { state: 'sending', claim: { owner: 'one', deadlineAtMs: CLAIM_DEADLINE_MS } },
    { ...EVENT, type: 'claimed', owner: 'one' },
    expiresAtMs,
  ],
  [
    'a person starts it',
    approved(),
    started(CAROL),
    LATER,
    { state: 'sending', claim: { owner: 'two', deadlineAtMs: CLAIM_DEADLINE_MS } },
    { type: 'claimed', by: id(CAROL), owner: 'two', atMs: LATER },
    expiresAtMs,
  ],
  [
    'a claim is abandoned',
    { ...obstructed(), abandonedClaims: 1 },
    { type: 'abandon-claim' },
    CLAIM_DEADLINE_MS,
    { ...ENDED, state: 'approved', abandonedClaims: 2 },
    { type: 'claim-abandoned', by: null, owner: 'one', atMs: CLAIM_DEADLINE_MS },
    null,
  ],
  [
    'trouble comes before the mark',
    claimed(),
    { type: 'release-claim', owner: 'one', why: 'no answer' },
    LATER,
    { state: 'approved', claim: null, obstacle: { why: 'no answer', sinceMs: LATER } },
    { ...EVENT, type: 'claim-released', owner: 'one', why: 'no answer' },
    null,
  ],
  [
    'trouble comes again, said after the deadline',
    obstructed(),
    { type: 'release-claim', owner: 'one', why: 'busy' },
    CLAIM_DEADLINE_MS + 1,
    { state: 'approved', claim: null, obstacle: { why: 'busy', sinceMs: NOW } },
    { type: 'claim-released', by: null, owner: 'one', why: 'busy', atMs: CLAIM_DEADLINE_MS + 1 },
    null,
  ],
  [
    'it is marked as sent',
    obstructed(),
    {
      ...MARK,
      type: 'mark-sent',
      owner: 'one',
      signedTimestampMs: 3,
      recvWindowMs: 4,
      deadlineAtMs: 5,
      ...PEOPLE,
    },
    LATER,
    {
      sent: { atMs: LATER, signedTimestampMs: 3, recvWindowMs: 4 },
      claim: { owner: 'one', deadlineAtMs: 5 },
      obstacle: null,
    },
    { ...EVENT, type: 'sent', signedTimestampMs: 3, recvWindowMs: 4 },
    CLAIM_DEADLINE_MS,
  ],
  [
    'it is marked as sent under a claim that would outlive it',
    { ...claimed(), claim: { owner: 'one', deadlineAtMs: expiresAtMs + 1 } },
    MARK,
    NOW,
    { sent: MARKED, claim: { owner: 'one', deadlineAtMs: MARK_DEADLINE_MS } },
    { type: 'sent', by: null, signedTimestampMs: NOW, recvWindowMs: 5_000, atMs: NOW },
    expiresAtMs,
  ],
  [
    'the process finds that it cannot be sent',
    obstructed(),
    { type: 'never-sent', owner: 'one', why: 'too busy' },
    LATER,
    { ...ENDED, state: 'failed', ending: { kind: 'never-sent', why: 'too busy', atMs: LATER } },
    { ...EVENT, type: 'never-sent', why: 'too busy' },
    null,
  ],
  ...(['closed', 'refused'] as const).map(
    (kind): Step => [
      `the exchange answers "${kind}"`,
      marked(),
      answered(answer(kind)),
      LATER,
      { answer: answer(kind), claim: null },
      { ...EVENT, type: 'answered', answer: answer(kind) },
      null,
    ],
  ),
  [
    'the exchange answers "closed" after track was lost',
    { ...marked(), state: 'unknown', claim: null },
    answered(answer('closed')),
    LATER,
    { answer: answer('closed') },
    { ...EVENT, type: 'answered', answer: answer('closed') },
    null,
  ],
  [
    'nothing left the host',
    marked(),
    answered(answer('not-sent')),
    LATER,
    {
      ...ENDED,
      state: 'failed',
      answer: answer('not-sent'),
      ending: { kind: 'never-sent', why: 'not-sent', atMs: LATER },
    },
    { ...EVENT, type: 'answered', answer: answer('not-sent') },
    null,
  ],
  [
    'the answer is not known',
    marked(),
    answered(answer('unknown')),
    LATER,
    { state: 'unknown', answer: answer('unknown'), claim: null },
    { ...EVENT, type: 'answered', answer: answer('unknown') },
    null,
  ],
  [
    'a lost mark is put back on what went on waiting for something, without an answer',
    obstructed(),
    answered(null),
    LATER,
    { ...ENDED, state: 'unknown', sent: MARKED, readBack: NEVER_LOOKED },
    { ...EVENT, type: 'mark-restored', mark: MARKED, answer: null, stateBefore: 'sending' },
    null,
  ],
  [
    'a lost mark is put back on what was closed elsewhere, with the answer "closed"',
    { ...IN_STATE.superseded(), readBack: { ...NEVER_LOOKED, lastSeenAtMs: 1 }, settlement: ALICE_SAID },
    answered(answer('closed')),
    LATER,
    {
      state: 'sending',
      sent: MARKED,
      answer: answer('closed'),
      readBack: NEVER_LOOKED,
      evidence: null,
      settlement: null,
      ending: null,
    },
    { ...EVENT, type: 'mark-restored', mark: MARKED, answer: answer('closed'), stateBefore: 'superseded' },
    null,
  ],
  [
    'no answer comes by the deadline of the mark',
    marked(),
    { type: 'lose-track' },
    MARK_DEADLINE_MS,
    { state: 'unknown', claim: null },
    { type: 'lost-track', by: null, atMs: MARK_DEADLINE_MS },
    null,
  ],
  [
    'no process has the claim, and no answer came',
    { ...marked(), claim: null },
    { type: 'lose-track' },
    LATER,
    { state: 'unknown' },
    { ...EVENT, type: 'lost-track' },
    null,
  ],
  [
    'the record of the exchange does not follow its answer for ten minutes',
    AT_STAGE['sending, answered'](),
    { type: 'lose-track' },
    PAGING_MS,
    { state: 'unknown', pagedAtMs: PAGING_MS },
    { type: 'lost-track', by: null, atMs: PAGING_MS },
    null,
  ],
  [
    'track is lost late, and people were paged before',
    { ...AT_STAGE['sending, answered'](), pagedAtMs: 5 },
    { type: 'lose-track' },
    PAGING_MS,
    { state: 'unknown' },
    { type: 'lost-track', by: null, atMs: PAGING_MS },
    null,
  ],
  [
    'it is found in the closed list',
    { ...unknown(), obstacle: { why: 'busy', sinceMs: 1 } },
    FOUND_CLOSED,
    LATER,
    { ...ENDED, state: 'closed', ending: { kind: 'read-back', atMs: LATER }, evidence: evidence() },
    { ...EVENT, type: 'read-back', seen: 'in-closed-list', why: null, evidence: evidence() },
    null,
  ],
  [
    'it is found in the closed list as of the last moment that may be of this DELETE',
    { ...unknown(), facts: facts({ readAtMs: 1 }) },
    look({ kind: 'in-closed-list', evidence: evidence(NOW - 1_000) }),
    LATER,
    {
      ...ENDED,
      state: 'closed',
      ending: { kind: 'read-back', atMs: LATER },
      evidence: evidence(NOW - 1_000),
    },
    { ...EVENT, type: 'read-back', seen: 'in-closed-list', why: null, evidence: evidence(NOW - 1_000) },
    null,
  ],
  [
    'it is found in the closed list as of before this DELETE',
    { ...unknown(), facts: facts({ readAtMs: 1 }) },
    look({ kind: 'in-closed-list', evidence: evidence(NOW - 1_001) }),
    LATER,
    {
      ...ENDED,
      state: 'superseded',
      ending: { kind: 'closed-elsewhere', atMs: LATER },
      evidence: evidence(NOW - 1_001),
    },
    { ...EVENT, type: 'read-back', seen: 'in-closed-list', why: null, evidence: evidence(NOW - 1_001) },
    null,
  ],
  ...(['still-active', 'neither', 'in-both-lists', 'unreadable'] as const).map((kind): Step => {
    const why = kind === 'unreadable' ? 'no answer' : null;
    const seen = { kind, readAtMs: NOW, why: 'no answer' };
    const counted = kind === 'unreadable' || kind === 'still-active' ? 2 : 0;
    return [
      `the first look after two that agreed shows: ${kind}`,
      { ...unknown(), readBack: { agreeingActiveReads: 2, lastSeen: null, lastSeenAtMs: 3 } },
      look(seen),
      LATER,
      { readBack: { agreeingActiveReads: counted, lastSeen: { kind, why }, lastSeenAtMs: LATER } },
      { ...EVENT, type: 'read-back', seen: kind, why, evidence: null },
      null,
    ];
  }),
  [
    'the exchange refused, and its record shows the unit still active',
    refusedAnswer(),
    look({ kind: 'still-active', readAtMs: NOW }),
    LATER,
    {
      ...ENDED,
      state: 'failed',
      ending: { kind: 'refused-by-exchange', atMs: LATER },
      readBack: {
        agreeingActiveReads: 0,
        lastSeen: { kind: 'still-active', why: null },
        lastSeenAtMs: LATER,
      },
    },
    { ...EVENT, type: 'read-back', seen: 'still-active', why: null, evidence: null },
    null,
  ],
  [
    'a look from before the refusal shows the unit still active',
    refusedAnswer(),
    look({ kind: 'still-active', readAtMs: NOW }, false),
    LATER,
    {
      readBack: {
        agreeingActiveReads: 0,
        lastSeen: { kind: 'still-active', why: null },
        lastSeenAtMs: LATER,
      },
    },
    { ...EVENT, type: 'read-back', seen: 'still-active', why: null, evidence: null },
    null,
  ],
  [
    'the exchange refused, and its record shows nothing',
    refusedAnswer(),
    look({ kind: 'neither' }),
    LATER,
    { readBack: { agreeingActiveReads: 0, lastSeen: { kind: 'neither', why: null }, lastSeenAtMs: LATER } },
    { ...EVENT, type: 'read-back', seen: 'neither', why: null, evidence: null },
    null,
  ],
  [
    'a third look agrees that a DELETE without an answer was not executed',
    {
      ...AT_STAGE['unknown, unanswered'](),
      readBack: { agreeingActiveReads: 2, lastSeen: { kind: 'still-active', why: null }, lastSeenAtMs: NOW },
    },
    look({ kind: 'still-active', readAtMs: NOW + 65_000 }),
    PAGING_MS,
    {
      ...ENDED,
      state: 'failed',
      ending: { kind: 'not-executed', atMs: PAGING_MS },
      readBack: {
        agreeingActiveReads: 3,
        lastSeen: { kind: 'still-active', why: null },
        lastSeenAtMs: PAGING_MS,
      },
    },
    { type: 'read-back', by: null, seen: 'still-active', why: null, evidence: null, atMs: PAGING_MS },
    null,
  ],
  [
    'people are paged',
    unknown(),
    { type: 'page-people' },
    PAGING_MS,
    { pagedAtMs: PAGING_MS },
    { type: 'people-paged', by: null, atMs: PAGING_MS },
    null,
  ],
  [
    'one says what became of it',
    unknown(),
    settle(),
    LATER,
    { settlement: { ...ALICE_SAID, atMs: LATER } },
    {
      type: 'settlement-proposed',
      by: id(ALICE),
      verdict: 'closed',
      note: 'seen in the console',
      atMs: LATER,
    },
    null,
  ],
  [
    'another says the same',
    { ...unknown(), settlement: ALICE_SAID },
    settle(BOB),
    LATER,
    {
      ...ENDED,
      state: 'closed',
      ending: {
        kind: 'settled',
        verdict: 'closed',
        by: [id(ALICE), id(BOB)],
        note: 'seen in the console',
        atMs: LATER,
      },
    },
    { type: 'settled', by: id(BOB), verdict: 'closed', note: 'seen in the console', atMs: LATER },
    null,
  ],
  [
    'another says the same, and the first counts no longer',
    { ...unknown(), settlement: ALICE_SAID },
    settle(BOB, 'closed', new Set([BOB.userId])),
    LATER,
    { settlement: { ...ALICE_SAID, by: id(BOB), atMs: LATER } },
    { type: 'settlement-proposed', by: id(BOB), verdict: 'closed', note: 'seen in the console', atMs: LATER },
    null,
  ],
  [
    'a refused attempt is noted beside those of others',
    { ...request(), refusalsNoted: 3, refusalsNotedOf: { U0OTHER: 2, U0MORE: 1 } },
    { type: 'note-refusal', by: person('U0OTHER'), attempted: 'approve', refusal: 'role-missing' },
    LATER,
    { refusalsNoted: 4, refusalsNotedOf: { U0OTHER: 3, U0MORE: 1 } },
    {
      type: 'refused',
      by: id(person('U0OTHER')),
      attempted: 'approve',
      refusal: 'role-missing',
      atMs: LATER,
    },
    null,
  ],
];

describe('what each step writes, and nothing else', () => {
  it.each(STEPS)('%s', (_, start, command, atMs, changes, event, notAfterMs) => {
    expect(decideAt(start, command, atMs)).toEqual({
      ok: true,
      next: { ...start, ...changes },
      event,
      notAfterMs,
    });
  });

  it('a rehearsal', () => {
    const start = following(request({}, { mode: 'dry-run' }), approveBy(), approveBy(BOB), CLAIM);
    expect(decideAt(start, { type: 'rehearse', owner: 'one', ...PEOPLE }, LATER)).toEqual({
      ok: true,
      next: { ...start, ...ENDED, state: 'rehearsed', ending: { kind: 'rehearsed', atMs: LATER } },
      event: { ...EVENT, type: 'rehearsed' },
      notAfterMs: expiresAtMs,
    });
  });
});

const dry = () => following(request({}, { mode: 'dry-run' }), approveBy(), approveBy(BOB), CLAIM);
const OWES = facts({
  liabilities: [{ asset: 'USDT', principal: '0', interest: '0.01' }],
  totalLiability: '0.01',
});
const rehearse = (changes = {}): Command => ({ type: 'rehearse', owner: 'one', ...PEOPLE, ...changes });
const mark = (changes = {}): Command => ({ ...MARK, ...changes }) as Command;
const twice = { samePerson: [[ALICE.userId, 'U0ALICE2']] };

describe('what is refused, and with what', () => {
  it.each<[string, CloseRequest, Command, number, Refusal]>([
    [
      'a guest',
      request(),
      approveBy(person('U0GUEST', { kind: 'guest' })),
      NOW,
      { code: 'not-a-full-member', kind: 'guest' },
    ],
    [
      'who may not approve',
      request(),
      approveBy(person('U0OTHER')),
      NOW,
      { code: 'role-missing', role: 'approver' },
    ],
    ['a rejection at the expiry', request(), reject(), expiresAtMs, { code: 'expired' }],
    ['a rejection of another version', request(), reject(CAROL, 2), NOW, { code: 'old-version' }],
    ['a rejection without a reason', request(), reject(CAROL, 1, ' \n'), NOW, { code: 'reason-missing' }],
    ['a rejection by the requester', request(), reject(REQUESTER), NOW, { code: 'self-approval' }],
    [
      'a vote for a requester who may not ask any more',
      request(),
      { ...approveBy(), requesterMayAsk: false, seats: [], pairs: [], ruleDigest: null } as Command,
      NOW,
      { code: 'requester-not-allowed' },
    ],
    [
      'a vote on what owes',
      following(request(), { type: 'replace-facts', facts: OWES }),
      approveBy(BOB, { ...request(), version: 2, factsDigest: digestOf(OWES) }),
      NOW,
      { code: 'owes', groupId: OWES.groupId, liabilities: OWES.liabilities, totalLiability: '0.01' },
    ],
    [
      'a withdrawal by somebody with the same user id in another team',
      request(),
      { type: 'withdraw', by: { ...REQUESTER, teamId: 'T0OTHER' } },
      NOW,
      { code: 'not-the-requester' },
    ],
    [
      'facts of another unit',
      request(),
      { type: 'replace-facts', facts: { ...OWES, groupId: longId('8') } },
      NOW,
      { code: 'nothing-changed' },
    ],
    [
      'a reminder at 80 % before its time',
      request(),
      { type: 'remind', stage: 'eighty' },
      reminderAtMs(request(), 'eighty') - 1,
      { code: 'nothing-changed' },
    ],
    [
      'a reminder at half after the one at 80 %',
      { ...request(), reminded: { half: true, eighty: true } },
      { type: 'remind', stage: 'half' },
      expiresAtMs - 1,
      { code: 'nothing-changed' },
    ],
    [
      'a row that is older than the facts',
      request(),
      { type: 'supersede', evidence: evidence(1) },
      NOW,
      { code: 'not-evidence' },
    ],
    [
      'a row that is older than the facts, after the send',
      unknown(),
      look({ kind: 'in-closed-list', evidence: evidence(1) }),
      NOW,
      { code: 'not-evidence' },
    ],
    [
      'a claim without enough votes',
      { ...approved(), votes: [vote(ALICE)] },
      CLAIM,
      NOW,
      { code: 'too-few-approvals', approvals: 1, quorum: 2 },
    ],
    [
      'a claim with two votes of one person',
      { ...approved(), votes: [vote(ALICE), vote(person('U0ALICE2'))], policy: policy(twice) },
      CLAIM,
      NOW,
      { code: 'too-few-approvals', approvals: 1, quorum: 2 },
    ],
    ['a start from the card of another version', approved(), started(CAROL, 2), NOW, { code: 'old-version' }],
    [
      'a start by who may not approve',
      approved(),
      started(person('U0OTHER')),
      NOW,
      { code: 'role-missing', role: 'approver' },
    ],
    [
      'a start by a guest',
      approved(),
      started(person(ALICE.userId, { kind: 'guest' })),
      NOW,
      { code: 'not-a-full-member', kind: 'guest' },
    ],
    [
      'a background start after an abandoned claim',
      { ...approved(), abandonedClaims: 1 },
      CLAIM,
      NOW,
      { code: 'nothing-changed' },
    ],
    [
      'a start by a guest after an abandoned claim',
      { ...approved(), abandonedClaims: 1 },
      started(person(ALICE.userId, { kind: 'guest' })),
      NOW,
      { code: 'not-a-full-member', kind: 'guest' },
    ],
    [
      'a start by a guest who asked, after an abandoned claim',
      { ...approved(), abandonedClaims: 1 },
      started(person(REQUESTER.userId, { kind: 'guest' })),
      NOW,
      { code: 'not-a-full-member', kind: 'guest' },
    ],
    [
      'a start by the user id of the requester in another team, after an abandoned claim',
      { ...approved(), abandonedClaims: 1 },
      started({ ...REQUESTER, teamId: 'T0OTHER' }),
      NOW,
      { code: 'role-missing', role: 'approver' },
    ],
    [
      'abandoning a claim on what is not being sent',
      { ...approved(), claim: { owner: 'one', deadlineAtMs: CLAIM_DEADLINE_MS } },
      { type: 'abandon-claim' },
      CLAIM_DEADLINE_MS,
      { code: 'wrong-state', state: 'approved' },
    ],
    [
      'a release by another process',
      claimed(),
      { type: 'release-claim', owner: 'two', why: 'x' },
      NOW,
      { code: 'not-claim-owner' },
    ],
    [
      'a release without a claim',
      { ...claimed(), claim: null },
      { type: 'release-claim', owner: 'one', why: 'x' },
      NOW,
      { code: 'not-claim-owner' },
    ],
    ['a mark without a claim', { ...claimed(), claim: null }, MARK, NOW, { code: 'not-claim-owner' }],
    ['a mark at the deadline of the claim', claimed(), MARK, CLAIM_DEADLINE_MS, { code: 'claim-expired' }],
    [
      'a mark for a requester who may not ask any more',
      claimed(),
      mark({ requesterMayAsk: false, seats: [], pairs: [], ruleDigest: null }),
      NOW,
      { code: 'requester-not-allowed' },
    ],
    [
      'a mark when a voter counts no longer',
      claimed(),
      mark({ eligible: new Set([BOB.userId]) }),
      NOW,
      { code: 'too-few-approvals', approvals: 1, quorum: 2 },
    ],
    ['a mark in a dry run', dry(), MARK, NOW, { code: 'wrong-state', state: 'sending' }],
    ['a rehearsal by another process', dry(), rehearse({ owner: 'two' }), NOW, { code: 'not-claim-owner' }],
    [
      'a rehearsal at the deadline of the claim',
      dry(),
      rehearse(),
      CLAIM_DEADLINE_MS,
      { code: 'claim-expired' },
    ],
    [
      'a rehearsal at the expiry',
      { ...dry(), claim: { owner: 'one', deadlineAtMs: expiresAtMs + 9 } },
      rehearse(),
      expiresAtMs,
      { code: 'expired' },
    ],
    [
      'a rehearsal for a requester who may not ask any more',
      dry(),
      rehearse({ requesterMayAsk: false, seats: [], pairs: [], ruleDigest: null }),
      NOW,
      { code: 'requester-not-allowed' },
    ],
    ['a rehearsal of a live close', claimed(), rehearse(), NOW, { code: 'wrong-state', state: 'sending' }],
    [
      'another process that says "never sent"',
      claimed(),
      { type: 'never-sent', owner: 'two', why: 'x' },
      NOW,
      { code: 'not-claim-owner' },
    ],
    [
      'an answer to another DELETE',
      marked(),
      { type: 'record-answer', mark: { ...MARKED, signedTimestampMs: 1 }, answer: answer('closed') },
      NOW,
      { code: 'wrong-state', state: 'sending' },
    ],
    [
      'a second answer',
      unknown(),
      answered(answer('closed')),
      NOW,
      { code: 'wrong-state', state: 'unknown' },
    ],
    [
      'an answer after people settled it',
      { ...marked(), state: 'closed' },
      answered(answer('closed')),
      NOW,
      { code: 'wrong-state', state: 'closed' },
    ],
    ['a mark that is there already', marked(), answered(null), NOW, { code: 'nothing-changed' }],
    [
      'losing track of an answered request before ten minutes',
      AT_STAGE['sending, answered'](),
      { type: 'lose-track' },
      PAGING_MS - 1,
      { code: 'nothing-changed' },
    ],
    [
      'losing track before the deadline of the mark',
      marked(),
      { type: 'lose-track' },
      MARK_DEADLINE_MS - 1,
      { code: 'nothing-changed' },
    ],
    [
      'paging before ten minutes',
      unknown(),
      { type: 'page-people' },
      PAGING_MS - 1,
      { code: 'nothing-changed' },
    ],
    [
      'paging twice',
      { ...unknown(), pagedAtMs: 1 },
      { type: 'page-people' },
      PAGING_MS,
      { code: 'nothing-changed' },
    ],
    [
      'a finding of a guest',
      unknown(),
      settle(person(ALICE.userId, { kind: 'guest' })),
      NOW,
      { code: 'not-a-full-member', kind: 'guest' },
    ],
    [
      'a finding of who may not approve',
      unknown(),
      settle(person('U0OTHER')),
      NOW,
      { code: 'role-missing', role: 'approver' },
    ],
    [
      'a vote by a guest on what was settled',
      AT_STAGE['closed, settled'](),
      approveBy(person(ALICE.userId, { kind: 'guest' })),
      NOW,
      { code: 'not-a-full-member', kind: 'guest' },
    ],
    [
      'a finding of "not closed" while the DELETE may still arrive',
      unknown(),
      settle(ALICE, 'not-closed'),
      NOW + 64_999,
      { code: 'too-early-to-settle', notBeforeMs: NOW + 65_000 },
    ],
    [
      'the same finding by another account of the same person',
      { ...unknown(), settlement: ALICE_SAID, policy: policy(twice) },
      settle(person('U0ALICE2'), 'closed', new Set([ALICE.userId, 'U0ALICE2'])),
      NOW,
      { code: 'second-person-needed' },
    ],
    [
      'the eleventh refused attempt of one person',
      { ...request(), refusalsNoted: 10, refusalsNotedOf: { U0OTHER: 10 } },
      { type: 'note-refusal', by: person('U0OTHER'), attempted: 'approve', refusal: 'role-missing' },
      NOW,
      { code: 'nothing-changed' },
    ],
  ])('%s', (_, start, command, atMs, refusal) => {
    expect(decideAt(start, command, atMs)).toEqual({ ok: false, refusal });
  });

  it('an unknown request without its mark can be settled as not closed at once', () => {
    const lost: CloseRequest = { ...unknown(), sent: null };
    expect(decideAt(lost, settle(ALICE, 'not-closed'), NOW)).toMatchObject({
      ok: true,
      next: { settlement: { verdict: 'not-closed' } },
    });
  });

  it('a sent request without its mark is not believed', () => {
    for (const state of ['sending', 'unknown'] as const) {
      const lost: CloseRequest = { ...unknown(), state, sent: null };
      const commands: Command[] = [{ type: 'lose-track' }, FOUND_CLOSED, { type: 'page-people' }];
      for (const command of commands) {
        const refusal = { code: 'wrong-state', state };
        expect(decideAt(lost, command, PAGING_MS), command.type).toEqual({ ok: false, refusal });
      }
    }
  });
});

describe('where a card is', () => {
  it('is recorded when the first one was posted', () => {
    const start = request({ card: null });
    const command: Command = { type: 'record-card', card: CARD };
    expect(decideAt(start, command, NOW)).toMatchObject({ ok: true, next: { card: CARD } });
  });

  it.each([
    ['in another channel', { ...CARD, channelId: 'C0OTHER' }],
    ['as another message', { ...CARD, messageTs: '1700000002.000300' }],
  ])('%s is another place', (_, card) => {
    const start = request({ card: CARD });
    expect(decideAt(start, { type: 'record-card', card }, NOW)).toMatchObject({ ok: true, next: { card } });
  });
});

describe('who has a part in the request keeps their places for refused attempts', () => {
  const strangers = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`U0STRANGER${n}`, 1]));
  const crowded = (changes: Partial<CloseRequest>) =>
    request({ refusalsNoted: 50, refusalsNotedOf: strangers, ...changes });
  const attempt = (userId: string): Command => ({
    type: 'note-refusal',
    by: person(userId),
    attempted: 'approve',
    refusal: 'already-voted',
  });

  it.each<[string, Partial<CloseRequest>, boolean]>([
    ['a stranger', {}, false],
    ['a stranger who has tried before', { refusalsNotedOf: { ...strangers, U0LATE: 1 } }, true],
    ['who voted', { votes: [vote(person('U0LATE'))] }, true],
    ['whose vote was voided', { voidedVotes: [voided(person('U0LATE'), 'facts-changed', NOW)] }, true],
    ['who asked', { requester: person('U0LATE') }, true],
    ['who is named as an approver', { policy: policy({ approvers: ['U0LATE'] }) }, true],
  ])('%s', (_, changes, isNoted) => {
    expect(decideAt(crowded(changes), attempt('U0LATE'), NOW).ok).toBe(isNoted);
  });

  it('and takes none from a stranger', () => {
    const { U0STRANGER0: _, ...others } = strangers;
    const noted = { ...others, [ALICE.userId]: 1 };
    expect(decideAt(crowded({ refusalsNotedOf: noted }), attempt('U0LATE'), NOW).ok).toBe(true);
  });
});
