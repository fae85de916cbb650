/**
 * Sends an approved close: claim, last check, one marker, one DELETE, outcome, read-back. Any replica may run it; only
 * one gets the claim. One copy of the record, loaded after the claim, is checked, decided on and marked. A failure
 * before the marker releases the claim and sends nothing; after the marker nothing is ever sent again.
 */
import type { CloseRequest, Command, CommandOf, PeopleNow } from '../domain/close/close-request.ts';
import { evidenceOf } from '../domain/close/closed-evidence.ts';
import { done, type Refusal, type Result, refuse } from '../domain/refusal.ts';
import type { Access } from './access.ts';
import type { CheckAudit } from './check-audit.ts';
import { readFactsBeforeSending } from './current-facts.ts';
import {
  type CloseOutcome,
  type LoanCloser,
  type LoanReader,
  type Log,
  type NewId,
  type PreparedClose,
  type StoredRequest,
  StoreUnavailable,
} from './ports.ts';
import type { ReadBackClose } from './read-back-close.ts';
import type { RequestBook } from './request-book.ts';
import type { SentCloses } from './sent-closes.ts';

/** From claim to marker: enough for two reads, people look-ups and a wait for weight. */
const CLAIM_LASTS_MS = 60_000;
/** From marker to answer: the client gives up after 13 s. After this, any replica may set the outcome to unknown. */
const ANSWER_EXPECTED_WITHIN_MS = 30_000;

export interface ExecuteCloseParts {
  readonly access: Access;
  readonly book: RequestBook;
  readonly reader: LoanReader;
  readonly closer: LoanCloser;
  readonly readBack: ReadBackClose;
  /** A record that differs from the sealed trail sends nothing. */
  readonly checkAudit: Pick<CheckAudit, 'whyNotSend'>;
  readonly sentCloses: SentCloses;
  /** Whether the rules that were told last are those of this process. Throws StoreUnavailable. */
  readonly areRulesTold: () => Promise<boolean>;
  readonly newId: NewId;
  readonly log: Log;
}

export interface ExecuteClose {
  /** Sends it if it is approved and not claimed elsewhere. Returns the record as it is afterwards. */
  execute(requestId: string): Promise<Result<CloseRequest>>;
  /** As `execute`, from a record that was just loaded; `starter`: the person who restarts it, or null. */
  start(stored: StoredRequest, starter: CommandOf<'claim'>['starter']): Promise<Result<CloseRequest>>;
  /** Stores what could not be stored while the store was unavailable: released claims, markers and answers. */
  catchUp(): Promise<void>;
}

type LastCheck =
  | { readonly kind: 'clear'; readonly people: PeopleNow }
  /** The check found something that this command records. */
  | { readonly kind: 'found'; readonly command: Command }
  /** The check could not finish, or a person must act first: nothing is decided. */
  | { readonly kind: 'trouble'; readonly why: string }
  /** The record differs from the sealed trail. */
  | { readonly kind: 'forged'; readonly why: string };

const NOT_VISIBLE: LastCheck = { kind: 'trouble', why: "The unit isn't visible to its credit key." };
const PEOPLE_UNKNOWN: LastCheck = { kind: 'trouble', why: "Slack couldn't confirm who may approve." };
const MAY_NOT_ASK: LastCheck = { kind: 'trouble', why: 'The requester may no longer request closes.' };
const OTHER_RULES = {
  kind: 'trouble',
  why: 'This replica has other rules for closes than those announced last. Your administrator must send SIGHUP to every replica.',
} as const satisfies LastCheck;
const TRAIL_UNREADABLE: LastCheck = { kind: 'trouble', why: "The audit trail couldn't be read." };

const CHANGED = 'The request changed while it was being checked.';
const STORE_LOST = "Loandesk couldn't reach its database.";

