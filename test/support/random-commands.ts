/** Random commands for a close request, made from the record at hand so that many of them are to the point. */
import fc from 'fast-check';
import type { Command } from '../../src/domain/close/close-command.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { ALICE, BOB, CAROL, ELIGIBLE, facts, person, REQUESTER } from './close-requests.ts';

export type CommandMaker = (request: CloseRequest, nowMs: number) => Command;

const anybody = fc.constantFrom(
  ALICE,
  BOB,
  CAROL,
  REQUESTER,
  person('U0OTHER'),
  person('U0GUEST', { kind: 'guest' }),
);
const eligible = fc.oneof(
  { weight: 5, arbitrary: fc.constant(ELIGIBLE) },
  {
    weight: 1,
    arbitrary: fc
      .subarray([ALICE.userId, BOB.userId, CAROL.userId])
      .map((ids): ReadonlySet<string> => new Set(ids)),
  },
);
const owner = fc.constantFrom('one', 'two');
const someFacts = fc.constantFrom(
  facts(),
  facts({ collateralAccounts: ['collateral71@test.com'] }),
  facts({ totalLiability: '1', liabilities: [{ asset: 'USDT', principal: '1', interest: '0' }] }),
);

const approve = fc.record({ by: anybody, eligible, offset: fc.constantFrom(0, 0, 0, -1) }).map(
  ({ by, eligible: who, offset }): CommandMaker =>
    (request) => ({
      type: 'approve',
      by,
      eligible: who,
      version: request.version + offset,
      factsDigest: request.factsDigest,
    }),
);
const claim = fc.record({ owner, by: fc.option(anybody), eligible }).map(
  ({ owner: mine, by, eligible: who }): CommandMaker =>
    ({ version }, nowMs) => ({
      type: 'claim',
      owner: mine,
      deadlineAtMs: nowMs + 60_000,
      starter: by && { by, version, eligible: who },
    }),
);
const markSent = owner.map(
  (mine): CommandMaker =>
    (_, nowMs) => ({
      type: 'mark-sent',
      owner: mine,
      signedTimestampMs: nowMs,
      recvWindowMs: 5_000,
      deadlineAtMs: nowMs + 30_000,
    }),
);
const recordAnswer = fc.constantFrom('closed', 'refused', 'not-sent', 'unknown').map(
  (kind): CommandMaker =>
    (_, atMs) => ({
      type: 'record-answer',
      answer: {
        kind: kind as 'closed',
        httpStatus: null,
        exchangeCode: null,
        meaning: kind,
        advice: '',
        atMs,
      },
    }),
);
const readBack = fc.constantFrom('in-closed-list', 'still-active', 'neither', 'unreadable').map(
  (kind): CommandMaker =>
    (request, nowMs) => {
      const evidence = {
        groupId: request.groupId,
        creditEmail: 'c@test.com',
        createdAtMs: 1,
        closedAtMs: nowMs,
      };
      if (kind === 'in-closed-list') return { type: 'read-back', seen: { kind, evidence } };
      if (kind === 'unreadable') return { type: 'read-back', seen: { kind, why: 'no answer' } };
      return { type: 'read-back', seen: { kind: kind as 'neither', readAtMs: nowMs } };
    },
);
const settle = fc.record({ by: anybody, verdict: fc.constantFrom('closed', 'not-closed'), eligible }).map(
  ({ by, verdict, eligible: who }): CommandMaker =>
    () => ({ type: 'settle', by, verdict: verdict as 'closed', note: 'seen in the console', eligible: who }),
);
const simple = fc.oneof(
  anybody.chain((by) =>
    fc.constantFrom<CommandMaker>(
      (request) => ({ type: 'reject', by, version: request.version, reason: 'no', eligible: ELIGIBLE }),
      () => ({ type: 'withdraw', by }),
      () => ({ type: 'note-refusal', by, attempted: 'approve', refusal: 'role-missing' }),
    ),
  ),
  fc.constantFrom<CommandMaker>(
    () => ({ type: 'expire' }),
    () => ({ type: 'remind', stage: 'half' }),
    () => ({ type: 'remind', stage: 'eighty' }),
    () => ({ type: 'abandon-claim' }),
    () => ({ type: 'lose-track' }),
    () => ({ type: 'page-people' }),
    () => ({ type: 'give-up-card', why: 'channel_not_found' }),
    () => ({ type: 'record-card', card: { channelId: 'C0DESK', messageTs: '1.2' } }),
    () => ({ type: 'replace-facts', facts: null, why: 'no answer' }),
    (request, nowMs) => ({
      type: 'supersede',
      evidence: { groupId: request.groupId, creditEmail: 'c@test.com', createdAtMs: 1, closedAtMs: nowMs },
    }),
  ),
  someFacts.map(
    (next): CommandMaker =>
      () => ({ type: 'replace-facts', facts: next, why: null }),
  ),
  eligible.map(
    (who): CommandMaker =>
      () => ({ type: 'recount-votes', eligible: who }),
  ),
  owner.chain((mine) =>
    fc.constantFrom<CommandMaker>(
      () => ({ type: 'rehearse', owner: mine }),
      () => ({ type: 'never-sent', owner: mine, why: 'too busy' }),
    ),
  ),
);

export const commandArbitrary: fc.Arbitrary<CommandMaker> = fc.oneof(
  { weight: 6, arbitrary: approve },
  { weight: 4, arbitrary: claim },
  { weight: 4, arbitrary: markSent },
  { weight: 3, arbitrary: recordAnswer },
  { weight: 3, arbitrary: readBack },
  { weight: 2, arbitrary: settle },
  { weight: 5, arbitrary: simple },
);
