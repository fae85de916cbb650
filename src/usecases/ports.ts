/**
 * Everything the usecases need from outside, in our words. Adapters implement these; each says what it promises and
 * how it fails. All times are UTC milliseconds.
 */
import type { LongId } from '../domain/amount.ts';
import type { AuditEntry, AuditVerdict } from '../domain/close/audit-chain.ts';
import type {
  CardLocation,
  CloseRequest,
  ExchangeAnswer,
  RequestEvent,
  RequestEventType,
} from '../domain/close/close-request.ts';
import type { CloseState } from '../domain/close/close-state.ts';
import type { Notice } from '../domain/close/notices.ts';
import type { Person, PersonId } from '../domain/person.ts';
import type { ClosedUnit, RiskUnit } from '../domain/unit/risk-unit.ts';

/** Thrown by stores when Redis cannot answer. A write may or may not have landed; the caller must not go on. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  constructor(cause: unknown) {
    super('store unavailable', { cause });
  }
}

// ---------------------------------------------------------------------------------------------- the exchange

/** Why a read gave nothing. Free of keys, signatures and URLs; `meaning` and `advice` are sentences for people. */
export interface ExchangeFailure {
  readonly kind: /** Answered with a business or permission error. */
    | 'refused'
    /** A limit, ours or theirs: `retryAtMs` says when to ask again. */
    | 'busy'
    /** Unreachable, timed out, 5xx, or an answer that could not be read. */
    | 'unavailable'
    | 'maintenance'
    | 'region-blocked'
    /** No account in BINANCE_ACCOUNTS_FILE fits the call. */
    | 'no-account';
  readonly exchangeCode: number | null;
  readonly meaning: string;
  readonly advice: string;
  readonly retryAtMs: number | null;
}

export type Read<Value> =
  | {
      readonly ok: true;
      readonly value: Value;
      /** Exchange time of the answer; shown to people as "as of". */
      readonly asOfMs: number;
      /** Rows that could not be read, or that contradict each other; the others are in `value`. */
      readonly flaws: readonly Flaw[];
    }
  | { readonly ok: false; readonly failure: ExchangeFailure };

/** What is wrong with an answer in one place. */
export interface Flaw {
  /** The unit it is about; null: not known, so it may be any. */
  readonly groupId: LongId | null;
  /** "row 3 (unit 72), enabled: …" */
  readonly text: string;
}

/** Whether a flaw may be about this unit. */
export function concerns(flaw: Flaw, groupId: LongId): boolean {
  return flaw.groupId === groupId || flaw.groupId === null;
}

export interface ReadOptions {
  /**
   * Calls of a `close` under way go before those of people (`interactive`), and these before `background` ones. The
   * first two have one time budget for all tries; background work may wait longer.
   */
  readonly priority: 'close' | 'interactive' | 'background';
  /** True: never a shared or remembered answer. Default false: an answer up to 2 s old may be shared. */
  readonly fresh?: boolean;
}

export interface FindOptions extends ReadOptions {
  /** E-mail of the owner: where no key has shown the unit, only rows of this account count. */
  readonly creditAccount?: string | undefined;
}

/** Reads only. The sweeper is given this and nothing else, so it cannot send a close. */
export interface LoanReader {
  /**
   * All units the parent key sees. An empty list means "none visible to this key", never "nothing owed". A unit that is
   * listed more than once is in the value once, with its worse figures, and in the flaws.
   */
  riskUnits(options: ReadOptions): Promise<Read<readonly RiskUnit[]>>;
  /** One unit through the parent key; null: not visible. */
  riskUnit(groupId: LongId, options: ReadOptions): Promise<Read<RiskUnit | null>>;
  /** One unit through the credit key that would close it (always fresh); proves that key, its role and the clock. */
  riskUnitAsCreditAccount(groupId: LongId, options: ReadOptions): Promise<Read<RiskUnit | null>>;
  /** Closed units of all credit accounts, newest closeTime first, no duplicates. */
  closedUnits(options: ReadOptions): Promise<Read<readonly ClosedUnit[]>>;
  /**
   * Looks for one unit, always fresh: in the closed list of the credit account whose key has shown it, else in those of
   * all credit accounts. The newest row that is not enabled: an id may have been given again after a close. Null: not
   * there. What the row proves is for the rule to say (domain/close/closed-evidence.ts).
   */
  findClosedUnit(groupId: LongId, options: FindOptions): Promise<Read<ClosedUnit | null>>;
  /** Whether some credit key could close this unit. Keys that do not show it are asked again first. */
  canClose(groupId: LongId): Promise<Read<boolean>>;
}

