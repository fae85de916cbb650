/** Checks shared by the settings that are URLs. */

/** Ends a message about a URL that holds a user and a password. */
export const PERCENT_ENCODED =
  'special characters in user and password percent-encoded (% as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23)';

/** Clients decode user and password, and throw where a % is not the beginning of an encoded byte. */
export function hasReadableCredentials({ username, password }: URL): boolean {
  return isDecodable(username) && isDecodable(password);
}

function isDecodable(text: string): boolean {
  try {
    // Without using the result, the bundler would drop the call.
    return decodeURIComponent(text).length <= text.length;
  } catch {
    return false;
  }
}

/** An unencoded `?`, `#` or `/` in a password ends it early, and the rest appears here. */
export function hasNothingAfterHost({ pathname, search, hash }: URL): boolean {
  return (pathname === '' || pathname === '/') && search === '' && hash === '';
}
