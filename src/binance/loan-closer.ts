/**
 * Implements LoanCloser, the only call that changes something. It is sent at most once. `closed`: the documented answer;
 * `refused`: a documented error (checked by the read-back); `not-sent`: no byte was written. Everything else is
 * `unknown` and must be read back.
 */
import { type LongId, parseLongId } from '../domain/amount.ts';
import type { CloseMode } from '../domain/policy.ts';
import type { CloseOutcome, LoanCloser, PreparedClose, Read } from '../usecases/ports.ts';
import type { AccountBook } from './account-book.ts';
import type { Account } from './accounts.ts';
import { closeAnswer } from './answers.ts';
import { bucketOf, type Caller, type CallResult, RECV_WINDOW_MS } from './caller.ts';
import { ENDPOINTS } from './endpoints.ts';
import { AMBIGUOUS_CODES, REFUSED_CODES } from './error-codes.ts';
import { failed, failureOf, rejectionWords, stoppedWords } from './failure.ts';
import type { Rejection } from './rejection.ts';
import type { Stops } from './stops.ts';

export interface LoanCloserOptions {
  /** `dry-run`: this process never sends a close. */
  readonly closeMode: CloseMode;
  readonly caller: Pick<Caller, 'prepare'>;
  readonly stops: Pick<Stops, 'of'>;
  readonly book: Pick<AccountBook, 'findOwner'>;
  readonly monotonic: () => number;
  readonly patienceMs: number;
}

export function createLoanCloser(options: LoanCloserOptions): LoanCloser {
  return { prepareClose: (groupId) => prepareClose(groupId, options) };
}

const DRY_RUN = 'This Loandesk runs with CLOSE_MODE=dry-run and sends no close';
/** -27001, Loan group not found. */
const UNIT_NOT_FOUND = -27001;
const LOOK_IT_UP = "Loandesk looks up the outcome in Binance's own record; the close isn't sent again.";

async function prepareClose(given: LongId, options: LoanCloserOptions): Promise<Read<PreparedClose>> {
  if (options.closeMode !== 'live') return failed({ kind: 'bad-request', detail: DRY_RUN }, null);
  // Checked at run time as well: a non-canonical id may name another unit.
  const groupId = typeof given === 'string' ? parseLongId(given) : null;
  if (groupId === null) return failed({ kind: 'bad-request', detail: "The unit id isn't a LONG id" }, null);
  const owner = await options.book.findOwner(groupId, 'close');
  if (!owner.ok) return owner;
  const { account } = owner;
  const ready = await options.caller.prepare({
    endpoint: ENDPOINTS.close,
    account,
    parameters: [['groupId', groupId]],
    priority: 'close',
    patienceMs: options.patienceMs,
    mustCount: true,
  });
  if (ready.kind !== 'ready') return failed(ready, account);
  const { timestampMs, send } = ready;
  const signedAt = options.monotonic();
  let used = false;
  const value: PreparedClose = {
    signedTimestampMs: timestampMs,
    recvWindowMs: RECV_WINDOW_MS,
    async send() {
      if (used) throw new Error('a prepared close is sent once');
      used = true;
      const refusal = whyNotSend(account, options.monotonic() - signedAt, options);
      if (refusal !== null) return notSent(refusal);
      return outcomeOf(await send(), groupId, account);
    },
  };
  return { ok: true, value, asOfMs: timestampMs, flaws: [] };
}

function whyNotSend(account: Account, sinceMs: number, options: LoanCloserOptions): string | null {
  if (options.closeMode !== 'live') return `${DRY_RUN}.`;
  if (sinceMs > RECV_WINDOW_MS) {
    return 'Too much time passed since the close was signed: Binance would refuse it.';
  }
  const stop = options.stops.of(bucketOf(ENDPOINTS.close, account));
  return stop === null ? null : 'Binance has told Loandesk to stop calling for a while.';
}

function outcomeOf(result: CallResult, groupId: LongId, account: Account): CloseOutcome {
  switch (result.kind) {
    case 'answered':
      return answeredOutcome(result.json, groupId);
    case 'rejected':
      return rejectedOutcome(result, account);
    case 'unreadable':
      return unknown(200, null, `Binance's answer couldn't be read (${result.detail}).`);
    case 'network': {
      const { meaning } = failureOf(result, account);
      return result.written
        ? unknown(null, null, `${meaning} The close may still have been executed.`)
        : notSent(`${meaning} The close was not sent.`);
    }
    default:
      return notSent(failureOf(result, account).meaning);
  }
}

function notSent(meaning: string): CloseOutcome {
  const advice = 'Nothing was closed; you can request it again.';
  return { kind: 'not-sent', httpStatus: null, exchangeCode: null, meaning, advice };
}

function unknown(httpStatus: number | null, exchangeCode: number | null, meaning: string): CloseOutcome {
  return { kind: 'unknown', httpStatus, exchangeCode, meaning, advice: LOOK_IT_UP };
}

function answeredOutcome(json: unknown, groupId: LongId): CloseOutcome {
  const parsed = closeAnswer.safeParse(json);
  if (!parsed.success) return unknown(200, null, "Binance's answer isn't the documented one.");
  if (parsed.data.groupId !== groupId) {
    return unknown(200, null, `Binance answered for unit ${parsed.data.groupId}, not for ${groupId}.`);
  }
  if (parsed.data.status !== 'CLOSED') {
    return unknown(200, null, 'Binance answered with a status other than CLOSED.');
  }
  return {
    kind: 'closed',
    httpStatus: 200,
    exchangeCode: null,
    meaning: `Binance answered that unit ${groupId} is closed.`,
    advice: 'It is being confirmed from the list of closed units.',
  };
}

function rejectedOutcome(result: Rejection, account: Account): CloseOutcome {
  const { httpStatus, code: exchangeCode } = result;
  const { meaning, advice } = rejectionWords(result, account);
  if (!isRefusal(result)) return unknown(httpStatus, exchangeCode, meaning);
  return { kind: 'refused', httpStatus, exchangeCode, meaning, advice };
}

/** 4xx with a documented refusal, or stopped before the exchange looked at it. */
function isRefusal({ httpStatus, code }: Rejection): boolean {
  if (httpStatus < 400 || httpStatus >= 500) return false;
  if (code !== null && AMBIGUOUS_CODES.has(code)) return false;
  // The same key saw the unit a moment ago: it may be gone because it was closed, by this very call or another.
  if (code === UNIT_NOT_FOUND) return false;
  if (stoppedWords({ httpStatus, exchangeCode: code }) !== null) return true;
  return code !== null && REFUSED_CODES.has(code);
}
