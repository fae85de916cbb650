/**
 * What Binance's error codes mean for the desk (IL error page, errors.md). Codes from -27018 on have no published
 * English text; theirs here is translated from the Chinese page.
 */
export interface CodeMeaning {
  readonly meaning: string;
  readonly advice: string;
}

const LATER = 'Try again later.';
const REPORT = 'Report this to the operator of Loandesk: the call itself was wrong.';
const KEYS =
  'Check the key, its permissions and its IP list (Binance API management) and BINANCE_ACCOUNTS_FILE.';
const CLOCK = 'Check the clock of the machine that runs Loandesk.';

/** After one of these it is not known whether the call was executed, whatever the HTTP status. */
export const AMBIGUOUS_CODES: ReadonlySet<number> = new Set([-1000, -1001, -1006, -1007, -1008]);

/** Meaning and advice. */
const CODES: ReadonlyMap<number, readonly [meaning: string, advice: string]> = new Map([
  [-1000, ['Binance had an unknown error.', LATER]],
  [-1001, ['Binance had an internal error.', LATER]],
  [-1002, ['Binance does not authorise this key for the call.', KEYS]],
  [-1003, ['Too many requests: a rate limit of Binance is used up.', LATER]],
  [-1004, ['Binance is busy.', LATER]],
  [-1005, ["The address of this machine is not on the key's IP list.", KEYS]],
  [-1006, ['Binance lost track of the call: it does not know whether it was executed.', LATER]],
  [-1007, ['Binance timed out internally: it does not know whether the call was executed.', LATER]],
  [-1008, ['Binance is overloaded.', LATER]],
  [-1013, ['Binance found the call invalid.', REPORT]],
  [-1015, ['Too many requests: a rate limit of Binance is used up.', LATER]],
  [-1016, ['Binance has switched this service off.', LATER]],
  [-1020, ['Binance does not support this operation.', REPORT]],
  [-1021, ['Binance refused the call because of its time: too old, or ahead of its own clock.', CLOCK]],
  [-1022, ['Binance refused the signature.', KEYS]],
  [-1024, ['The unit is being liquidated.', LATER]],
  [-1025, ['The unit has pending transactions.', LATER]],
  [-1099, ['Binance did not find or authorise what was asked for.', KEYS]],
  [-1100, ['Binance found illegal characters in a parameter.', REPORT]],
  [-1101, ['Binance found too many parameters, or one twice.', REPORT]],
  [-1102, ['A parameter is missing.', REPORT]],
  [-1103, ['Binance does not know a parameter.', REPORT]],
  [-1104, ['Binance did not read all parameters.', REPORT]],
  [-1105, ['Binance found an empty parameter.', REPORT]],
  [-1106, ['Binance expected no such parameter.', REPORT]],
  [-1130, ['Binance found a parameter invalid.', REPORT]],
  [-1131, ['Binance found recvWindow too large.', REPORT]],
  [-2008, ['Binance does not know the key.', KEYS]],
  [-2014, ['The key does not have the form of an API key.', KEYS]],
  [
    -2015,
    ['Binance refuses the key: it is invalid, its IP list does not fit, or it lacks a permission.', KEYS],
  ],
  [-3003, ['The margin account does not exist.', 'Check the account at Binance.']],
  [-3007, ['The account has a transaction that is still pending.', LATER]],
  [-3044, ["Binance's margin system is busy.", LATER]],
  [-3999, ['Binance offers this to invited users only.', 'Ask your contact at Binance.']],
  [-5000, ['Binance does not know this path.', 'Check BINANCE_API_URL.']],
  [-27000, ['Binance found an argument invalid.', 'Check the unit id.']],
  [
    -27001,
    [
      'Binance did not find the unit: the id is wrong, it is not yours, or it is no longer active.',
      'Look for it with /closed-units.',
    ],
  ],
  [-27002, ['The unit has its largest number of collateral accounts.', 'Nothing was changed.']],
  [-27003, ['An account is linked to another risk unit.', 'Nothing was changed.']],
  [-27004, ['The collateral account is no sub-account of the same parent.', 'Nothing was changed.']],
  [-27005, ['The account has no margin account.', 'Open one first.']],
  [-27006, ['The credit account is neither Portfolio Margin nor Cross Margin.', 'Check it at Binance.']],
  [-27007, ['The collateral account is the credit account.', 'Nothing was changed.']],
  [-27008, ["The new account's net equity is below its maintenance margin.", 'Nothing was changed.']],
  [-27009, ['The amount is above what may be borrowed.', 'Ask for less.']],
  [-27010, ['Binance found no credit account in the unit.', 'Check the unit at Binance.']],
  [-27011, ['The unit owes nothing.', 'There is nothing to repay.']],
  [-27012, ['The margin does not suffice to borrow.', 'Add collateral first.']],
  [-27013, ['This type of collateral account is not supported.', 'Nothing was changed.']],
  [-27014, ["The lending account's balance does not suffice.", 'Ask your contact at Binance.']],
  [-27015, ['The balance does not suffice.', 'Nothing was changed.']],
  [-27016, ['The amount has too many digits.', 'Nothing was changed.']],
  [-27017, ['The asset cannot be borrowed.', 'Nothing was changed.']],
  [
    -27018,
    [
      'The unit still owes: a liability is not fully repaid.',
      'Repay it in full, including interest, then try again.',
    ],
  ],
  [-27019, ['The account is not in the unit.', 'Nothing was changed.']],
  [-27020, ["The unit's LTV is above the initial threshold.", 'Nothing was changed.']],
  [-27021, ['The credit account of the unit cannot be removed.', 'Nothing was changed.']],
  [-27022, ['The unit must keep a credit account and a collateral account.', 'Nothing was changed.']],
  [-27023, ['The loan failed.', "Try again, or ask Binance's margin team."]],
  [-27024, ['The unit is being liquidated.', LATER]],
  [-27025, ['An earlier transaction of the unit is not finished.', LATER]],
  [-27026, ['The receiving account is not in the unit.', 'Nothing was changed.']],
  [-27027, ['The receiving account has no margin wallet.', 'Nothing was changed.']],
  [-27028, ['The amount is above what may be transferred out.', 'Nothing was changed.']],
  [-27029, ['Collateral may only go to margin accounts of the same unit.', 'Nothing was changed.']],
  [-27030, ['A managed sub-account cannot be added by API.', 'Nothing was changed.']],
  [-27031, ['A collateral account was added just now.', 'Wait two minutes.']],
]);

/** Null for a code that no page lists. */
export function meaningOf(code: number): CodeMeaning | null {
  const [meaning, advice] = CODES.get(code) ?? [];
  return meaning === undefined || advice === undefined ? null : { meaning, advice };
}
