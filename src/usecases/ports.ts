/**
 * Everything the usecases need from outside. Adapters implement these; each states what it promises and how it fails.
 * All times are UTC milliseconds.
 */
import type { Amount, LongId } from '../domain/amount.ts';
import type { AuditEntry, AuditVerdict, NewestEntry } from '../domain/audit-chain.ts';
import type { CardLocation } from '../domain/card-location.ts';
import type {
  CloseRequest,
  ExchangeAnswer,
  PeopleNow,
  RequestEvent,
  RequestEventType,
} from '../domain/close/close-request.ts';
import type { CloseState } from '../domain/close/close-state.ts';
import type { Notice } from '../domain/close/notices.ts';
import type { RuleNotice } from '../domain/close/rule-book.ts';
import type { Person, PersonId } from '../domain/person.ts';
import { subjectText } from '../domain/subject.ts';
import type { ClosedUnit, RiskUnit } from '../domain/unit/risk-unit.ts';
import type { EpisodeNotice, WatchNotice } from '../domain/watch/watch.ts';

/** Thrown by stores when Redis can't answer. A write may or may not have been stored; the caller must not go on. */
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
    /** Our limit or the exchange's: `retryAtMs` says when to ask again. */
    | 'busy'
    /** Unreachable, timed out, 5xx, or an unreadable answer. */
    | 'unavailable'
    | 'maintenance'
    | 'region-blocked'
    /** No account in BINANCE_ACCOUNTS_FILE can make the call. */
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
      /** Rows that are unreadable or contradict each other; the others are in `value`. */
      readonly flaws: readonly Flaw[];
    }
  | { readonly ok: false; readonly failure: ExchangeFailure };

/** One fault in an answer. */
export interface Flaw {
  /** The unit it is about; null: it may be any. */
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
   * `close` calls go before `interactive` ones, and these before `background` ones. The first two have one time budget
   * for all attempts; background work may wait longer.
   */
  readonly priority: 'close' | 'interactive' | 'background';
  /** True: never a shared answer. Default false: an answer up to 2 s old may be shared. */
  readonly fresh?: boolean;
}

export interface FindOptions extends ReadOptions {
  /** E-mail of the owner: if no key has shown the unit, only rows of this account count. */
  readonly creditAccount?: string | undefined;
}

/** Reads only. The sweeper is given this and nothing else, so it cannot send a close. */
export interface LoanReader {
  /**
   * All units the parent key sees. An empty list means "none visible to this key", never "nothing owed". A unit listed
   * more than once appears once in the value, with its worse figures, and in the flaws.
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
   * all credit accounts. Gives the newest row that isn't enabled, because an id may be reused after a close; null: not
   * there. domain/close/closed-evidence.ts decides what the row proves.
   */
  findClosedUnit(groupId: LongId, options: FindOptions): Promise<Read<ClosedUnit | null>>;
  /** Whether some credit key could close this unit. Asks keys that haven't shown it again first. */
  canClose(groupId: LongId): Promise<Read<boolean>>;
}

export interface ActivatedUnit {
  readonly groupId: LongId;
  readonly createdAtMs: number;
  readonly members: readonly ActivatedMember[];
}

/** Which wallets of a member count: SPOT, and both kinds of margin. */
export interface ActivatedMember {
  readonly email: string;
  readonly type: string;
  readonly enableMargin: boolean;
  readonly enableSpot: boolean;
}

/** What only the view of one unit asks for, beside its figures. */
export interface UnitDetails {
  /** Active units with their members, through the parent key. */
  activatedUnits(options: ReadOptions): Promise<Read<readonly ActivatedUnit[]>>;
  /** How much of the asset Binance still lends to the unit; null: no matching unit. Through the parent key. */
  maxBorrowable(groupId: LongId, asset: string, options: ReadOptions): Promise<Read<Amount | null>>;
}

/** The outcome of the one DELETE. `unknown`: it may have been executed. */
export type CloseOutcome = Omit<ExchangeAnswer, 'atMs'>;

/** A signed DELETE, ready to be sent. */
export interface PreparedClose {
  readonly signedTimestampMs: number;
  readonly recvWindowMs: number;
  /**
   * Sends it once; a second call throws. Never repeats. Returns `not-sent` without sending when so much time has passed
   * since signing that the exchange would refuse it (a process that was paused).
   */
  send(): Promise<CloseOutcome>;
}

