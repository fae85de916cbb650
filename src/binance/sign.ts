/**
 * The query string of a signed call. Binance checks the signature over the bytes it received (percent-encoding rule
 * since 2026-01-15), so the text that is signed is the text that is sent, character by character.
 */
export type QueryParameter = readonly [name: string, value: string];

const UNRESERVED = /^[A-Za-z0-9\-_.~]*$/;

/**
 * Percent-encodes every byte outside RFC 3986 "unreserved", in upper-case hex; a space is %20. Stricter than
 * encodeURIComponent, which leaves `! ' ( ) *` alone: URL parsers rewrite some of these after signing.
 * Lone surrogates, which have no UTF-8 form, become U+FFFD.
 */
export function encodeStrict(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `a=1&b=2`, names and values encoded strictly, in the order given. */
export function buildQuery(parameters: readonly QueryParameter[]): string {
  return parameters.map(([name, value]) => `${encodeStrict(name)}=${encodeStrict(value)}`).join('&');
}

/**
 * Signs the encoded query and appends `signature`, which has to be the last parameter. `sign` gives hex or base64;
 * base64 needs encoding too (`+`, `/` and `=`).
 */
export function signedQuery(
  parameters: readonly QueryParameter[],
  sign: (payload: string) => string,
): string {
  const payload = buildQuery(parameters);
  return `${payload}&signature=${encodeStrict(sign(payload))}`;
}
