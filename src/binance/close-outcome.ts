/**
 * What the answer to one DELETE says. Only what is certain is called so: `closed` by the documented answer, `refused`
 * by a documented error (the read-back looks whether that is so), `not-sent` when no byte left. Everything else is
 * `unknown` and has to be looked up.
 */
import type { LongId } from '../domain/amount.ts';
import type { CloseOutcome } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import type { CallResult } from './caller.ts';
import { AMBIGUOUS_CODES, meaningOf } from './error-codes.ts';
import { failureOf, rejectionWords } from './failure.ts';
import { isFirewall, type Rejection } from './rejection.ts';
import { closeAnswer } from './schemas.ts';

/** -27001, Loan group not found. */
const UNIT_NOT_FOUND = -27001;

const LOOK_IT_UP = "What it did is looked up in the exchange's own record; it is not sent again.";

export function closeOutcomeOf(result: CallResult, groupId: LongId, account: Account): CloseOutcome {
  switch (result.kind) {
    case 'answered':
      return answeredOutcome(result.json, groupId);
    case 'rejected':
      return rejectedOutcome(result, account);
    case 'unreadable':
      return unknown(200, null, `The exchange answered, but unreadably (${result.detail}).`);
    case 'network': {
      const { meaning } = failureOf(result, account);
      if (result.written)
        return unknown(null, null, `${meaning} The close may have been executed all the same.`);
      return notSent(`${meaning} The close did not leave.`);
    }
    default:
      return notSent(failureOf(result, account).meaning);
  }
}

export function notSent(meaning: string): CloseOutcome {
  return {
    kind: 'not-sent',
    httpStatus: null,
    exchangeCode: null,
    meaning,
    advice: 'Nothing was closed; you may ask again.',
  };
}

function unknown(httpStatus: number | null, exchangeCode: number | null, meaning: string): CloseOutcome {
  return { kind: 'unknown', httpStatus, exchangeCode, meaning, advice: LOOK_IT_UP };
}

function answeredOutcome(json: unknown, groupId: LongId): CloseOutcome {
  const parsed = closeAnswer.safeParse(json);
  if (!parsed.success) return unknown(200, null, "The exchange's answer is not the documented one.");
  if (parsed.data.groupId !== groupId) {
    return unknown(200, null, `The exchange answered for unit ${parsed.data.groupId}, not for ${groupId}.`);
  }
  if (parsed.data.status !== 'CLOSED') {
    return unknown(200, null, 'The exchange answered with a status other than CLOSED.');
  }
  return {
    kind: 'closed',
    httpStatus: 200,
    exchangeCode: null,
    meaning: `The exchange answered that unit ${groupId} is closed.`,
    advice: 'It is being confirmed from the list of closed units.',
  };
}

function rejectedOutcome(result: Rejection, account: Account): CloseOutcome {
  const { httpStatus, code: exchangeCode } = result;
  const { meaning, advice } = rejectionWords(result, account);
  if (!isRefusal(result)) return unknown(httpStatus, exchangeCode, meaning);
  return { kind: 'refused', httpStatus, exchangeCode, meaning, advice };
}

/** 4xx with a documented code, or stopped at the door. */
function isRefusal(result: Rejection): boolean {
  const { httpStatus, code } = result;
  if (httpStatus < 400 || httpStatus >= 500) return false;
  if (code !== null && AMBIGUOUS_CODES.has(code)) return false;
  // The same key saw the unit a moment ago: it may be gone because it was closed, by this very call or another.
  if (code === UNIT_NOT_FOUND) return false;
  return stoppedAtDoor(httpStatus, code) || (code !== null && meaningOf(code) !== null);
}

/** By a limit, a ban, the firewall or the region: before the exchange looked at what was asked. */
function stoppedAtDoor(httpStatus: number | null, code: number | null): boolean {
  if (httpStatus === 429 || httpStatus === 418 || httpStatus === 451) return true;
  return httpStatus !== null && isFirewall({ httpStatus, code });
}
