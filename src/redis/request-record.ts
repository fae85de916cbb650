/**
 * The stored form of a close request: one JSON text, its schema version and its seal. A record that does not fit its
 * seal, cannot be read whole, or was written by a newer Loandesk is an error that names the request: never half a
 * request, never none.
 */
import { z } from 'zod';
import { type LongId, parseLongId } from '../domain/amount.ts';
import type { CloseRequest } from '../domain/close/close-request.ts';
import type { CloseState } from '../domain/close/close-state.ts';
import { type RecordCopy, UnreadableRecord } from '../usecases/ports.ts';
import type { Seals } from './seals.ts';

/** The version this code writes, and the only one it reads. */
export const RECORD_SCHEMA = 1;

/** Fields of the request's hash as a script answers them; null where one is missing. */
export type StoredRecord = readonly [schema: string | null, record: string | null, seal: string | null];

const text = z.string();
const ms = z.number().int();
const count = z.number().int().min(0);
const longId = z.custom<LongId>((value) => typeof value === 'string' && parseLongId(value) !== null);

const person = z.strictObject({ teamId: text, userId: text });
const vote = z.strictObject({ voter: person, atMs: ms, version: count, factsDigest: text });
const verdict = z.enum(['closed', 'not-closed']);

const policy = z.strictObject({
  quorum: count,
  requesterMayApprove: z.boolean(),
  approvers: z.array(text),
  expiresAfterMs: ms,
  mode: z.enum(['live', 'dry-run']),
  samePerson: z.array(z.array(text)),
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
  fact: z.enum(['credit account', 'total liability', 'liability', 'collateral account']),
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
  card: z.strictObject({ channelId: text, messageTs: text }).nullable(),
  reminded: z.strictObject({ half: z.boolean(), eighty: z.boolean() }),
  claim: z.strictObject({ owner: text, deadlineAtMs: ms }).nullable(),
  abandonedClaims: count,
  obstacle: z.strictObject({ why: text, sinceMs: ms }).nullable(),
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

const object = z.record(z.string(), z.unknown());

/** Throws UnreadableRecord for what could not be read again: such a record must never replace a good one. */
export function encodeRecord(request: CloseRequest): string {
  const text = JSON.stringify(request);
  readRecord(request.id, String(request.schema), text);
  return text;
}

/** Whether a script found any of it: else there is no such request. */
export function isStored(record: StoredRecord): boolean {
  return record.some((field) => field !== null);
}

/** The one place where a stored record becomes a request. Throws UnreadableRecord. */
export function decodeRecord(
  seals: Seals,
  requestId: string,
  [schema, stored, seal]: StoredRecord,
): RecordCopy {
  if (!stored) throw new UnreadableRecord(requestId, 'it is missing');
  if (!seals.fits(seal ?? '', requestId, stored))
    throw new UnreadableRecord(requestId, "it doesn't match its seal");
  return { request: readRecord(requestId, schema ?? '', stored), stored };
}

function readRecord(requestId: string, schema: string, stored: string): CloseRequest {
  if (!/^\d{1,6}$/.test(schema)) throw new UnreadableRecord(requestId, 'it has no schema version');
  if (Number(schema) !== RECORD_SCHEMA) {
    throw new UnreadableRecord(
      requestId,
      `it has schema ${schema}, this version of Loandesk reads schema ${RECORD_SCHEMA}`,
    );
  }
  const read = record.safeParse(parse(requestId, stored));
  if (!read.success) {
    const where = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    throw new UnreadableRecord(requestId, where);
  }
  if (read.data.id !== requestId) throw new UnreadableRecord(requestId, 'it belongs to another request');
  return read.data;
}

function parse(requestId: string, stored: string): Record<string, unknown> {
  try {
    return object.parse(JSON.parse(stored));
  } catch (cause) {
    throw new UnreadableRecord(requestId, 'it is not a JSON object', cause);
  }
}
