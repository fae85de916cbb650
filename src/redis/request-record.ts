/** The stored form of a close request. */
import { z } from 'zod';
import type { CloseRequest } from '../domain/close/close-request.ts';
import type { CloseState } from '../domain/close/close-state.ts';
import type { RecordCopy } from '../usecases/ports.ts';
import {
  cardLocation,
  count,
  longId,
  ms,
  need,
  person,
  recordCodec,
  type StoredRecord,
  text,
} from './record-codec.ts';
import type { Seals } from './seals.ts';

/** The version this code writes, and the only one it reads. */
export const RECORD_SCHEMA = 1;

const vote = z.strictObject({
  voter: person,
  inPlaceOf: text.optional(),
  atMs: ms,
  version: count,
  factsDigest: text,
});
const verdict = z.enum(['closed', 'not-closed']);

const policy = z.strictObject({
  quorum: count,
  requesterMayApprove: z.boolean(),
  approvers: z.array(text),
  expiresAfterMs: ms,
  mode: z.enum(['live', 'dry-run']),
  samePerson: z.array(z.array(text)),
  need: z.array(need).optional(),
  delayMs: ms.optional(),
  ruleDigest: text.optional(),
});

const facts = z.strictObject({
  groupId: longId,
  creditAccount: text,
  totalLiability: text,
  liabilities: z.array(z.strictObject({ asset: text, principal: text, interest: text })),
  collateralAccounts: z.array(text),
  netEquity: text.optional(),
  readAtMs: ms,
});

const factChange = z.strictObject({
  fact: z.enum(['credit account', 'total liability', 'liability', 'collateral account', 'released amount']),
  which: text.nullable(),
  before: text.nullable(),
  after: text.nullable(),
});

const answer = z.strictObject({
  kind: z.enum(['closed', 'refused', 'not-sent', 'unknown']),
  httpStatus: z.number().nullable(),
  exchangeCode: z.number().nullable(),
  meaning: text,
  advice: text,
  atMs: ms,
});

const evidence = z.strictObject({ groupId: longId, creditEmail: text, createdAtMs: ms, closedAtMs: ms });

const ending = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('read-back'), atMs: ms }),
  z.strictObject({ kind: z.literal('settled'), verdict, by: z.array(person), note: text, atMs: ms }),
  z.strictObject({ kind: z.literal('rehearsed'), atMs: ms }),
  z.strictObject({ kind: z.literal('refused-by-exchange'), atMs: ms }),
  z.strictObject({ kind: z.literal('never-sent'), why: text, atMs: ms }),
  z.strictObject({ kind: z.literal('not-executed'), atMs: ms }),
  z.strictObject({ kind: z.literal('card-undeliverable'), why: text, atMs: ms }),
  z.strictObject({ kind: z.literal('rejected'), by: person, reason: text, atMs: ms }),
  z.strictObject({ kind: z.literal('withdrawn'), by: person, atMs: ms }),
  z.strictObject({ kind: z.literal('expired'), atMs: ms }),
  z.strictObject({ kind: z.literal('closed-elsewhere'), atMs: ms }),
]);

const STATES = {
  pending: 'pending',
  approved: 'approved',
  sending: 'sending',
  unknown: 'unknown',
  closed: 'closed',
  rehearsed: 'rehearsed',
  failed: 'failed',
  rejected: 'rejected',
  withdrawn: 'withdrawn',
  expired: 'expired',
  superseded: 'superseded',
} as const satisfies { [State in CloseState]: State };

const record: z.ZodType<CloseRequest> = z.strictObject({
  schema: z.literal(RECORD_SCHEMA),
  id: text.min(1),
  groupId: longId,
  requester: person,
  reason: text,
  policy,
  state: z.enum(STATES),
  revision: count.min(1),
  version: count.min(1),
  facts,
  factsDigest: text,
  factChanges: z.array(factChange),
  votes: z.array(vote),
  voidedVotes: z.array(
    vote.extend({
      voidedAtMs: ms,
      because: z.enum(['facts-changed', 'no-longer-eligible']),
    }),
  ),
  createdAtMs: ms,
  expiresAtMs: ms,
  card: cardLocation.nullable(),
  reminded: z.strictObject({ half: z.boolean(), eighty: z.boolean() }),
  claim: z.strictObject({ owner: text, deadlineAtMs: ms }).nullable(),
  abandonedClaims: count,
  obstacle: z.strictObject({ why: text, sinceMs: ms }).nullable(),
  unreachable: z
    .strictObject({ eligible: count, quorum: count, open: z.array(need).optional(), sinceMs: ms })
    .optional(),
  sent: z.strictObject({ atMs: ms, signedTimestampMs: ms, recvWindowMs: ms }).nullable(),
  answer: answer.nullable(),
  readBack: z.strictObject({
    agreeingActiveReads: count,
    lastSeen: z
      .strictObject({
        kind: z.enum(['still-active', 'neither', 'in-both-lists', 'unreadable']),
        why: text.nullable(),
      })
      .nullable(),
    lastSeenAtMs: ms.nullable(),
  }),
  evidence: evidence.nullable(),
  settlement: z.strictObject({ by: person, verdict, note: text, atMs: ms }).nullable(),
  pagedAtMs: ms.nullable(),
  refusalsNoted: count,
  refusalsNotedOf: z.record(z.string(), count).optional(),
  ending: ending.nullable(),
  audit: z.strictObject({ sequence: count.min(1), seal: text }),
});

const codec = recordCodec(RECORD_SCHEMA, record, ({ id }) => id);

/** Throws UnreadableRecord for what could not be read again: such a record must never replace a good one. */
export function encodeRecord(request: CloseRequest): string {
  return codec.encode(request.id, request);
}

/** Throws UnreadableRecord. */
export function decodeRecord(seals: Seals, requestId: string, record: StoredRecord): RecordCopy {
  const { value: request, stored } = codec.decode(seals, requestId, record);
  return { request, stored };
}