export function createExecuteClose(parts: ExecuteCloseParts): ExecuteClose {
  const { access, book, reader, closer, sentCloses, areRulesTold, newId, log } = parts;
  /** Claims that this process could not release while the store was unavailable: request id and owner. */
  const unreleased = new Map<string, string>();

  /** Checks this copy and stores nothing. People are checked after the unit, because reading it may take seconds. */
  async function lastCheck(copy: StoredRequest): Promise<LastCheck> {
    const { request } = copy;
    if (!(await areRulesTold())) return OTHER_RULES;
    const current = await readFactsBeforeSending(reader, request.groupId, request.facts.creditAccount);
    if (current.kind === 'unreadable') return { kind: 'trouble', why: current.failure.meaning };
    if (current.kind === 'not-visible') return NOT_VISIBLE;
    if (current.kind === 'closed') {
      const evidence = evidenceOf(request.facts, current.closedUnit);
      return evidence === null ? NOT_VISIBLE : { kind: 'found', command: { type: 'supersede', evidence } };
    }
    const change = book.changeOf(request, current.facts);
    if (change !== null) return { kind: 'found', command: change };
    const people = await access.peopleFor(request, { fresh: true });
    if (!people.ok) return PEOPLE_UNKNOWN;
    const differing = await checkTrail(request);
    if (differing !== null) return differing;
    const recount = { type: 'recount-votes', ...people.value } as const;
    const counted = book.judge(copy, recount);
    if (counted.ok) return { kind: 'found', command: recount };
    if (counted.refusal.code !== 'nothing-changed') return { kind: 'trouble', why: CHANGED };
    return people.value.requesterMayAsk ? { kind: 'clear', people: people.value } : MAY_NOT_ASK;
  }

  /** Prepares a close and discards it, to learn whether one could be sent. Null: it could, or this is a dry run. */
  async function whyNotPrepared(request: CloseRequest): Promise<LastCheck | null> {
    if (book.underRule(request).policy.mode === 'dry-run') return null;
    const prepared = await closer.prepareClose(request.groupId);
    return prepared.ok ? null : { kind: 'trouble', why: prepared.failure.meaning };
  }

  async function checkTrail(request: CloseRequest): Promise<LastCheck | null> {
    try {
      const why = await parts.checkAudit.whyNotSend(request);
      return why === null ? null : { kind: 'forged', why };
    } catch (error) {
      if (error instanceof StoreUnavailable) return TRAIL_UNREADABLE;
      throw error;
    }
  }

  async function claim(
    copy: StoredRequest,
    starter: CommandOf<'claim'>['starter'],
  ): Promise<Result<CloseRequest>> {
    const { id } = copy.request;
    if (sentCloses.wasSent(id)) {
      // The store lost the marker: restore it, and never send again from this process.
      await sentCloses.restoreAll();
      return refuse({ code: 'already-executing' });
    }
    const owner = newId();
    const claimed = await releaseLaterIfLost(id, owner, () =>
      book.applyTo(copy, (_, nowMs) => ({
        type: 'claim',
        owner,
        deadlineAtMs: nowMs + CLAIM_LASTS_MS,
        starter,
      })),
    );
    if (claimed.ok) return releaseLaterIfLost(id, owner, () => checkAndSend(id, owner));
    if (claimed.refusal.code !== 'too-few-approvals') return claimed;
    // The current settings require more approvals than the request has.
    const people = await access.peopleFor(copy.request, { fresh: true });
    return people.ok ? book.apply(id, () => ({ type: 'recount-votes', ...people.value })) : people;
  }

  /** A store that doesn't answer may still hold the claim: it is released when the store answers again. */
  async function releaseLaterIfLost(
    requestId: string,
    owner: string,
    work: () => Promise<Result<CloseRequest>>,
  ): Promise<Result<CloseRequest>> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StoreUnavailable && !sentCloses.wasSent(requestId))
        unreleased.set(requestId, owner);
      throw error;
    }
  }

  async function checkAndSend(requestId: string, owner: string): Promise<Result<CloseRequest>> {
    const loaded = await book.load(requestId);
    if (!loaded.ok) return loaded;
    const copy = loaded.value;
    const look = await lastCheck(copy);
    switch (look.kind) {
      case 'trouble':
        return release(requestId, owner, look.why);
      case 'found':
        return recordOrRelease(copy, owner, look.command);
      case 'forged':
        log.error({ requestId, forbidden: look.why }, 'close not sent: record differs from the audit trail');
        return recordOrRelease(copy, owner, { type: 'never-sent', owner, why: look.why });
      case 'clear':
        break;
    }
    const { people } = look;
    if (book.underRule(copy.request).policy.mode === 'dry-run')
      return recordOrRelease(copy, owner, { type: 'rehearse', owner, ...people });
    const prepared = await closer.prepareClose(copy.request.groupId);
    if (!prepared.ok) return release(requestId, owner, prepared.failure.meaning);
    return send(copy, owner, prepared.value, people);
  }

  /** Keeps the approvals: the next attempt that passes the check sends the close. */
  function release(requestId: string, owner: string, why: string): Promise<Result<CloseRequest>> {
    log.warn({ requestId, why }, 'claim released before sending');
    return book.apply(requestId, () => ({ type: 'release-claim', owner, why }));
  }

  /** Stores the command on the copy it was decided on, or not at all. */
  async function recordOrRelease(
    copy: StoredRequest,
    owner: string,
    command: Command,
  ): Promise<Result<CloseRequest>> {
    const recorded = await book.applyOnce(await book.asOfNow(copy), command);
    return recorded.ok ? recorded : release(copy.request.id, owner, whyRefused(recorded.refusal));
  }

  async function send(
    copy: StoredRequest,
    owner: string,
    prepared: PreparedClose,
    people: PeopleNow,
  ): Promise<Result<CloseRequest>> {
    const { id } = copy.request;
    const { signedTimestampMs, recvWindowMs } = prepared;
    // Preparing may have waited: for the marker, an approver who is back meanwhile has no stand-in.
    const [standIn, areTold] = await Promise.all([access.stillStandIn(people.pairs), areRulesTold()]);
    if (!standIn || !areTold) return release(id, owner, standIn ? OTHER_RULES.why : CHANGED);
    const now = await book.asOfNow(copy);
    const deadlineAtMs = now.nowMs + ANSWER_EXPECTED_WITHIN_MS;
    // Refused if anything changed since the copy was loaded: only what was checked is sent.
    const marked = await book.applyOnce(now, {
      type: 'mark-sent',
      owner,
      signedTimestampMs,
      recvWindowMs,
      deadlineAtMs,
      ...people,
    });
    if (!marked.ok) return release(id, owner, whyRefused(marked.refusal));
    sentCloses.sent(id, { atMs: now.nowMs, signedTimestampMs, recvWindowMs });
    const outcome = await sendOnce(id, prepared);
    log.info({ requestId: id, outcome: outcome.kind, exchangeCode: outcome.exchangeCode }, 'close sent');
    const answered = await sentCloses.answered(id, outcome);
    if (answered.ok && (answered.value.state === 'sending' || answered.value.state === 'unknown')) {
      return parts.readBack.follow(answered.value);
    }
    return answered;
  }

  async function sendOnce(requestId: string, prepared: PreparedClose): Promise<CloseOutcome> {
    try {
      return await prepared.send();
    } catch (error) {
      log.error({ requestId, err: error }, 'sending a close failed');
      return UNEXPECTED;
    }
  }

  return {
    async execute(requestId) {
      const loaded = await book.load(requestId);
      if (!loaded.ok) return loaded;
      const copy = loaded.value;
      if (copy.request.state === 'approved' && copy.request.obstacle !== null) {
        // Check before claiming, so that a long outage doesn't write a claim at each attempt.
        const look = await lastCheck(copy);
        const trouble = look.kind === 'clear' ? await whyNotPrepared(copy.request) : look;
        if (trouble?.kind === 'trouble') {
          log.info({ requestId, why: trouble.why }, 'close still blocked');
          return done(book.underRule(copy.request));
        }
        if (look.kind === 'found') return book.applyOnce(await book.asOfNow(copy), look.command);
      }
      return claim(copy, null);
    },
    start: claim,
    async catchUp() {
      for (const [requestId, owner] of unreleased) {
        try {
          await release(requestId, owner, STORE_LOST);
        } catch (error) {
          if (error instanceof StoreUnavailable) throw error;
          // The others must not wait for this claim; it ends at its deadline.
          log.error({ requestId, err: error }, 'claim release failed');
        }
        unreleased.delete(requestId);
      }
      await sentCloses.restore();
    },
  };
}

function whyRefused({ code }: Refusal): string {
  switch (code) {
    case 'changed-meanwhile':
      return CHANGED;
    case 'claim-expired':
      return 'The last check took too long.';
    case 'expired':
      return 'The request expired while it was being checked.';
    default:
      return `The last check was refused (${code}).`;
  }
}

const UNEXPECTED: CloseOutcome = {
  kind: 'unknown',
  httpStatus: null,
  exchangeCode: null,
  meaning: 'Loandesk failed while it waited for the answer.',
  advice: "Loandesk looks the unit up in Binance's lists, and never sends the close again.",
};