/** What became of the one DELETE. `unknown` means: it may have been executed. */
export type CloseOutcome = Omit<ExchangeAnswer, 'atMs'>;

/** A signed DELETE that waits to leave. */
export interface PreparedClose {
  readonly signedTimestampMs: number;
  readonly recvWindowMs: number;
  /**
   * Sends it once; a second call throws. Never repeats, whatever happens. Answers `not-sent` without sending when
   * so much time has passed since signing that the exchange would refuse it (a process that was paused).
   */
  send(): Promise<CloseOutcome>;
}

export interface LoanCloser {
  /**
   * DELETE /sapi/v1/margin/loan-group, signed by the unit's credit key, ready to leave: its weight is reserved and
   * its clock is in step. Fails closed when the shared limits cannot be counted (Redis gone) or would wait too long.
   */
  prepareClose(groupId: LongId): Promise<Read<PreparedClose>>;
}

/** What the exchange answered when it stopped us; both null: not known. */
export interface StopCause {
  readonly httpStatus: number | null;
  readonly exchangeCode: number | null;
}

/** A stop in force, for people. */
export interface ExchangeStop {
  /** "ip/ltv-details": whose limit, and which endpoint. */
  readonly bucket: string;
  /** Exchange time. */
  readonly untilMs: number;
  readonly cause: StopCause;
}

