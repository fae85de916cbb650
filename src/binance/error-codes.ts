/**
 * What Binance's error codes mean for the desk (IL error page, errors.md). Codes from -27018 on have no published
 * English text; theirs here is translated from the Chinese page.
 */
export interface CodeMeaning {
  readonly meaning: string;
  readonly advice: string;
  /** Whether the same call may work later without anything being changed. */
  readonly later: boolean;
}

const LATER = 'Try again later.';
const REPORT = 'Report this to the operator of Loandesk: the call itself was wrong.';
const KEYS =
  'Check the key, its permissions and its IP list (Binance API management) and BINANCE_ACCOUNTS_FILE.';
const CLOCK = 'Check the clock of the machine that runs Loandesk.';

const now = (meaning: string, advice: string): CodeMeaning => ({ meaning, advice, later: false });
const later = (meaning: string, advice = LATER): CodeMeaning => ({ meaning, advice, later: true });

/** After one of these it is not known whether the call was executed, whatever the HTTP status. */
export const AMBIGUOUS_CODES: ReadonlySet<number> = new Set([-1000, -1001, -1006, -1007, -1008]);

const CODES: ReadonlyMap<number, CodeMeaning> = new Map([
  [-1000, later('Binance had an unknown error.')],
  [-1001, later('Binance had an internal error.')],
  [-1002, now('Binance does not authorise this key for the call.', KEYS)],
  [-1003, later('Too many requests: a rate limit of Binance is used up.')],
  [-1004, later('Binance is busy.')],
  [-1005, now("The address of this machine is not on the key's IP list.", KEYS)],
  [-1006, later('Binance lost track of the call: it does not know whether it was executed.')],
  [-1007, later('Binance timed out internally: it does not know whether the call was executed.')],
  [-1008, later('Binance is overloaded.')],
  [-1013, now('Binance found the call invalid.', REPORT)],
  [-1015, later('Too many requests: a rate limit of Binance is used up.')],
  [-1016, later('Binance has switched this service off.')],
  [-1020, now('Binance does not support this operation.', REPORT)],
  [-1021, later('Binance refused the call because of its time: too old, or ahead of its own clock.', CLOCK)],
  [-1022, now('Binance refused the signature.', KEYS)],
  [-1024, later('The unit is being liquidated.')],
  [-1025, later('The unit has pending transactions.')],
  [-1099, now('Binance did not find or authorise what was asked for.', KEYS)],
  [-1100, now('Binance found illegal characters in a parameter.', REPORT)],
  [-1101, now('Binance found too many parameters, or one twice.', REPORT)],
  [-1102, now('A parameter is missing.', REPORT)],
  [-1103, now('Binance does not know a parameter.', REPORT)],
  [-1104, now('Binance did not read all parameters.', REPORT)],
  [-1105, now('Binance found an empty parameter.', REPORT)],
  [-1106, now('Binance expected no such parameter.', REPORT)],
  [-1130, now('Binance found a parameter invalid.', REPORT)],
  [-1131, now('Binance found recvWindow too large.', REPORT)],
  [-2008, now('Binance does not know the key.', KEYS)],
  [-2014, now('The key does not have the form of an API key.', KEYS)],
  [
    -2015,
    now('Binance refuses the key: it is invalid, its IP list does not fit, or it lacks a permission.', KEYS),
  ],
  [-3003, now('The margin account does not exist.', 'Check the account at Binance.')],
  [-3007, later('The account has a transaction that is still pending.')],
  [-3044, later("Binance's margin system is busy.")],
  [-3999, now('Binance offers this to invited users only.', 'Ask your contact at Binance.')],
  [-5000, now('Binance does not know this path.', 'Check BINANCE_API_URL.')],
  [-27000, now('Binance found an argument invalid.', 'Check the unit id.')],
  [
    -27001,
    now(
      'Binance did not find the unit: the id is wrong, it is not yours, or it is no longer active.',
      'Look for it with /closed-units.',
    ),
  ],
  [-27002, now('The unit has its largest number of collateral accounts.', 'Nothing was changed.')],
  [-27003, now('An account is linked to another risk unit.', 'Nothing was changed.')],
  [-27004, now('The collateral account is no sub-account of the same parent.', 'Nothing was changed.')],
  [-27005, now('The account has no margin account.', 'Open one first.')],
  [-27006, now('The credit account is neither Portfolio Margin nor Cross Margin.', 'Check it at Binance.')],
  [-27007, now('The collateral account is the credit account.', 'Nothing was changed.')],
  [-27008, now("The new account's net equity is below its maintenance margin.", 'Nothing was changed.')],
  [-27009, now('The amount is above what may be borrowed.', 'Ask for less.')],
  [-27010, now('Binance found no credit account in the unit.', 'Check the unit at Binance.')],
  [-27011, now('The unit owes nothing.', 'There is nothing to repay.')],
  [-27012, now('The margin does not suffice to borrow.', 'Add collateral first.')],
  [-27013, now('This type of collateral account is not supported.', 'Nothing was changed.')],
  [-27014, now("The lending account's balance does not suffice.", 'Ask your contact at Binance.')],
  [-27015, now('The balance does not suffice.', 'Nothing was changed.')],
  [-27016, now('The amount has too many digits.', 'Nothing was changed.')],
  [-27017, now('The asset cannot be borrowed.', 'Nothing was changed.')],
  [
    -27018,
    now(
      'The unit still owes: a liability is not fully repaid.',
      'Repay it in full, including interest, then try again.',
    ),
  ],
  [-27019, now('The account is not in the unit.', 'Nothing was changed.')],
  [-27020, now("The unit's LTV is above the initial threshold.", 'Nothing was changed.')],
  [-27021, now('The credit account of the unit cannot be removed.', 'Nothing was changed.')],
  [-27022, now('The unit must keep a credit account and a collateral account.', 'Nothing was changed.')],
  [-27023, later('The loan failed.', "Try again, or ask Binance's margin team.")],
  [-27024, later('The unit is being liquidated.')],
  [-27025, later('An earlier transaction of the unit is not finished.')],
  [-27026, now('The receiving account is not in the unit.', 'Nothing was changed.')],
  [-27027, now('The receiving account has no margin wallet.', 'Nothing was changed.')],
  [-27028, now('The amount is above what may be transferred out.', 'Nothing was changed.')],
  [-27029, now('Collateral may only go to margin accounts of the same unit.', 'Nothing was changed.')],
  [-27030, now('A managed sub-account cannot be added by API.', 'Nothing was changed.')],
  [-27031, later('A collateral account was added just now.', 'Wait two minutes.')],
]);

/** Null for a code that no page lists. */
export function meaningOf(code: number): CodeMeaning | null {
  return CODES.get(code) ?? null;
}
