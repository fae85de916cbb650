/**
 * Binance's error codes: what each one proves about a call, and its words for the desk (IL error page, errors.md). Words
 * decide nothing: which code refuses a close is in REFUSED_CODES, so a new sentence can't change an outcome. The texts
 * from -27018 on are translated from the Chinese page, because no English text is published.
 */
export interface CodeMeaning {
  readonly meaning: string;
  readonly advice: string;
}

const LATER = 'Try again later.';
const REPORT = 'Report this to the operator of Loandesk: it sent a wrong call.';
const KEYS =
  'Check the key, its permissions and its IP list (Binance API management) and BINANCE_ACCOUNTS_FILE.';
const CLOCK = 'Check the clock of the machine that runs Loandesk.';

/** After one of these, whatever the HTTP status, the call may have been executed. */
export const AMBIGUOUS_CODES: ReadonlySet<number> = new Set([-1000, -1001, -1006, -1007, -1008]);

/**
 * Documented refusals: with one of these and an HTTP 4xx, a close counts as refused. A code in neither set doesn't say
 * what became of it: so with a busy or switched-off service (-1004, -1016, -3044), and with -27001 (unit not found), as
 * the unit may be gone because this very close was executed.
 */
export const REFUSED_CODES: ReadonlySet<number> = new Set([
  -1002, -1003, -1005, -1013, -1015, -1020, -1021, -1022, -1024, -1025, -1099, -1100, -1101, -1102, -1103,
  -1104, -1105, -1106, -1130, -1131, -2008, -2014, -2015, -3003, -3007, -3999, -5000, -27000, -27002, -27003,
  -27004, -27005, -27006, -27007, -27008, -27009, -27010, -27011, -27012, -27013, -27014, -27015, -27016,
  -27017, -27018, -27019, -27020, -27021, -27022, -27024, -27025, -27026, -27027, -27028, -27029, -27030,
  -27031,
]);

