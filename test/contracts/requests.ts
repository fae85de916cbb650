/** Requests and changes to try stores with: plausible, built by the rule itself where a state is needed. */
import { randomUUID } from 'node:crypto';
import { type LongId, longId } from '../../src/domain/amount.ts';
import {
  type CloseRequest,
  type Command,
  NEVER_LOOKED,
  type PeopleNow,
  type RequestEvent,
  type SentMark,
} from '../../src/domain/close/close-request.ts';
import { decide } from '../../src/domain/close/close-rule.ts';
import { digestOf, type Facts } from '../../src/domain/close/facts.ts';
import { type Notice, noticesFor } from '../../src/domain/close/notices.ts';
import type { Person } from '../../src/domain/person.ts';
import type { Outbox } from '../../src/usecases/outbox-ports.ts';
import type { AuditLog, Change, CloseRequestStore, RecordCopy } from '../../src/usecases/ports.ts';

/** What the contracts of stores run on. */
export interface StoreUnderTest {
  readonly store: CloseRequestStore;
  readonly outbox: Outbox;
  readonly audit: AuditLog;
  readonly auditKey: Uint8Array;
  /** Lets the store's clock move on by at least so much. */
  passTime(ms: number): Promise<void>;
}

export const HOUR_MS = 3_600_000;
export const ELIGIBLE: ReadonlySet<string> = new Set(['U_BEN', 'U_CARA', 'U_DAN']);
export const PEOPLE: PeopleNow = {
  eligible: ELIGIBLE,
  requesterMayAsk: true,
  seats: [],
  pairs: [],
  ruleDigest: null,
};

export function person(userId: string): Person {
  return { teamId: 'T_HOME', userId, kind: 'member', timeZone: null };
}

let units = 10_000;
export function newUnit(): LongId {
  units += 1;
  return longId(String(units));
}

export function repaidFacts(groupId: LongId, readAtMs: number): Facts {
  return {
    groupId,
    creditAccount: 'credit@example.com',
    totalLiability: '0',
    liabilities: [],
    collateralAccounts: ['a@example.com', 'b@example.com'],
    readAtMs,
  };
}

/** A request as the usecase hands it to `open`: pending, without votes; revision and audit are the store's. */
export function newRequest(createdAtMs: number, changes: Partial<CloseRequest> = {}): CloseRequest {
  const groupId = changes.groupId ?? newUnit();
  const facts = repaidFacts(groupId, createdAtMs);
  return {
    schema: 1,
    id: randomUUID(),
    groupId,
    requester: { teamId: 'T_HOME', userId: 'U_ANN' },
    reason: 'repaid on Friday',
    policy: {
      quorum: 2,
      requesterMayApprove: false,
      approvers: ['U_BEN', 'U_CARA', 'S_DESK'],
      expiresAfterMs: 4 * HOUR_MS,
      mode: 'live',
      samePerson: [['U_DAN', 'U_DAN2']],
    },
    state: 'pending',
    revision: 0,
    version: 1,
    facts,
    factsDigest: digestOf(facts),
    factChanges: [],
    votes: [],
    voidedVotes: [],
    createdAtMs,
    expiresAtMs: createdAtMs + 4 * HOUR_MS,
    card: null,
    reminded: { half: false, eighty: false },
    claim: null,
    abandonedClaims: 0,
    obstacle: null,
    sent: null,
    answer: null,
    readBack: NEVER_LOOKED,
    evidence: null,
    settlement: null,
    pagedAtMs: null,
    refusalsNoted: 0,
    ending: null,
    audit: { sequence: 0, seal: '' },
    ...changes,
  };
}

export function opening(
  next: CloseRequest,
  attentionAtMs: number | null = null,
): Omit<Change, 'from' | 'notAfterMs'> {
  const { requester: by, reason, facts, policy, createdAtMs: atMs } = next;
  const event: RequestEvent = { type: 'opened', by, reason, facts, policy, atMs };
  // One notice, so that each test says itself what else is in the line.
  return { next, event, notices: [{ kind: 'card' }], attentionAtMs };
}

/** The text that a store answered with each record that `openOne` and `mustSave` gave. */
const storedTexts = new WeakMap<CloseRequest, string>();

