/** Random things to draw: what an exchange, people and time can bring, and worse. */
import fc from 'fast-check';
import { type Amount, amount, longId } from '../../../src/domain/amount.ts';
import type {
  CloseRequest,
  Ending,
  ExchangeAnswer,
  RequestEvent,
  Vote,
} from '../../../src/domain/close/close-request.ts';
import type { CloseState } from '../../../src/domain/close/close-state.ts';
import type { ClosedEvidence } from '../../../src/domain/close/closed-evidence.ts';
import type { FactChange, Facts } from '../../../src/domain/close/facts.ts';
import type { PersonId } from '../../../src/domain/person.ts';
import type { RiskUnit } from '../../../src/domain/unit/risk-unit.ts';
import { START_MS } from '../../support/close-requests.ts';

/** Free text as people and systems bring it: right-to-left, emoji, markup, control characters, any length up to `max`. */
export function wildText(max: number): fc.Arbitrary<string> {
  const pieces = fc.constantFrom(
    'مرحبا بالعالم',
    'שלום',
    '👩‍👩‍👧‍👦',
    '🏦',
    '<!here>',
    '<@U123>',
    '&amp;',
    '&<>&',
    '```',
    '\u202e',
    '*_~',
    '\n',
    'a'.repeat(200),
    'https://example.com/?a=b&c=d',
  );
  return fc
    .array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 20 })), { maxLength: 60 })
    .map((parts) => parts.join('').slice(0, max));
}

/** Always at the limit of length, all of it doubled or more by escaping. */
export const longestReason = fc.constantFrom('&'.repeat(3_000), '<@U1>'.repeat(600), '🏦'.repeat(1_500));

export const reason = fc.oneof(wildText(3_000), longestReason);

const digits = fc.bigInt({ min: 0n, max: 10n ** 32n });

/** Up to 40 digits, 8 of them decimals. */
export const anyAmount: fc.Arbitrary<Amount> = fc.oneof(
  digits.map((value) => amount(`${value}.${(value % 100_000_000n).toString().padStart(8, '0')}`)),
  fc.constantFrom('0', '0.00000001', '15.30718771', '1234567.1').map(amount),
);

const amountOrNull = fc.option(anyAmount, { nil: null });
const ratio = fc.integer({ min: 0, max: 2_000 }).map((value) => amount((value / 1000).toFixed(3)));
export const anyId = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map((value) => longId(value.toString()));
const email = fc.oneof(
  fc.constant('tst20241120@test.com'),
  wildText(60).map((text) => `${text || 'x'}@test.com`),
  fc.constant(`${'long'.repeat(60)}@test.com`),
);
const atMs = fc.integer({ min: START_MS - 10_000_000, max: START_MS + 10_000_000 });

export const unit: fc.Arbitrary<RiskUnit> = fc.record({
  groupId: anyId,
  parentEmail: email,
  creditEmail: email,
  updatedAtMs: atMs,
  ltv: ratio,
  totalNetEquity: anyAmount,
  totalMaintenanceMargin: anyAmount,
  totalLiability: anyAmount,
  parentAccountFrozenAmount: amountOrNull,
  maxTransferOutAmount: amountOrNull,
  maxAllowedBorrowLimit: amountOrNull,
  liabilities: fc.array(fc.record({ asset: wildText(12), principal: anyAmount, interest: anyAmount }), {
    maxLength: 30,
  }),
  accounts: fc.array(
    fc.record({
      email,
      type: fc.constantFrom('CREDIT', 'COLLATERAL', 'NEW_TYPE'),
      wallets: fc.array(
        fc.record({
          accountType: fc.constantFrom('SPOT', 'CROSS_MARGIN', 'PORTFOLIO_MARGIN', 'SOMETHING_NEW'),
          netEquity: anyAmount,
          maintenanceMargin: anyAmount,
        }),
        { maxLength: 5 },
      ),
    }),
    { maxLength: 10 },
  ),
});

/** 0 to 500 units: a few random ones, repeated under their own ids. */
export const units: fc.Arbitrary<readonly RiskUnit[]> = fc
  .tuple(fc.array(unit, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 500 }))
  .map(([kinds, count]) =>
    Array.from({ length: count }, (_, index) => ({
      ...(kinds[index % kinds.length] ?? (kinds[0] as RiskUnit)),
      groupId: longId(String(index + 1)),
    })),
  );

export const personId: fc.Arbitrary<PersonId> = fc.record({
  teamId: fc.constant('T0HOME'),
  userId: fc.constantFrom('U0ALICE', 'U0BOB', 'U0CAROL', 'U0REQ', 'W0GRID12345'),
});

export const factsArb: fc.Arbitrary<Facts> = fc.record({
  groupId: anyId,
  creditAccount: email,
  totalLiability: anyAmount.map((value) => value.toFixed()),
  liabilities: fc.array(
    fc.record({
      asset: wildText(12),
      principal: anyAmount.map((value) => value.toFixed()),
      interest: anyAmount.map((value) => value.toFixed()),
    }),
    { maxLength: 30 },
  ),
  collateralAccounts: fc.array(email, { maxLength: 10 }),
  readAtMs: atMs,
});