export interface LoanCloser {
  /**
   * DELETE /sapi/v1/margin/loan-group, signed by the unit's credit key: its weight is reserved and its clock is
   * synchronised. Fails closed when the shared limits can't be counted (Redis unavailable) or the wait is too long.
   */
  prepareClose(groupId: LongId): Promise<Read<PreparedClose>>;
}

/** The exchange's answer that caused a stop; both null: not known. */
export interface StopCause {
  readonly httpStatus: number | null;
  readonly exchangeCode: number | null;
}

/** A stop in force. */
export interface ExchangeStop {
  /** "ip/ltv-details": the kind of limit and the endpoint. */
  readonly bucket: string;
  /** Exchange time. */
  readonly untilMs: number;
  readonly cause: StopCause;
}

/** Pauses of our calls after the exchange answered with a limit or a ban. */
export interface ExchangeStops {
  /** Those of all replicas, and those known to this process only. Throws when they can't be read. */
  list(): Promise<readonly ExchangeStop[]>;
  /** Lifts them for all replicas. Throws when that can't be written. */
  lift(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------- close requests

/**
 * Thrown by stores for a record that is damaged, of a newer version, or doesn't match its seal. Its subject exists, but
 * nothing may be decided, sent or shown from what is stored.
 */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
  readonly subjectId: string;
  /** In words, for people: "it doesn't match its seal". */
  readonly what: string;
  constructor(subjectId: string, what: string, cause?: unknown) {
    super(`the record of ${subjectText(subjectId)} can't be read: ${what}`, { cause });
    this.subjectId = subjectId;
    this.what = what;
  }
}

/** A record and its stored text: a change is decided on the first and compared with the second. */
export interface RecordCopy {
  readonly request: CloseRequest;
  readonly stored: string;
}

export interface StoredRequest extends RecordCopy {
  /** The store's clock (Redis TIME) at load: the only clock that decides deadlines. */
  readonly nowMs: number;
}

export interface Change {
  /** The copy this change was decided on; the store must still hold it. */
  readonly from: RecordCopy;
  readonly next: CloseRequest;
  readonly event: RequestEvent;
  readonly notices: readonly Notice[];
  readonly notAfterMs: number | null;
  /** When background work must look at the request again; null: never. */
  readonly attentionAtMs: number | null;
}

export type Saved =
  /** `request` is the record as stored: revision and audit advanced. */
  | ({ readonly kind: 'saved' } & RecordCopy)
  /** Someone else changed it first: load and decide again. */
  | { readonly kind: 'conflict' }
  /** `notAfterMs` had passed by the store's clock. */
  | { readonly kind: 'too-late' };

/** The entry that a stored record names as its newest, or why it can't be read; null: there is no record. */
export type NewestOfRecord = NewestEntry | UnreadableRecord | null;

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
   * Stores a new request and takes the unit's key in one step. `exists`: an open request has the key. The store sets
   * revision 1 and seals the first audit entry.
   */
  open(
    change: Omit<Change, 'from' | 'notAfterMs'>,
  ): Promise<{ readonly kind: 'opened' | 'exists' } & RecordCopy>;
  /** Null: there is no such request. Throws UnreadableRecord, as does every method that returns one request. */
  load(requestId: string): Promise<StoredRequest | null>;
  /** Ids of all requests in the index, including those whose records can't be read. */
  requestIds(): Promise<readonly string[]>;
  /** For each of these requests, in this order; one round trip. */
  newestEntries(requestIds: readonly string[]): Promise<readonly NewestOfRecord[]>;
  /**
   * Compare-and-set: state, indexes, audit entry and outbox entries together, or nothing. A terminal `next` releases
   * the unit's key; an open one must hold it. Only a request whose close was sent may change without it, and takes a
   * lost key back if it is free. Recognises its own command when the connection re-sent it.
   */
  save(change: Change): Promise<Saved>;
  openRequestFor(groupId: LongId): Promise<CloseRequest | null>;
  /** Open requests, oldest first. Lists leave out unreadable records and log each. */
  listOpen(): Promise<readonly CloseRequest[]>;
  /** All requests, newest first; `before`: only those with an earlier createdAtMs. */
  listRecent(limit: number, before?: number): Promise<readonly CloseRequest[]>;
  /** Both lists, and the ids of those whose records can't be read. */
  overview(limit: number): Promise<RequestOverview>;
  /** For each unit that Loandesk closed, the request. `unreadable`: the record can't be read or doesn't say closed. */
  closedThrough(groupIds: readonly LongId[]): Promise<ReadonlyMap<LongId, CloseRequest | 'unreadable'>>;
  /** Up to `limit` requests whose attention is due, each leased to one caller for `leaseMs`. */
  takeAttention(leaseMs: number, limit: number): Promise<readonly StoredRequest[]>;
  /** Sets when the request is due again, if it is still open and at this revision. */
  postponeAttention(requestId: string, revision: number, atMs: number): Promise<void>;
}