function remembered({ request, stored }: RecordCopy): CloseRequest {
  storedTexts.set(request, stored);
  return request;
}

/** The copy that a change of this record is compared with; of a record that was never stored, one that fits none. */
export function copyOf(request: CloseRequest): RecordCopy {
  return { request, stored: storedTexts.get(request) ?? 'never stored' };
}

/** What the rule makes of a command; throws where it refuses. */
export function changeBy(from: CloseRequest, command: Command, nowMs: number): Change {
  const decision = decide(from, command, { nowMs, current: from.policy });
  if (!decision.ok) throw new Error(`refused: ${decision.refusal.code}`);
  const { next, event, notAfterMs } = decision;
  return {
    from: copyOf(from),
    next,
    event,
    notices: noticesFor(next, event),
    notAfterMs,
    attentionAtMs: null,
  };
}

/** A change that alters nothing but is one: for races and fences. */
export function touch(from: CloseRequest, nowMs: number, changes: Partial<Change> = {}): Change {
  const event: RequestEvent = { type: 'card-posted', by: null, atMs: nowMs };
  return {
    from: copyOf(from),
    next: from,
    event,
    notices: [],
    notAfterMs: null,
    attentionAtMs: null,
    ...changes,
  };
}

export async function openOne(
  store: CloseRequestStore,
  changes: Partial<CloseRequest> = {},
  attentionAtMs: number | null = null,
): Promise<CloseRequest> {
  const opened = await store.open(opening(newRequest(await store.nowMs(), changes), attentionAtMs));
  if (opened.kind !== 'opened') throw new Error('the unit was taken');
  return remembered(opened);
}

/** Stores the change and gives the record as stored; throws unless it was saved. */
export async function mustSave(store: CloseRequestStore, change: Change): Promise<CloseRequest> {
  const saved = await store.save(change);
  if (saved.kind !== 'saved') throw new Error(saved.kind);
  return remembered(saved);
}

/** The record as stored now, for a change to be decided on; throws where there is none. */
export async function loadOne(store: CloseRequestStore, requestId: string): Promise<CloseRequest> {
  const stored = await store.load(requestId);
  if (stored === null) throw new Error(`no request ${requestId}`);
  return remembered(stored);
}

/** Takes an open request through commands, each decided on what is stored. */
export async function advance(
  store: CloseRequestStore,
  request: CloseRequest,
  ...commands: readonly Command[]
): Promise<CloseRequest> {
  let now = request;
  for (const command of commands) now = await mustSave(store, changeBy(now, command, await store.nowMs()));
  return now;
}

export const CARD: Command = {
  type: 'record-card',
  card: { channelId: 'C_CLOSE', messageTs: '1700000000.000100' },
};

export function approval(request: CloseRequest, userId: string): Command {
  const { version, factsDigest } = request;
  return { type: 'approve', by: person(userId), version, factsDigest, ...PEOPLE };
}

/** The mark of a DELETE that was signed then. */
export function markAt(nowMs: number): SentMark {
  return { atMs: nowMs, signedTimestampMs: nowMs, recvWindowMs: 5_000 };
}

/** From open to closed, as on a good day. */
export function closeCommands(request: CloseRequest, nowMs: number): Command[] {
  const owner = 'process-1';
  const evidence = {
    groupId: request.groupId,
    creditEmail: 'credit@example.com',
    createdAtMs: nowMs - HOUR_MS,
    closedAtMs: nowMs + 1_000,
  };
  const deadlineAtMs = nowMs + 60_000;
  return [
    CARD,
    approval(request, 'U_BEN'),
    approval(request, 'U_CARA'),
    { type: 'claim', owner, deadlineAtMs, starter: null },
    { type: 'mark-sent', owner, signedTimestampMs: nowMs, recvWindowMs: 5_000, deadlineAtMs, ...PEOPLE },
    {
      type: 'record-answer',
      mark: markAt(nowMs),
      answer: {
        kind: 'closed',
        httpStatus: 200,
        exchangeCode: null,
        meaning: 'closed',
        advice: '',
        atMs: nowMs,
      },
    },
    { type: 'read-back', afterAnswer: true, seen: { kind: 'in-closed-list', evidence } },
  ];
}

export function cardNotice(): Notice {
  return { kind: 'card' };
}
