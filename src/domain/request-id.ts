/** Ids of close requests: short enough to type, without letters that look alike (Crockford's alphabet). */

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 10;

/** 10 characters hold 50 random bits; the first `LENGTH` bytes of `random` are used. */
export function requestIdFrom(random: Uint8Array): string {
  return shortIdFrom(random, LENGTH);
}

/** That many characters, each from one byte of `random`. */
export function shortIdFrom(random: Uint8Array, length: number): string {
  if (random.length < length) throw new RangeError(`an id needs ${length} random bytes`);
  return Array.from(random.subarray(0, length), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** Six characters of the same alphabet, to find one interaction in the log; from 30 random bits of a UUID. */
export function referenceFrom(uuid: string): string {
  let bits = Number.parseInt(uuid.slice(0, 8), 16);
  let reference = '';
  for (let position = 0; position < 6; position += 1) {
    reference += ALPHABET[bits & 31];
    bits >>>= 5;
  }
  return reference;
}

/** Parses what a person typed; null when it isn't a request id. */
export function parseRequestId(text: string): string | null {
  return parseShortId(text, LENGTH);
}

/** That many characters of the alphabet, typed in any case, O for 0, I and L for 1; null for anything else. */
export function parseShortId(text: string, length: number): string | null {
  const typed = text.trim().toUpperCase().replaceAll('O', '0').replace(/[IL]/g, '1');
  return new RegExp(`^[${ALPHABET}]{${length}}$`).test(typed) ? typed : null;
}
