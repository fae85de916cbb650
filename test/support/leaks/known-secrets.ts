/** What must never be in anything that is said, and the search for it. Registered secrets are those of one test file. */
import { existsSync, readFileSync } from 'node:fs';

/** A secret that was found: its kind, and the text around it with every secret struck out. */
export interface Leak {
  readonly kind: string;
  readonly around: string;
}

interface Found {
  readonly kind: string;
  readonly at: number;
  readonly length: number;
}

const PATTERNS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['Slack token', /(?:xox[a-z]|xapp)-[\w-]{4,}/i],
  ['signature', /signature=(?!\[(?:removed|redacted|signature)\])[^\s&"'`\\]+/i],
  // PEM, also without its first line: Ed25519, RSA and encrypted PKCS#8 as base64.
  ['private key', /PRIVATE KEY|MC4CAQAwBQYDK2Vw|BgkqhkiG9w0BAQEFAASC|BgkqhkiG9w0BBQ0w/],
  ['API key header', /x-mbx-apikey\W{1,6}(?!\[(?:removed|redacted)\])\w{4,}/i],
  ['webhook secret', /whsec_[\w+/]{20,}/],
  ['response URL', /hooks\.slack\.com\/\w+\/\w+|\/commands\/T\w{5,}\/\d+\/r\w+/],
];
const SECRET_SETTINGS = [
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
  'SLACK_SIGNING_SECRET',
  'REDIS_SENTINEL_PASSWORD',
  'AUDIT_KEY',
  'AUDIT_KEY_PREVIOUS',
  'BINANCE_KEY_PASSPHRASE',
  'PAGERDUTY_ROUTING_KEY',
  'ALERT_WEBHOOK_URL',
  'ALERT_WEBHOOK_SECRET',
  'HEARTBEAT_URL',
];
/** Shorter ones are words. */
const SHORTEST = 12;
/** Keys, HMAC secrets and signatures: too many to look for one by one, so what looks like one is looked up. */
const LONG = /[A-Za-z0-9+/%]{43,}/g;
const IS_LONG = /^[A-Za-z0-9+/]{43,}$/;
const HEX_LENGTH = 64;
const AROUND = 100;

const long = new Map<string, string>();
const short = new Map<string, string>();

/** For the next test file of this process. */
export function forgetSecrets(): void {
  long.clear();
  short.clear();
}

export function registerSecret(kind: string, value: string | null | undefined): void {
  if (value == null || value.length < SHORTEST) return;
  const bare = value.replace(/=+$/, '');
  if (IS_LONG.test(bare)) {
    long.set(bare, kind);
    return;
  }
  short.set(value, kind);
  short.set(encodeURIComponent(value), kind);
}

/** An HMAC secret or a PEM, which leaks in any of its lines. */
export function registerKeyMaterial(material: string): void {
  const kind = material.includes('-----BEGIN') ? 'private key' : 'key secret';
  for (const line of material.split('\n')) if (!line.startsWith('-----')) registerSecret(kind, line.trim());
}

/** Of a process or of `loadConfig`: those settings that hold a secret, or name a file that does. */
export function registerSettings(settings: Readonly<Record<string, string | undefined>>): void {
  for (const name of SECRET_SETTINGS) {
    registerSecret(name, settings[name]);
    const file = settings[`${name}_FILE`];
    if (file !== undefined && existsSync(file)) registerSecret(name, readFileSync(file, 'utf8').trim());
  }
  registerSecret('Redis password', /^rediss?:\/\/[^/]*:([^@/]+)@/.exec(settings.REDIS_URL ?? '')?.[1]);
}

/** The first secret in this text; null: there is none. */
export function leakIn(text: string): Leak | null {
  const first = find(text);
  if (first === null) return null;
  let clean = text;
  // Struck out before it is cut: half a secret would not be recognised any more.
  for (let found: Found | null = first; found !== null; found = find(clean)) {
    clean = `${clean.slice(0, found.at)}[${found.kind} found]${clean.slice(found.at + found.length)}`;
  }
  const around = clean.slice(Math.max(0, first.at - AROUND), first.at + AROUND);
  return { kind: first.kind, around: around.replaceAll(/\s+/g, ' ') };
}

function find(text: string): Found | null {
  for (const [kind, pattern] of PATTERNS) {
    const match = pattern.exec(text);
    if (match !== null) return { kind, at: match.index, length: match[0].length };
  }
  for (const [value, kind] of short) {
    const at = text.indexOf(value);
    if (at >= 0) return { kind, at, length: value.length };
  }
  for (const { 0: like, index: at } of long.size === 0 ? [] : text.matchAll(LONG)) {
    const kind = kindOf(like);
    if (kind !== null) return { kind, at, length: like.length };
  }
  return null;
}

/** Other characters may stand right before or after the 64 of a key, the `n` of an escaped line break, say. */
function kindOf(like: string): string | null {
  const decoded = like.includes('%')
    ? like.replace(/%(2B|2F)/gi, (_, hex) => (/b/i.test(hex) ? '+' : '/'))
    : like;
  for (const candidate of [decoded, decoded.slice(0, HEX_LENGTH), decoded.slice(-HEX_LENGTH)]) {
    const kind = long.get(candidate);
    if (kind !== undefined) return kind;
  }
  return null;
}