const CODES: ReadonlyMap<number, readonly [meaning: string, advice: string]> = new Map([
  [-1000, ['Binance had an unknown error.', LATER]],
  [-1001, ['Binance had an internal error.', LATER]],
  [-1002, ["Binance doesn't authorise this key for the call.", KEYS]],
  [-1003, ['Too many requests: a Binance rate limit is used up.', LATER]],
  [-1004, ['Binance is busy.', LATER]],
  [-1005, ["This machine's address isn't on the key's IP list.", KEYS]],
  [-1006, ["Binance doesn't know whether the call was executed.", LATER]],
  [-1007, ["Binance timed out internally and doesn't know whether the call was executed.", LATER]],
  [-1008, ['Binance is overloaded.', LATER]],
  [-1013, ['Binance says the call is invalid.', REPORT]],
  [-1015, ['Too many requests: a Binance rate limit is used up.', LATER]],
  [-1016, ['Binance has switched this service off.', LATER]],
  [-1020, ["Binance doesn't support this operation.", REPORT]],
  [-1021, ["Binance refused the call's timestamp: too old, or ahead of Binance's clock.", CLOCK]],
  [-1022, ['Binance refused the signature.', KEYS]],
  [-1024, ['The unit is being liquidated.', LATER]],
  [-1025, ['The unit has pending transactions.', LATER]],
  [-1099, ["Binance didn't find or authorise what was requested.", KEYS]],
  [-1100, ['Binance found illegal characters in a parameter.', REPORT]],
  [-1101, ['Binance found too many parameters, or a repeated one.', REPORT]],
  [-1102, ['A parameter is missing.', REPORT]],
  [-1103, ["Binance doesn't know a parameter.", REPORT]],
  [-1104, ["Binance didn't read all parameters.", REPORT]],
  [-1105, ['Binance found an empty parameter.', REPORT]],
  [-1106, ['Binance expected no such parameter.', REPORT]],
  [-1130, ['Binance says a parameter is invalid.', REPORT]],
  [-1131, ['Binance says recvWindow is too large.', REPORT]],
  [-2008, ["Binance doesn't know the key.", KEYS]],
  [-2014, ["The key isn't in the format of an API key.", KEYS]],
  [
    -2015,
    ["Binance refuses the key: it is invalid, lacks a permission, or doesn't allow this IP address.", KEYS],
  ],
  [-3003, ["The margin account doesn't exist.", 'Check the account at Binance.']],
  [-3007, ['The account has a pending transaction.', LATER]],
  [-3044, ["Binance's margin system is busy.", LATER]],
  [-3999, ['Binance offers this to invited users only.', 'Ask your contact at Binance.']],
  [-5000, ["Binance doesn't know this path.", 'Check BINANCE_API_URL.']],
  [-27000, ['Binance says an argument is invalid.', 'Check the unit id.']],
  [
    -27001,
    [
      "Binance didn't find the unit: the id is wrong, the unit isn't yours, or it is no longer active.",
      'Look for it with /closed-units.',
    ],
  ],
  [-27002, ['The unit already has the maximum number of collateral accounts.', 'Nothing was changed.']],
  [-27003, ['An account is linked to another risk unit.', 'Nothing was changed.']],
  [-27004, ["The collateral account isn't a sub-account of the same parent.", 'Nothing was changed.']],
  [-27005, ['The account has no margin account.', 'Open one first.']],
  [-27006, ['The credit account is neither Portfolio Margin nor Cross Margin.', 'Check it at Binance.']],
  [-27007, ['The collateral account is the credit account.', 'Nothing was changed.']],
  [-27008, ["The new account's net equity is below its maintenance margin.", 'Nothing was changed.']],
  [-27009, ['The amount is above what can be borrowed.', 'Ask for less.']],
  [-27010, ['Binance found no credit account in the unit.', 'Check the unit at Binance.']],
  [-27011, ['The unit owes nothing.', 'There is nothing to repay.']],
  [-27012, ["There isn't enough margin to borrow.", 'Add collateral first.']],
  [-27013, ["This type of collateral account isn't supported.", 'Nothing was changed.']],
  [-27014, ["The lending account's balance is too low.", 'Ask your contact at Binance.']],
  [-27015, ['The balance is too low.', 'Nothing was changed.']],
  [-27016, ['The amount has too many digits.', 'Nothing was changed.']],
  [-27017, ["The asset can't be borrowed.", 'Nothing was changed.']],
  [
    -27018,
    [
      "The unit still owes: a liability isn't fully repaid.",
      'Repay it in full, including interest, then try again.',
    ],
  ],
  [-27019, ["The account isn't in the unit.", 'Nothing was changed.']],
  [-27020, ["The unit's LTV is above the initial threshold.", 'Nothing was changed.']],
  [-27021, ["The unit's credit account can't be removed.", 'Nothing was changed.']],
  [-27022, ['The unit must keep a credit account and a collateral account.', 'Nothing was changed.']],
  [-27023, ['The loan failed.', "Try again, or ask Binance's margin team."]],
  [-27024, ['The unit is being liquidated.', LATER]],
  [-27025, ["An earlier transaction of the unit isn't finished.", LATER]],
  [-27026, ["The receiving account isn't in the unit.", 'Nothing was changed.']],
  [-27027, ['The receiving account has no margin wallet.', 'Nothing was changed.']],
  [-27028, ['The amount is above what can be transferred out.', 'Nothing was changed.']],
  [-27029, ['Collateral can only go to margin accounts of the same unit.', 'Nothing was changed.']],
  [-27030, ["A managed sub-account can't be added by API.", 'Nothing was changed.']],
  [-27031, ['A collateral account was added just now.', 'Wait two minutes.']],
]);

/** Null for a code that no page lists. */
export function meaningOf(code: number): CodeMeaning | null {
  const [meaning, advice] = CODES.get(code) ?? [];
  return meaning === undefined || advice === undefined ? null : { meaning, advice };
}