export const factChange: fc.Arbitrary<FactChange> = fc.record({
  fact: fc.constantFrom('credit account', 'total liability', 'liability', 'collateral account'),
  which: fc.option(wildText(300), { nil: null }),
  before: fc.option(wildText(500), { nil: null }),
  after: fc.option(
    anyAmount.map((value) => value.toFixed()),
    { nil: null },
  ),
});

const vote: fc.Arbitrary<Vote> = fc.record({
  voter: personId,
  atMs,
  version: fc.integer({ min: 1, max: 9 }),
  factsDigest: fc.constant('ab'.repeat(32)),
});

/** Whom a request lacks. */
const lack = fc.record(
  {
    eligible: fc.nat(5),
    quorum: fc.integer({ min: 1, max: 5 }),
    open: fc.array(fc.record({ from: fc.array(fc.string(), { maxLength: 60 }), count: fc.nat(5) })),
  },
  { requiredKeys: ['eligible', 'quorum'] },
);

const answer: fc.Arbitrary<ExchangeAnswer> = fc.record({
  kind: fc.constantFrom('closed', 'refused', 'not-sent', 'unknown'),
  httpStatus: fc.option(fc.integer({ min: 100, max: 599 }), { nil: null }),
  exchangeCode: fc.option(fc.integer({ min: -30_000, max: 0 }), { nil: null }),
  meaning: wildText(800),
  advice: wildText(800),
  atMs,
});

export const evidence: fc.Arbitrary<ClosedEvidence> = fc.record({
  groupId: anyId,
  creditEmail: email,
  createdAtMs: atMs,
  closedAtMs: atMs,
});

/** The endings that each state can have; null: it is open. */
const endings: Readonly<Record<CloseState, fc.Arbitrary<Ending | null>>> = {
  pending: fc.constant(null),
  approved: fc.constant(null),
  sending: fc.constant(null),
  unknown: fc.constant(null),
  closed: fc.oneof(fc.record({ kind: fc.constant('read-back' as const), atMs }), settledAs('closed')),
  rehearsed: fc.record({ kind: fc.constant('rehearsed' as const), atMs }),
  failed: fc.oneof(
    fc.record({ kind: fc.constantFrom('refused-by-exchange' as const, 'not-executed' as const), atMs }),
    fc.record({
      kind: fc.constantFrom('never-sent' as const, 'card-undeliverable' as const),
      why: wildText(900),
      atMs,
    }),
    settledAs('not-closed'),
  ),
  rejected: fc.record({ kind: fc.constant('rejected' as const), by: personId, reason, atMs }),
  withdrawn: fc.record({ kind: fc.constant('withdrawn' as const), by: personId, atMs }),
  expired: fc.record({ kind: fc.constant('expired' as const), atMs }),
  superseded: fc.record({ kind: fc.constant('closed-elsewhere' as const), atMs }),
};

function settledAs(verdict: 'closed' | 'not-closed'): fc.Arbitrary<Ending> {
  return fc.record({
    kind: fc.constant('settled' as const),
    verdict: fc.constant(verdict),
    by: fc.array(personId, { minLength: 2, maxLength: 2 }),
    note: wildText(1_000),
    atMs,
  });
}

const mark = fc.record({ atMs, signedTimestampMs: atMs, recvWindowMs: fc.constant(5_000) });
const STATES = Object.keys(endings) as CloseState[];

