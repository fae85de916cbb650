/** Turns a failed call into an ExchangeFailure: what happened, what to do, and when to try again. */
import type { ExchangeFailure, StopCause } from '../usecases/ports.ts';
import type { Account } from './accounts.ts';
import type { FailedCall } from './caller.ts';
import { AMBIGUOUS_CODES, meaningOf } from './error-codes.ts';
import type { NetworkFault } from './http.ts';
import { isFirewall, type Rejection } from './rejection.ts';
import type { Busy } from './weight-limiter.ts';

const NETWORK: Readonly<Record<NetworkFault, string>> = {
  dns: "Binance's host name couldn't be resolved.",
  refused: 'Binance refused the connection.',
  unreachable: "Binance couldn't be reached.",
  tls: "Loandesk couldn't make a trusted connection to Binance (TLS).",
  'connect-timeout': "Binance didn't accept the connection in time.",
  timeout: "Binance didn't answer in time.",
  reset: 'The connection to Binance broke.',
  'too-large': "Binance's answer was too large to be valid.",
  other: 'The connection to Binance failed.',
};

const BUSY: Readonly<Record<Busy['why'], string>> = {
  limit: 'The rate limit for this call is used up for this minute.',
  stopped: 'Binance told Loandesk to stop calling for a while.',
  'queue-full': 'Too many calls are already waiting for Binance.',
};

const LATER = 'Try again later.';
/** Codes about the key, for which the account is named. */
const KEY_CODES: ReadonlySet<number> = new Set([-1002, -1022, -2008, -2014, -2015, -1099]);

interface Words {
  readonly meaning: string;
  readonly advice: string;
}

/** A failed read. `account`: whose key the call used; null: none, or not relevant. */
export function failed(
  result: FailedCall,
  account: Account | null,
): { readonly ok: false; readonly failure: ExchangeFailure } {
  return { ok: false, failure: failureOf(result, account) };
}

export function failureOf(result: FailedCall, account: Account | null): ExchangeFailure {
  const nothing = { exchangeCode: null, retryAtMs: null };
  const unavailable = (meaning: string, advice = LATER) =>
    ({ ...nothing, kind: 'unavailable', meaning, advice }) as const;
  switch (result.kind) {
    case 'rejected': {
      const { code: exchangeCode, retryAtMs } = result;
      const words = rejectionWords(result, account);
      return { exchangeCode, retryAtMs, kind: rejectedKind(result), ...words };
    }
    case 'unreadable':
      return unavailable(`Binance's answer couldn't be read: ${result.detail}.`);
    case 'network':
      return unavailable(NETWORK[result.fault]);
    case 'busy': {
      // The same words during the whole stop.
      const meaning = stoppedWords(result.cause)?.meaning ?? BUSY[result.why];
      const advice = 'Try again at the time given.';
      return { ...nothing, kind: 'busy', meaning, advice, retryAtMs: result.retryAtMs };
    }
    case 'uncounted':
      return unavailable(
        "Rate limits couldn't be counted in Redis, so nothing was sent.",
        `${LATER} Ask the operator of Loandesk to check Redis.`,
      );
    case 'no-clock':
      return unavailable("Binance's clock couldn't be read, so nothing was sent.");
    case 'maintenance': {
      const meaning = 'Binance is under maintenance.';
      const advice = 'Wait until it is over (Binance announces it on its status page), then try again.';
      return { ...nothing, kind: 'maintenance', meaning, advice };
    }
    case 'no-account': {
      const wanted = result.endpoint.roles.join(' or ');
      const meaning =
        result.account === null
          ? `No ${wanted} account in BINANCE_ACCOUNTS_FILE can make this call.`
          : `The key of account "${result.account.name}" is a ${result.account.role} key; this call needs a ${wanted} key. Nothing was sent.`;
      const advice = 'Add the account that owns the unit to BINANCE_ACCOUNTS_FILE.';
      return { ...nothing, kind: 'no-account', meaning, advice };
    }
    case 'bad-request':
      return { ...nothing, kind: 'refused', meaning: `${result.detail}.`, advice: 'Nothing was sent.' };
  }
}

function rejectedKind(result: Rejection): ExchangeFailure['kind'] {
  const { httpStatus, code } = result;
  if (httpStatus === 451) return 'region-blocked';
  if (httpStatus === 429 || httpStatus === 418 || isFirewall(result) || code === -1003) return 'busy';
  if (httpStatus >= 500 || httpStatus < 400 || code === null) return 'unavailable';
  return AMBIGUOUS_CODES.has(code) || code === -1016 || code === -1004 ? 'unavailable' : 'refused';
}

/** Meaning and advice of an answer that was not 200; also used for a close. */
export function rejectionWords(result: Rejection, account: Account | null): Words {
  const { httpStatus, code, text } = result;
  const stopped = stoppedWords({ httpStatus, exchangeCode: code });
  if (stopped !== null) return stopped;
  if (code === null) {
    return { meaning: `Binance answered HTTP ${httpStatus} without saying why.`, advice: LATER };
  }
  const said = text === '' ? '' : ` Binance says: "${text}"`;
  const known = meaningOf(code);
  if (known === null) {
    const meaning = `Binance answered with the undocumented code ${code}.${said}`;
    return { meaning, advice: LATER };
  }
  const whose =
    account !== null && KEY_CODES.has(code)
      ? ` It was the key of account "${account.name}" (${account.role}).`
      : '';
  const quoted = code <= -27000 || code === -1024 ? said : '';
  return { meaning: `${known.meaning}${whose}${quoted}`, advice: known.advice };
}

/**
 * Words for a call that a limit, a ban, the firewall or the region stopped before the exchange handled it. Null: not
 * stopped.
 */
export function stoppedWords(cause: StopCause | null): Words | null {
  switch (cause?.httpStatus) {
    case 451:
      return {
        meaning: "Binance doesn't serve the region of this machine's address (HTTP 451).",
        advice: "Trying again won't help: run Loandesk where Binance may serve you.",
      };
    case 418:
      return {
        meaning: "Binance has banned this machine's address for a while (HTTP 418).",
        advice: 'Wait until the ban is over, then try again.',
      };
    case 429:
      return {
        meaning: 'A Binance rate limit is used up (HTTP 429).',
        advice: 'Try again at the time given.',
      };
    case 403:
      if (cause.exchangeCode !== null) return null;
      return {
        meaning: "Binance's firewall blocks this machine's address (HTTP 403).",
        advice: 'Wait some minutes, then try again.',
      };
    default:
      return null;
  }
}
