/**
 * The stored form of a close request: one JSON text with a schema version beside it. A record that cannot be read
 * whole, or that a newer Loandesk wrote, is an error that names the request: never half a request, never none.
 */
import { z } from 'zod';
import { type LongId, parseLongId } from '../domain/amount.ts';
import type { CloseRequest, CloseState } from '../domain/close/close-request.ts';

/** The version this code writes. Older ones are upgraded on reading; see `UPGRADES`. */
export const RECORD_SCHEMA = 1;

export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
  readonly requestId: string;
  constructor(requestId: string, what: string, cause?: unknown) {
    super(`the record of close request ${requestId} cannot be read: ${what}`, { cause });
    this.requestId = requestId;
  }
}

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
  ending: ending.nullable(),
  audit: z.strictObject({ sequence: count.min(1), seal: text }),
});

const object = z.record(z.string(), z.unknown());

/** From each older version to the next one. */
const UPGRADES: readonly ((old: Record<string, unknown>) => Record<string, unknown>)[] = [
  // 0 did not count abandoned claims and noted refusals, nor when people were told of an unknown outcome.
  (old) => ({ ...old, schema: 1, abandonedClaims: 0, obstacle: null, pagedAtMs: null, refusalsNoted: 0 }),
];

/** Throws UnreadableRecord for what could not be read again: such a record must never replace a good one. */
export function encodeRecord(request: CloseRequest): string {
  const text = JSON.stringify(request);
  decodeRecord(request.id, String(request.schema), text);
  return text;
}

/** Reads what `encodeRecord` of this or an older version wrote. Throws UnreadableRecord. */
export function decodeRecord(requestId: string, storedSchema: string, stored: string): CloseRequest {
  if (stored === '') throw new UnreadableRecord(requestId, 'it is missing');
  const schema = /^\d{1,6}$/.test(storedSchema) ? Number(storedSchema) : Number.NaN;
  if (Number.isNaN(schema)) throw new UnreadableRecord(requestId, 'it has no schema version');
  if (schema > RECORD_SCHEMA) {
    throw new UnreadableRecord(
      requestId,
      `it has schema ${schema}, this version of Loandesk knows up to ${RECORD_SCHEMA}`,
    );
  }
  let value = parse(requestId, stored);
  for (const upgrade of UPGRADES.slice(schema)) value = upgrade(value);
  const read = record.safeParse(value);
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
