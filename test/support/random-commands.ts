/** Random commands for a close request, made from the record at hand so that many of them are to the point. */
import fc from 'fast-check';
import type { CloseRequest, Command } from '../../src/domain/close/close-request.ts';
import { ALICE, BOB, CAROL, ELIGIBLE, facts, person, REQUESTER, START_MS } from './close-requests.ts';

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
const people = fc.record({
  eligible,
  requesterMayAsk: fc.nat(9).map((n) => n > 0),
  seats: fc.constant([]),
  pairs: fc.constant([]),
  ruleDigest: fc.constant(null),
});
const owner = fc.constantFrom('one', 'two');
const someFacts = fc.constantFrom(
  facts(),
  facts({ collateralAccounts: ['collateral71@test.com'] }),
  facts({ totalLiability: '1', liabilities: [{ asset: 'USDT', principal: '1', interest: '0' }] }),
);

const approve = fc.record({ by: anybody, people, offset: fc.constantFrom(0, 0, 0, -1) }).map(
  ({ by, people: now, offset }): CommandMaker =>
    (request) => ({
      type: 'approve',
      by,
      ...now,
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
const markSent = fc.record({ owner, people }).map(
  ({ owner: mine, people: now }): CommandMaker =>
    (_, nowMs) => ({
      type: 'mark-sent',
      owner: mine,
      ...now,
      signedTimestampMs: nowMs,
      recvWindowMs: 5_000,
      deadlineAtMs: nowMs + 30_000,
    }),
);
const recordAnswer = fc.constantFrom('closed', 'refused', 'not-sent', 'unknown').map(
  (kind): CommandMaker =>
    ({ sent }, atMs) => {
      // Only a process that marked it knows an answer.
      if (sent === null) return { type: 'lose-track' };
      const answer = { httpStatus: null, exchangeCode: null, meaning: kind, advice: '', atMs };
      return { type: 'record-answer', mark: sent, answer: { kind: kind as 'closed', ...answer } };
    },
);
/** Rows of the closed list; most of them fit. */
const evidence = fc
  .record({
    creditEmail: fc.constantFrom('credit7@test.com', 'credit7@test.com', 'other@test.com'),
    isOld: fc.nat(4).map((n) => n === 0),
  })
  .map(({ creditEmail, isOld }) => ({ groupId }: CloseRequest, nowMs: number) => ({
    groupId,
    creditEmail,
    createdAtMs: 1,
    closedAtMs: isOld ? START_MS - 60_000 : nowMs,
  }));
const readBack = fc
  .record({
    kind: fc.constantFrom(
      ...(['in-closed-list', 'still-active', 'neither', 'in-both-lists', 'unreadable'] as const),
    ),
    evidence,
    afterAnswer: fc.boolean(),
  })
  .map(
    ({ kind, evidence: row, afterAnswer }): CommandMaker =>
      (request, nowMs) => {
        const type = 'read-back';
        switch (kind) {
          case 'in-closed-list':
            return { type, afterAnswer, seen: { kind, evidence: row(request, nowMs) } };
          case 'unreadable':
            return { type, afterAnswer, seen: { kind, why: 'no answer' } };
          case 'still-active':
            return { type, afterAnswer, seen: { kind, readAtMs: nowMs } };
          default:
            return { type, afterAnswer, seen: { kind } };
        }
      },
  );
const settle = fc.record({ by: anybody, verdict: fc.constantFrom('closed', 'not-closed'), eligible }).map(
  ({ by, verdict, eligible: who }): CommandMaker =>
    () => ({
      type: 'settle',
      pairs: [],
      by,
      verdict: verdict as 'closed',
      note: 'seen in the console',
      eligible: who,
    }),
);
const simple = fc.oneof(
  anybody.chain((by) =>
    fc.constantFrom<CommandMaker>(
      (request) => ({
        type: 'reject',
        pairs: [],
        by,
        version: request.version,
        reason: 'no',
        eligible: ELIGIBLE,
      }),
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
  ),
  evidence.map(
    (row): CommandMaker =>
      (request, nowMs) => ({ type: 'supersede', evidence: row(request, nowMs) }),
  ),
  someFacts.map(
    (next): CommandMaker =>
      () => ({ type: 'replace-facts', facts: next }),
  ),
  people.map(
    (now): CommandMaker =>
      () => ({ type: 'recount-votes', ...now }),
  ),
  people.map(
    (now): CommandMaker =>
      () => ({ type: 'note-reach', ...now }),
  ),
  fc.record({ owner, people }).map(
    ({ owner: mine, people: now }): CommandMaker =>
      () => ({ type: 'rehearse', owner: mine, ...now }),
  ),
  owner.chain((mine) =>
    fc.constantFrom<CommandMaker>(
      () => ({ type: 'release-claim', owner: mine, why: 'no answer' }),
      () => ({ type: 'never-sent', owner: mine, why: 'too busy' }),
    ),
  ),
);

/** The next step of a close that goes well. */
const progress = fc.constantFrom(ALICE, BOB, CAROL).map(
  (by): CommandMaker =>
    (request, nowMs) => {
      const { version, factsDigest, state, claim: held, policy } = request;
      const now = { eligible: ELIGIBLE, requesterMayAsk: true, seats: [], pairs: [], ruleDigest: null };
      if (state === 'pending') return { type: 'approve', by, version, factsDigest, ...now };
      const deadlineAtMs = nowMs + 60_000;
      if (state !== 'sending' || held === null)
        return { type: 'claim', owner: 'one', deadlineAtMs, starter: { by, version, eligible: ELIGIBLE } };
      if (policy.mode === 'dry-run') return { type: 'rehearse', owner: held.owner, ...now };
      const signed = { signedTimestampMs: nowMs, recvWindowMs: 5_000, deadlineAtMs };
      return { type: 'mark-sent', owner: held.owner, ...signed, ...now };
    },
);

export const commandArbitrary: fc.Arbitrary<CommandMaker> = fc.oneof(
  { weight: 8, arbitrary: progress },
  { weight: 6, arbitrary: approve },
  { weight: 4, arbitrary: claim },
  { weight: 4, arbitrary: markSent },
  { weight: 3, arbitrary: recordAnswer },
  { weight: 3, arbitrary: readBack },
  { weight: 2, arbitrary: settle },
  { weight: 5, arbitrary: simple },
);
