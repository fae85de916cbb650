import { describe, expect, it } from 'vitest';
import type {
  CloseRequest,
  RequestEvent,
  RequestEventType,
} from '../../../src/domain/close/close-request.ts';
import { diffFacts } from '../../../src/domain/close/facts.ts';
import { noticesFor } from '../../../src/domain/close/notices.ts';
import { ALICE, BOB, facts, policy, REQUESTER, request, START_MS } from '../../support/close-requests.ts';
import { answer, evidence, IN_STATE, NOW } from '../../support/close-stages.ts';

const MARK = { atMs: NOW, signedTimestampMs: NOW, recvWindowMs: 5_000 };
type Told = 'card' | 'thread' | 'approvers' | 'requester' | 'alice' | 'bob';
type Row = [
  what: string,
  event: { readonly type: RequestEventType; readonly [field: string]: unknown },
  told: Told[],
  changes?: Partial<CloseRequest>,
];

const owing = (principal: string) =>
  facts({ totalLiability: principal, liabilities: [{ asset: 'USDT', principal, interest: '0' }] });
const OWING = owing('0.5');
const OWED_LESS = owing('0.4');
const OTHERWISE = { ...OWING, collateralAccounts: ['other@test.com'] };

/** Who is told of each event, in this order. */
const ROWS: Row[] = [
  ['the opening', { type: 'opened', reason: 'x', facts: facts(), policy: policy() }, ['card', 'approvers']],
  ['a card that was posted', { type: 'card-posted' }, []],
  ['a card that cannot be posted', { type: 'card-undeliverable', why: 'x' }, ['requester']],
  ['an approval', { type: 'approved', votes: 1, dropped: [] }, ['card', 'thread']],
  [
    'one that drops others',
    { type: 'approved', votes: 1, dropped: [ALICE, BOB] },
    ['card', 'thread', 'alice', 'bob'],
  ],
  ['lost votes', { type: 'votes-dropped', dropped: [ALICE] }, ['card', 'thread', 'alice']],
  ['a rule that wants more votes', { type: 'votes-dropped', dropped: [] }, ['card', 'thread', 'requester']],
  [
    'a request that nobody can complete any more',
    { type: 'unreachable', eligible: 1, quorum: 2 },
    ['card', 'thread', 'requester'],
    { unreachable: { eligible: 1, quorum: 2, sinceMs: NOW } },
  ],
  [
    'one that lacks others than before',
    { type: 'unreachable', eligible: 0, quorum: 2 },
    ['card'],
    { unreachable: { eligible: 0, quorum: 2, sinceMs: START_MS } },
  ],
  ['one that can be completed again', { type: 'reachable' }, ['card', 'thread']],
  ['a rejection', { type: 'rejected', reason: 'x' }, ['card', 'thread', 'requester']],
  ['an expiry', { type: 'expired' }, ['card', 'thread', 'requester']],
  ['a close elsewhere', { type: 'superseded', evidence: evidence() }, ['card', 'thread', 'requester']],
  ['a rehearsal', { type: 'rehearsed' }, ['card', 'thread', 'requester']],
  ['nothing sent', { type: 'never-sent', why: 'x' }, ['card', 'thread', 'requester']],
  ['a settlement', { type: 'settled', verdict: 'closed', note: 'x' }, ['card', 'thread', 'requester']],
  ['a withdrawal', { type: 'withdrawn' }, ['card', 'thread']],
  ['a reminder', { type: 'reminded', stage: 'half' }, ['approvers']],
  [
    'changed facts',
    { type: 'facts-changed', facts: facts(), changes: [], voided: [BOB] },
    ['card', 'thread', 'requester', 'bob'],
  ],
  [
    'a debt that blocks it',
    { type: 'facts-changed', facts: OWING, changes: diffFacts(facts(), OWING), voided: [BOB] },
    ['card', 'thread', 'requester', 'bob'],
    { facts: OWING },
  ],
  [
    'interest on a debt that blocked it already',
    { type: 'facts-changed', facts: OWING, changes: diffFacts(OWED_LESS, OWING), voided: [] },
    ['card'],
    { facts: OWING },
  ],
  [
    'another account while a debt blocks it',
    { type: 'facts-changed', facts: OWING, changes: diffFacts(OTHERWISE, OWING), voided: [] },
    ['card'],
    { facts: OWING },
  ],
  [
    'a debt that is repaid: it can be approved again',
    { type: 'facts-changed', facts: facts(), changes: diffFacts(OWING, facts()), voided: [] },
    ['card', 'thread', 'requester', 'approvers'],
  ],
  ['a claim', { type: 'claimed', owner: 'one' }, ['card']],
  ['the sending', { type: 'sent', ...MARK }, ['card']],
  ['an abandoned claim', { type: 'claim-abandoned', owner: 'one' }, ['card', 'thread', 'requester']],
  [
    'an answer that is still checked',
    { type: 'answered', answer: answer('closed') },
    ['card'],
    { state: 'sending' },
  ],
  [
    'an answer that tells nothing',
    { type: 'answered', answer: answer('unknown') },
    ['card', 'thread', 'requester', 'approvers'],
    { state: 'unknown' },
  ],
  [
    'trouble before the sending',
    { type: 'claim-released', owner: 'one', why: 'x' },
    ['card', 'thread', 'requester'],
    { obstacle: { why: 'x', sinceMs: NOW } },
  ],
  [
    'the same trouble once more',
    { type: 'claim-released', owner: 'one', why: 'x' },
    ['card'],
    { obstacle: { why: 'x', sinceMs: START_MS } },
  ],
  ['trouble that is over', { type: 'claim-released', owner: 'one', why: 'x' }, ['card'], { obstacle: null }],
  [
    'a mark put back',
    { type: 'mark-restored', mark: MARK, answer: null, stateBefore: 'expired' },
    ['card', 'thread', 'requester', 'approvers'],
  ],
  ['lost track', { type: 'lost-track' }, ['card', 'thread', 'requester', 'approvers']],
  ['a look that ends nothing', { type: 'read-back', seen: 'neither', why: null, evidence: null }, ['card']],
  [
    'a look that ends it',
    { type: 'read-back', seen: 'in-closed-list', why: null, evidence: evidence() },
    ['card', 'thread', 'requester'],
    IN_STATE.closed(),
  ],
  ['people paged', { type: 'people-paged' }, ['card', 'requester', 'approvers']],
  [
    'a finding',
    { type: 'settlement-proposed', verdict: 'closed', note: 'x' },
    ['card', 'thread', 'approvers'],
  ],
  ['a refused attempt', { type: 'refused', attempted: 'approve', refusal: 'role-missing' }, []],
];

describe('who is told', () => {
  it.each(ROWS)('of %s', (_, of, told, changes) => {
    const event = { by: null, atMs: NOW, ...of } as RequestEvent;
    const notices = {
      card: { kind: 'card' },
      thread: { kind: 'thread', event },
      approvers: { kind: 'approvers', event },
      requester: { kind: 'direct', to: { teamId: REQUESTER.teamId, userId: REQUESTER.userId }, event },
      alice: { kind: 'direct', to: ALICE, event },
      bob: { kind: 'direct', to: BOB, event },
    };
    expect(noticesFor(request(changes), event)).toEqual(told.map((who) => notices[who]));
  });
});
