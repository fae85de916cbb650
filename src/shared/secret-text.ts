/**
 * The one list of what a secret looks like inside free text: error messages of libraries quote URLs and headers. Lines
 * of log are cleaned as they are written, in JSON, so none of these may eat a backslash or a quotation mark.
 */

const SECRET_TEXTS: readonly [RegExp, string][] = [
  // First, so that nothing else takes its beginning away.
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^"]*?-----END [A-Z ]*PRIVATE KEY-----|(?:[^"\\]|\\n)*)/g,
    '[private key]',
  ],
  [/xox[a-z]-[A-Za-z0-9-]+/g, '[token]'],
  [/xapp-[A-Za-z0-9-]+/g, '[token]'],
  [/\bv0=[0-9a-f]{16,}/g, '[signature]'],
  [/whsec_[A-Za-z0-9+/=]+/g, '[secret]'],
  [/\bv1,[A-Za-z0-9+/]{40,}={0,2}/g, '[signature]'],
  [/(routing_key\W{1,6})[A-Za-z0-9]{16,}/gi, '$1[removed]'],
  [/signature=[^\s&"'\\]+/gi, 'signature=[removed]'],
  // User and password of any URL, up to the last @: an unencoded password may hold slashes and more of them.
  [/(:\/\/)[^\s"'\\]*@/g, '$1[removed]@'],
  [/https:\/\/hooks\.slack\.com\/[^\s"'\\]+/g, '[response url]'],
];

/** One look for what begins each of them: most lines hold none. */
const MAY_HOLD_SECRETS = /xox|xapp-|whsec_|v[01][=,]|routing_key|signature=|:\/\/|PRIVATE KEY/i;

/** For every line that is logged, and for what is quoted to people. */
export function withoutSecrets(text: string): string {
  if (!MAY_HOLD_SECRETS.test(text)) return text;
  return SECRET_TEXTS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}