/** The brake that the exchange pulls on us. */
export interface ExchangeStops {
  /** Those of all replicas, and what this process knows by itself. Throws when they cannot be read. */
  list(): Promise<readonly ExchangeStop[]>;
  /** Lifts them for all replicas. Throws when that cannot be written. */
  lift(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------- close requests

/**
 * Thrown by stores for a record that is damaged, of a newer version, or does not fit its seal. Such a request exists,
 * and nothing may be decided, sent or said on what is stored.
 */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
  readonly requestId: string;
  /** In words, for people: "it does not fit its seal". */
  readonly what: string;
  constructor(requestId: string, what: string, cause?: unknown) {
    super(`the record of close request ${requestId} cannot be read: ${what}`, { cause });
    this.requestId = requestId;
    this.what = what;
  }
}

/** A record and the very text that the store holds for it: what a change is decided on and compared with. */
export interface RecordCopy {
  readonly request: CloseRequest;
  readonly stored: string;
}

export interface StoredRequest extends RecordCopy {
  /** The store's clock (Redis TIME) at the load: the only clock that decides deadlines. */
  readonly nowMs: number;
}

export interface Change {
  /** The copy this change was decided on; the store must still hold exactly this one. */
  readonly from: RecordCopy;
  readonly next: CloseRequest;
  readonly event: RequestEvent;
  readonly notices: readonly Notice[];
  readonly notAfterMs: number | null;
  /** When background work must look again; null removes the request from the watch list. */
  readonly attentionAtMs: number | null;
}

export type Saved =
  /** `request` is the record as stored: revision and audit advanced. */
  | ({ readonly kind: 'saved' } & RecordCopy)
  /** Someone else changed it first: load and decide again. */
  | { readonly kind: 'conflict' }
  /** `notAfterMs` had passed by the store's clock. */
  | { readonly kind: 'too-late' };

export interface RequestOverview {
  /** Oldest first. */
  readonly open: readonly CloseRequest[];
  /** Newest first, open ones among them. */
  readonly recent: readonly CloseRequest[];
  readonly unreadable: readonly string[];
}

export interface CloseRequestStore {
  nowMs(): Promise<number>;
  /**
   * Stores a new request and takes the unit's key in one step. `exists`: an open request holds the unit. The store
   * sets revision 1 and seals the first audit entry.
   */
  open(
    change: Omit<Change, 'from' | 'notAfterMs'>,
  ): Promise<{ readonly kind: 'opened' | 'exists' } & RecordCopy>;
  /** Null: there is no such request. Throws UnreadableRecord, as everything does that gives one request. */
  load(requestId: string): Promise<StoredRequest | null>;
  /** Ids of all requests that the index names, whether or not their records can be read. */
  requestIds(): Promise<readonly string[]>;
  /**
   * Compare-and-set: state, indexes, audit entry and outbox entries together, or nothing. A terminal `next` releases
   * the unit's key; an open one must hold it. Only what was sent goes on without it: a lost key is taken back if it is
   * free. Recognises its own command when the connection re-sent it.
   */
  save(change: Change): Promise<Saved>;
  openRequestFor(groupId: LongId): Promise<CloseRequest | null>;
  /** Open requests, oldest first. Lists leave out records that cannot be read; each is named in the log. */
  listOpen(): Promise<readonly CloseRequest[]>;
  /** All requests, newest first; `before` (a createdAtMs, exclusive) pages on. */
  listRecent(limit: number, before?: number): Promise<readonly CloseRequest[]>;
  /** Both lists for people to read, and the ids of those on either whose records cannot be read. */
  overview(limit: number): Promise<RequestOverview>;
  /** For each unit, the request through which Loandesk closed it, if it did; a record that does not say so is unreadable. */
  closedThrough(groupIds: readonly LongId[]): Promise<ReadonlyMap<LongId, CloseRequest | 'unreadable'>>;
  /** Up to `limit` requests whose attention is due, each leased to one caller for `leaseMs`. */
  takeAttention(leaseMs: number, limit: number): Promise<readonly StoredRequest[]>;
  /** Looks at it again at that time, if it is still open and unchanged since this revision. */
  postponeAttention(requestId: string, revision: number, atMs: number): Promise<void>;
}

export interface OutboxItem {
  readonly requestId: string;
  readonly id: string;
  /** Stored with a change of the request; a redraw that was asked for; or tried for long enough before, and kept. */
  readonly origin: 'change' | 'redraw' | 'kept';
  readonly notice: Notice;
  readonly attempts: number;
  readonly createdAtMs: number;
}

export interface TakenItem extends OutboxItem {
  /** The record as it was at that moment, to draw from; null: there is none. */
  readonly stored: StoredRequest | UnreadableRecord | null;
}

/** Messages that must reach Slack, in order per request. */
export interface Outbox {
  /** The oldest undelivered item of each due request (or of the named one), leased to one caller. */
  take(leaseMs: number, limit: number, requestId?: string): Promise<readonly TakenItem[]>;
  /** Removes the item; the next one of the same request is due at once. True: there is a next one. */
  done(item: OutboxItem): Promise<boolean>;
  /** Leaves it first in line and due again after `delayMs`; counts the attempt. */
  retry(item: OutboxItem, delayMs: number): Promise<void>;
  /**
   * For an item that this process cannot read or draw (`why`, for the log). It is left first in line for ten minutes of
   * attempts, so that a replica of another version may deliver it; then it is set aside for people to look at, and a
   * redraw of the card takes its place. `take` does the same with what it cannot read or what does not fit its seal,
   * and never gives it out.
   */
  unreadable(item: OutboxItem, why: string): Promise<'left' | 'set-aside'>;
  /** Takes it out of the line, so that those behind it go on, and keeps it until `retryKept`. */
  keep(item: OutboxItem): Promise<void>;
  /** Puts all that is kept back at the end of its request's line, due at once; answers how many. */
  retryKept(): Promise<number>;
  /** Has the card drawn once more; one such redraw at most waits for each request. */
  redraw(requestId: string): Promise<void>;
}

/** An entry that is not what was written: no chain can be read past it. The fields fit an AuditFault. */
export class UnreadableAuditEntry extends Error {
  override readonly name = 'UnreadableAuditEntry';
  /** Among the entries asked for, from 1. */
  readonly position: number;
  readonly requestId: string;
  readonly what: string;
  constructor(position: number, requestId: string, what: string) {
    super(`audit entry ${position} (request ${requestId}) cannot be read: ${what}`);
    this.position = position;
    this.requestId = requestId;
    this.what = what;
  }
}

export interface AuditLog {
  /**
   * All entries in the order in which they were written, oldest first; in pages, so that any length can be read.
   * Throws UnreadableAuditEntry where an entry is not what was written: that is a fault of the trail, too.
   */
  entries(requestId?: string): AsyncIterable<AuditEntry>;
}

/** Remembers what was seen, so that a repeated delivery has one effect. */
export interface SeenOnce {
  /** True the first time within `ttlMs`, false afterwards. Throws StoreUnavailable. */
  first(key: string, ttlMs: number): Promise<boolean>;
  /** Takes a sighting back, because what it stood for was not done. Throws StoreUnavailable. */
  forget(key: string): Promise<void>;
}

// --------------------------------------------------------------------------------------------------- people

export type Lookup<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly why: string };

