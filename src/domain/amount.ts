/**
 * Exact decimals and LONG ids. Amounts never become floats and ids never become JS numbers: an amount such as
 * "12671.05079731" or a groupId above 2^53 would silently change.
 */
import { Big } from 'big.js';

/** Only division rounds; 40 places is far finer than anything that is shown or compared. */
const Exact = Big();
Exact.DP = 40;
Exact.RM = Exact.roundHalfEven;
Exact.strict = false;

/** An exact decimal. Add, subtract and multiply are exact; divide rounds half-even at 40 places. */
export type Amount = Big;

/** A positive signed 64-bit id (LONG) in canonical decimal form. */
export type LongId = string & { readonly LongId: unique symbol };

export const ZERO: Amount = new Exact('0');

const DECIMAL = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const LONGEST_DECIMAL = 200;

/** Parses a decimal as Binance writes it ("0E-8" included); null for anything else ("NaN", "", "1,5", "0x10"). */
export function parseAmount(text: string): Amount | null {
  if (text.length > LONGEST_DECIMAL || !DECIMAL.test(text)) return null;
  return new Exact(text);
}

/** For constants and settings already checked by a schema; throws if the text is not a decimal. */
export function amount(text: string): Amount {
  const parsed = parseAmount(text);
  if (parsed === null) throw new RangeError(`not a decimal: ${JSON.stringify(text)}`);
  return parsed;
}

export function sum(amounts: Iterable<Amount>): Amount {
  let total = ZERO;
  for (const each of amounts) total = total.plus(each);
  return total;
}

/** All digits, no exponent, no trailing zeros, never "-0". Digests and records use this form. */
export function exactText(value: Amount): string {
  return value.toFixed();
}

const LARGEST_LONG = 9_223_372_036_854_775_807n;

/** A canonical positive LONG, or null: no sign, no leading zero, no fraction, at most 2^63 − 1. */
export function parseLongId(text: string): LongId | null {
  if (!/^[1-9]\d{0,18}$/.test(text)) return null;
  return BigInt(text) <= LARGEST_LONG ? (text as LongId) : null;
}

/** For constants and tests; throws where `parseLongId` returns null. */
export function longId(text: string): LongId {
  const parsed = parseLongId(text);
  if (parsed === null) throw new RangeError(`not a LONG id: ${JSON.stringify(text)}`);
  return parsed;
}