/** A damaged entry: the chain can't be verified past it. */
export class UnreadableAuditEntry extends Error {
  override readonly name = 'UnreadableAuditEntry';
  /** Among the entries asked for, from 1. */
  readonly position: number;
  readonly subjectId: string;
  readonly what: string;
  constructor(position: number, subjectId: string, what: string) {
    super(`audit entry ${position} (${subjectText(subjectId)}) can't be read: ${what}`);
    this.position = position;
    this.subjectId = subjectId;
    this.what = what;
  }
}

export interface AuditLog {
  /**
   * All entries, or one subject's, oldest first, read in pages. Throws UnreadableAuditEntry at a damaged entry, which is also a fault of
   * the trail.
   */
  entries(subjectId?: string): AsyncIterable<AuditEntry>;
}

/** Recognises repeated deliveries, so that each has one effect. */
export interface SeenOnce {
  /** True the first time within `ttlMs`, false afterwards. Throws StoreUnavailable. */
  first(key: string, ttlMs: number): Promise<boolean>;
  /** Whether it was seen and its time is not over. Throws StoreUnavailable. */
  has(key: string): Promise<boolean>;
  /** Forgets the key, because the work was not done. Throws StoreUnavailable. */
  forget(key: string): Promise<void>;
}

// --------------------------------------------------------------------------------------------------- people

export type Lookup<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly why: string };

export interface LookupOptions {
  /** True: ask Slack now, without the cache. */
  readonly fresh?: boolean;
}

/** People and groups from Slack (users.info, usergroups.users.list), cached for about a minute. Failures are values. */
export interface Directory {
  /** The id of the workspace whose members may have a role. */
  homeTeam(): Promise<Lookup<string>>;
  person(id: PersonId, options?: LookupOptions): Promise<Lookup<Person>>;
  /** The user ids that these user and group ids (U…, W…, S…) stand for; one unreadable group fails the look-up. */
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
      /** Those listed by id or in a readable group: enough to find one person, never to count them all. */
      readonly known: ReadonlySet<string>;
    };

/** Delivers notices to Slack. Draws from the record, never from earlier messages. */
export interface Notifier {
  /** `approvers`: who may vote on the request now; null: not known, or not asked. `seats`: whom its rules need. */
  deliver(
    notice: Notice,
    request: CloseRequest,
    approvers: ReadonlySet<string> | null,
    seats?: PeopleNow['seats'],
  ): Promise<Delivery>;
  /** Redraws a copy of the request's card to say where the card is. Logs failures. */
  pointAway(copy: CardLocation, request: CloseRequest): Promise<void>;
}

/** The place outside Redis to which the head of the audit trail is posted. */
export interface AuditBoard {
  /** `atMs`: when the trail was read, UTC milliseconds. */
  postHead(verdict: AuditVerdict, atMs: number): Promise<Delivery>;
}

export type Delivery =
  /** `card` is set when a card was posted: for the first time, or again because the old one was deleted. */
  | { readonly ok: true; readonly card: CardLocation | null }
  | {
      readonly ok: false;
      /** False: the answer is about this message or recipient, and won't change. */
      readonly retry: boolean;
      /** True: refused for a reason that may pass (a channel, a right) and doesn't concern other messages. */
      readonly onlyThis?: boolean;
      /** True: others of its line don't wait for it. */
      readonly keepAtOnce?: boolean;
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

/** What the verbs report, for metrics, traces and logs. */
export interface DeskEvents {
  requestChanged(change: StoredChange): void;
  noticeMissed(missed: MissedNotice): void;
  /** The whole trail was read. Not called when it couldn't be read: that proves nothing. */
  auditVerified(isIntact: boolean): void;
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

/** A notice that was not delivered. */
export interface MissedNotice {
  readonly notice: (Notice | EpisodeNotice | WatchNotice | RuleNotice)['kind'];
  /** `kept`: retried from time to time; `given-up`: it will never be delivered. */
  readonly outcome: 'kept' | 'given-up';
}

/** New random ids: request ids, claim owners, command ids. */
export type NewId = () => string;

/** Runs work on one request, so that its logs and traces name the request. */
export type WithRequest = <Value>(requestId: string, work: () => Promise<Value>) => Promise<Value>;