export interface LookupOptions {
  /** True: asked of Slack now, whatever is remembered. */
  readonly fresh?: boolean;
}

/** Who people are, from Slack (users.info, usergroups.users.list), remembered about a minute. Failing is an answer. */
export interface Directory {
  person(id: PersonId, options?: LookupOptions): Promise<Lookup<Person>>;
  /** User ids behind user ids and group ids (U…, W…, S…); one unreadable group fails the whole look-up. */
  members(namesOfUsersAndGroups: readonly string[], options?: LookupOptions): Promise<MembersLookup>;
}

export type MembersLookup =
  | {
      readonly ok: true;
      readonly value: ReadonlySet<string>;
      /** Groups that do not exist, according to Slack: they have no members. */
      readonly missingGroups: readonly string[];
    }
  | {
      readonly ok: false;
      readonly why: string;
      readonly unreadGroups: readonly string[];
      /** Those named by id or in a group that was read: enough to know one of them, never to count all. */
      readonly known: ReadonlySet<string>;
    };

/** Brings a notice to Slack. Draws from the record, never from earlier messages. */
export interface Notifier {
  deliver(notice: Notice, request: CloseRequest, approvers: ReadonlySet<string> | null): Promise<Delivery>;
  /** Redraws a message that looks like the request's card and is not, to say where the card is. Failing is logged. */
  pointAway(copy: CardLocation, request: CloseRequest): Promise<void>;
}

/** Where the head of the audit trail is kept by others. */
export interface AuditBoard {
  /** `atMs`: when the trail was read, UTC milliseconds. */
  postHead(verdict: AuditVerdict, atMs: number): Promise<Delivery>;
}

export type Delivery =
  /** `card` is set when a card was posted: for the first time, or again because the old one was deleted. */
  | { readonly ok: true; readonly card: CardLocation | null }
  | {
      readonly ok: false;
      /** False: the answer is about this message or this recipient, and will stay the same. */
      readonly retry: boolean;
      /** True: refused for a reason that may pass (a channel, a right), while others may get through meanwhile. */
      readonly onlyThis?: boolean;
      readonly why: string;
      readonly retryAfterMs: number | null;
    };

// --------------------------------------------------------------------------------------------------- small parts

/** Structured log; messages and fields carry no secret. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What the verbs report, for metrics, traces and the log. */
export interface DeskEvents {
  requestChanged(change: StoredChange): void;
  noticeMissed(missed: MissedNotice): void;
  /** The whole trail was read to its end. A reading that failed is not told: it shows nothing. */
  auditVerified(isWhole: boolean): void;
}

/** A change of a close request that was stored. */
export interface StoredChange {
  readonly event: RequestEventType;
  /** Null: the request was opened. */
  readonly from: CloseState | null;
  /** As stored. */
  readonly request: CloseRequest;
  /** By the store's clock, as decided. */
  readonly atMs: number;
}

/** A notice that did not reach its people. */
export interface MissedNotice {
  readonly notice: Notice['kind'];
  /** `kept`: tried again from time to time; `given-up`: it will never be delivered. */
  readonly outcome: 'kept' | 'given-up';
}

/** New random names: request ids, claim owners, command ids. */
export type NewId = () => string;

/** Runs work that concerns one request, so that logs and traces can tell which. */
export type WithRequest = <Value>(requestId: string, work: () => Promise<Value>) => Promise<Value>;