export const requestArb: fc.Arbitrary<CloseRequest> = fc.constantFrom(...STATES).chain((state) =>
  fc.record({
    schema: fc.constant(1 as const),
    id: fc.constant('R000000001'),
    groupId: anyId,
    requester: personId,
    reason,
    policy: fc.record({
      quorum: fc.integer({ min: 1, max: 5 }),
      requesterMayApprove: fc.boolean(),
      approvers: fc.array(fc.constantFrom('U0ALICE', 'U0BOB', 'S0GROUP'), { maxLength: 5 }),
      expiresAfterMs: fc.integer({ min: 1_000, max: 1_000_000_000 }),
      mode: fc.constantFrom('live' as const, 'dry-run' as const),
      samePerson: fc.constant([]),
    }),
    state: fc.constant(state),
    revision: fc.integer({ min: 1, max: 1_000 }),
    version: fc.integer({ min: 1, max: 20 }),
    facts: factsArb,
    factsDigest: fc.constant('cd'.repeat(32)),
    factChanges: fc.array(factChange, { maxLength: 40 }),
    votes: fc.array(vote, { maxLength: 30 }),
    voidedVotes: fc.array(
      vote.chain((each) =>
        fc.record({
          voter: fc.constant(each.voter),
          atMs: fc.constant(each.atMs),
          version: fc.constant(each.version),
          factsDigest: fc.constant(each.factsDigest),
          voidedAtMs: atMs,
          because: fc.constantFrom('facts-changed' as const, 'no-longer-eligible' as const),
        }),
      ),
      { maxLength: 30 },
    ),
    createdAtMs: atMs,
    expiresAtMs: atMs,
    card: fc.option(fc.constant({ channelId: 'C0DESK', messageTs: '1700000000.000100' }), { nil: null }),
    reminded: fc.record({ half: fc.boolean(), eighty: fc.boolean() }),
    claim: fc.constant(null),
    abandonedClaims: fc.integer({ min: 0, max: 3 }),
    obstacle: fc.option(fc.record({ why: wildText(500), sinceMs: atMs }), { nil: null }),
    unreachable: fc.option(
      lack.map((short) => ({ ...short, sinceMs: 1 })),
      { nil: undefined },
    ),
    sent: fc.option(mark, { nil: null }),
    answer: fc.option(answer, { nil: null }),
    readBack: fc.record({
      agreeingActiveReads: fc.nat(3),
      lastSeen: fc.option(
        fc.record({
          kind: fc.constantFrom('still-active', 'neither', 'in-both-lists', 'unreadable'),
          why: fc.option(wildText(500), { nil: null }),
        }),
        { nil: null },
      ),
      lastSeenAtMs: fc.option(atMs, { nil: null }),
    }),
    evidence: fc.option(evidence, { nil: null }),
    settlement: fc.option(
      fc.record({
        by: personId,
        verdict: fc.constantFrom('closed' as const, 'not-closed' as const),
        note: wildText(1_000),
        atMs,
      }),
      { nil: null },
    ),
    pagedAtMs: fc.option(atMs, { nil: null }),
    refusalsNoted: fc.nat(50),
    ending: endings[state],
    audit: fc.constant({ sequence: 3, seal: 'ef'.repeat(32) }),
  }),
);

const base = { atMs, by: fc.option(personId, { nil: null }) };
const people = fc.array(personId, { maxLength: 5 });
const type = <Name extends RequestEvent['type']>(name: Name) => fc.constant(name);

/** Every kind of event that a notice can carry. */
export const eventArb: fc.Arbitrary<RequestEvent> = fc.oneof(
  fc.record({ ...base, type: type('card-posted') }),
  fc.record({ ...base, type: type('card-undeliverable'), why: wildText(500) }),
  fc.record({ ...base, type: type('approved'), votes: fc.integer({ min: 1, max: 5 }), dropped: people }),
  fc.record({ ...base, type: type('votes-dropped'), dropped: people }),
  lack.chain((short) =>
    fc.record({ ...base, type: type('unreachable') }).map((event) => ({ ...event, ...short })),
  ),
  fc.record({ ...base, type: type('reachable') }),
  fc.record({ ...base, type: type('rejected'), reason }),
  fc.record({ ...base, type: type('withdrawn') }),
  fc.record({ ...base, type: type('expired') }),
  fc.record({ ...base, type: type('reminded'), stage: fc.constantFrom('half' as const, 'eighty' as const) }),
  fc.record({
    ...base,
    type: type('facts-changed'),
    facts: factsArb,
    changes: fc.array(factChange, { maxLength: 40 }),
    voided: people,
  }),
  fc.record({ ...base, type: type('superseded'), evidence }),
  fc.record({ ...base, type: type('claimed'), owner: fc.constant('owner') }),
  fc.record({ ...base, type: type('claim-abandoned'), owner: fc.constant('owner') }),
  fc.record({ ...base, type: type('claim-released'), owner: fc.constant('owner'), why: wildText(500) }),
  fc.record({ ...base, type: type('sent'), signedTimestampMs: atMs, recvWindowMs: fc.constant(5_000) }),
  fc.record({ ...base, type: type('rehearsed') }),
  fc.record({ ...base, type: type('never-sent'), why: wildText(500) }),
  fc.record({ ...base, type: type('answered'), answer }),
  fc.record({
    ...base,
    type: type('mark-restored'),
    mark,
    answer: fc.option(answer, { nil: null }),
    stateBefore: fc.constantFrom(...STATES),
  }),
  fc.record({ ...base, type: type('lost-track') }),
  fc.record({
    ...base,
    type: type('read-back'),
    seen: fc.constant('in-closed-list' as const),
    why: fc.constant(null),
    evidence: fc.option(evidence, { nil: null }),
  }),
  fc.record({ ...base, type: type('people-paged') }),
  fc.record({
    ...base,
    type: type('settlement-proposed'),
    verdict: fc.constantFrom('closed' as const, 'not-closed' as const),
    note: wildText(1_000),
  }),
  fc.record({
    ...base,
    type: type('settled'),
    verdict: fc.constantFrom('closed' as const, 'not-closed' as const),
    note: wildText(1_000),
  }),
);
