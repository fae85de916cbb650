/** What the settings that are URLs have in common: credentials inside them must be readable, or be named. */

/** Ends a message about a URL that holds a user and a password. */
export const PERCENT_ENCODED =
  'special characters in user and password percent-encoded (% as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23)';

/** Clients decode user and password, and throw where a % is not the beginning of an encoded byte. */
export function hasReadableCredentials({ username, password }: URL): boolean {
  return isDecodable(username) && isDecodable(password);
}

function isDecodable(text: string): boolean {
  try {
    // The bundler drops a decoding whose result nobody uses.
    return decodeURIComponent(text).length <= text.length;
  } catch {
    return false;
  }
}

/** A `?`, `#` or `/` that is not encoded ends the password early, and the rest of it lands here. */
export function hasNothingAfterHost({ pathname, search, hash }: URL): boolean {
  return (pathname === '' || pathname === '/') && search === '' && hash === '';
}
