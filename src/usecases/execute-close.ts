/**
 * Sends an approved close: claim, last look, one mark, one DELETE, outcome, read-back. Any replica may run it; the
 * store lets one through. Whatever fails before the mark sends nothing; after the mark nothing is ever sent again.
 */
import type { Command, CommandOf } from '../domain/close/close-command.ts';
import { type CloseRequest, type ExchangeAnswer, evidenceOf, lifeOf } from '../domain/close/close-request.ts';
import type { PersonId } from '../domain/policy.ts';
import { done, type Result } from '../domain/refusal.ts';
import type { Access } from './access.ts';
import { actingVoter } from './acting-person.ts';
import type { CheckAudit } from './check-audit.ts';
import { readFactsBeforeSending } from './current-facts.ts';
import type { CloseOutcome, LoanCloser, LoanReader, Log, NewId, PreparedClose } from './ports.ts';
import type { ReadBackClose } from './read-back-close.ts';
import { isNoted, type RequestBook } from './request-book.ts';

/** From claim to mark: two reads, people look-ups and a wait for weight fit in it. */
export const CLAIM_LASTS_MS = 60_000;
/** From mark to answer: the client gives up after 13 s; then others may call the outcome unknown. */
export const ANSWER_EXPECTED_WITHIN_MS = 30_000;

export interface ExecuteCloseParts {
  readonly access: Access;
  readonly book: RequestBook;
  readonly reader: LoanReader;
  readonly closer: LoanCloser;
  readonly readBack: ReadBackClose;
  /** Reads the sealed trail of the request: a record that says more than the trail sends nothing. */
  readonly checkAudit: Pick<CheckAudit, 'whyNotSend'>;
  readonly newId: NewId;
  readonly log: Log;
}

export interface ExecuteClose {
  /** Sends it if it is approved and nobody else does. The answer is the record as it is afterwards. */
  execute(requestId: string): Promise<Result<CloseRequest>>;
  /** As above, started by a person because an earlier process stopped before it sent anything. */
  startSending(by: PersonId, requestId: string, version: number): Promise<Result<CloseRequest>>;
}

export function createExecuteClose(parts: ExecuteCloseParts): ExecuteClose {
  const { access, book, reader, closer, newId, log } = parts;

  async function claim(
    requestId: string,
    starter: CommandOf<'claim'>['starter'],
  ): Promise<Result<{ request: CloseRequest; owner: string }>> {
    const owner = newId();
    const claimed = await book.apply(requestId, (_, nowMs) => ({
      type: 'claim',
      owner,
      deadlineAtMs: nowMs + CLAIM_LASTS_MS,
      starter,
    }));
    return claimed.ok ? done({ request: claimed.value, owner }) : claimed;
  }

  /** What the last look found against sending, as the command that records it; null: nothing. */
  async function objection(request: CloseRequest): Promise<Command | null> {
    const eligible = await access.eligibleFor(request.policy, request.requester, { fresh: true });
    if (!eligible.ok) {
      return {
        type: 'replace-facts',
        facts: null,
        why: 'the approvers could not be looked up before sending',
      };
    }
    const recounted = await book.apply(request.id, () => ({
      type: 'recount-votes',
      eligible: eligible.value,
    }));
    if (recounted.ok && recounted.value.state !== 'sending') return null;
    const current = await readFactsBeforeSending(reader, request.groupId, lifeOf(request));
    switch (current.kind) {
      case 'unreadable':
        return { type: 'replace-facts', facts: null, why: current.failure.meaning };
      case 'not-visible':
        return { type: 'replace-facts', facts: null, why: 'the unit is not visible to its credit key' };
      case 'closed':
        return { type: 'supersede', evidence: evidenceOf(current.closedUnit) };
      case 'read':
        if (current.digest === request.factsDigest) return null;
        return { type: 'replace-facts', facts: current.facts, why: null };
    }
  }

  async function send(
    request: CloseRequest,
    owner: string,
    prepared: PreparedClose,
  ): Promise<Result<CloseRequest>> {
    const marked = await book.apply(request.id, (_, nowMs) => ({
      type: 'mark-sent',
      owner,
      signedTimestampMs: prepared.signedTimestampMs,
      recvWindowMs: prepared.recvWindowMs,
      deadlineAtMs: nowMs + ANSWER_EXPECTED_WITHIN_MS,
    }));
    if (!marked.ok) {
      log.warn(
        { requestId: request.id, refusal: marked.refusal.code },
        'close not sent: the mark was refused',
      );
      return marked;
    }
    const outcome = await prepared.send();
    log.info(
      { requestId: request.id, outcome: outcome.kind, exchangeCode: outcome.exchangeCode },
      'close sent',
    );
    const answered = await book.apply(request.id, (_, nowMs) => ({
      type: 'record-answer',
      answer: answerOf(outcome, nowMs),
    }));
    if (answered.ok && (answered.value.state === 'sending' || answered.value.state === 'unknown')) {
      return parts.readBack.follow(answered.value);
    }
    return answered;
  }

  async function proceed(request: CloseRequest, owner: string): Promise<Result<CloseRequest>> {
    const against = await objection(request);
    if (against !== null) return book.apply(request.id, () => against);
    // Votes may have been dropped above: the mark below would refuse, but no weight need be spent on it.
    const still = await book.load(request.id);
    if (!still.ok) return still;
    if (still.value.request.state !== 'sending') return done(still.value.request);
    const forbidden = await parts.checkAudit.whyNotSend(still.value.request);
    if (forbidden !== null) {
      log.error({ requestId: request.id, forbidden }, 'close not sent: record and audit trail disagree');
      return book.apply(request.id, () => ({ type: 'never-sent', owner, why: forbidden }));
    }
    if (request.policy.mode === 'dry-run') return book.apply(request.id, () => ({ type: 'rehearse', owner }));
    const prepared = await closer.prepareClose(request.groupId);
    if (!prepared.ok) {
      return book.apply(request.id, () => ({ type: 'never-sent', owner, why: prepared.failure.meaning }));
    }
    return send(request, owner, prepared.value);
  }

  return {
    async execute(requestId) {
      const claimed = await claim(requestId, null);
      return claimed.ok ? proceed(claimed.value.request, claimed.value.owner) : claimed;
    },
    async startSending(by, requestId, version) {
      const voter = await actingVoter(parts, by, requestId, 'start sending');
      if (!voter.ok) return voter;
      const { person, eligible } = voter.value;
      const claimed = await claim(requestId, { by: person, version, eligible });
      if (!claimed.ok && isNoted(claimed.refusal))
        await book.noteRefusal(requestId, by, 'start sending', claimed.refusal.code);
      return claimed.ok ? proceed(claimed.value.request, claimed.value.owner) : claimed;
    },
  };
}

function answerOf(outcome: CloseOutcome, atMs: number): ExchangeAnswer {
  const { kind, httpStatus, exchangeCode, meaning, advice } = outcome;
  return { kind, httpStatus, exchangeCode, meaning, advice, atMs };
}
