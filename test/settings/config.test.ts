import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigFaults, loadConfig } from '../../src/settings/config.ts';

/** As `openssl rand -hex 32` would write them, and known to nobody's bot. */
const KEY = '7d1f0a93c45be268f1973aa0d2e84c6655b9107cfe2383d94a6e10b7c8f25d31';
const FORMER_KEY = '3b9c5e21d8f704a6917be053c2d64f18ac70395ee1f28b4dd7065a1c98e3b4f2';

const GOOD = {
  SLACK_BOT_TOKEN: 'xoxb-1-secret-token',
  SLACK_SIGNING_SECRET: '0123456789abcdef0123456789abcdef',
  REDIS_URL: 'redis://:hunter2@127.0.0.1:6379/0',
  BINANCE_ACCOUNTS_FILE: '/run/secrets/accounts.json',
  CLOSE_CHANNEL: 'C0DESK1',
  CLOSE_REQUESTERS: 'U0REQ, S0DESK',
  CLOSE_APPROVERS: 'U0ALICE,U0BOB,U0CAROL',
  AUDIT_KEY: KEY,
};

function faultsOf(environment: Record<string, string | undefined>): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('have the documented defaults', () => {
    const config = loadConfig(GOOD);
    expect(config.slack).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      apiUrl: 'https://slack.com/api/',
      signingSecret: GOOD.SLACK_SIGNING_SECRET,
      appToken: null,
    });
    expect(config.redis.prefix).toBe('loandesk');
    expect(config.binance.apiUrl).toBe('https://api.binance.com');
    expect(config.closePolicy).toMatchObject({
      quorum: 2,
      requesterMayApprove: false,
      expiresAfterMs: 14_400_000,
      mode: 'live',
    });
    expect(Object.values(config.thresholds).map(String)).toEqual(['0.8', '0.83', '0.85', '0.9']);
    // Requesters and approvers of the time.
    expect(config.people.viewers).toBeNull();
    expect(config.auditKeys).toEqual({ current: new Uint8Array(Buffer.from(KEY, 'hex')), previous: [] });
    expect(config.warnings).toEqual([]);
  });

  it('name every fault at once', () => {
    expect(
      faultsOf({
        PORT: '99999',
        CLOSE_QUORUM: '0',
        CLOSE_EXPIRES: 'soon',
        CLOSE_CHANNEL: '#loan-desk',
        LTV_INITIAL: '80',
      }),
    ).toEqual([
      'SLACK_BOT_TOKEN is missing: the bot token of the Slack app (xoxb-…)',
      'PORT: expected a whole number from 0 to 65535',
      'BINANCE_ACCOUNTS_FILE is missing: the JSON file with the accounts and their keys',
      'CLOSE_CHANNEL: expected a channel id (C… or G…), not a name',
      'CLOSE_REQUESTERS is missing: who may request a close',
      'CLOSE_APPROVERS is missing: who may approve a close',
      'CLOSE_QUORUM: expected a whole number from 1 to 20',
      'CLOSE_EXPIRES: expected a time from 1m to 7d, such as 90m or 4h',
      'LTV_INITIAL: expected a fraction between 0 and 1, such as 0.85',
      'AUDIT_KEY is missing: at least 32 random bytes in hex or base64 (openssl rand -hex 32)',
      'SLACK_SIGNING_SECRET (HTTP mode) or SLACK_APP_TOKEN (Socket Mode) is missing',
      'REDIS_URL is missing (or REDIS_SENTINELS with REDIS_SENTINEL_NAME, or REDIS_CLUSTER_NODES)',
    ]);
  });

  it.each([
    [
      'both transports',
      { SLACK_APP_TOKEN: 'xapp-1-abc' },
      'SLACK_SIGNING_SECRET and SLACK_APP_TOKEN are both set',
    ],
    [
      'sentinels without a name',
      { REDIS_SENTINELS: 'a:26379' },
      'REDIS_SENTINELS and REDIS_SENTINEL_NAME belong together',
    ],
    [
      'sentinels and a cluster',
      { REDIS_SENTINELS: 'a:1', REDIS_SENTINEL_NAME: 'm', REDIS_CLUSTER_NODES: 'b:1' },
      'both set',
    ],
    ['a short audit key', { AUDIT_KEY: 'ab'.repeat(31) }, 'AUDIT_KEY: expected at least 32 random bytes'],
    [
      'an audit key of other signs',
      { AUDIT_KEY: 'key with spaces and more than thirty-two signs in it' },
      'AUDIT_KEY',
    ],
    ['names in place of ids', { CLOSE_APPROVERS: '@alice,@bob' }, 'CLOSE_APPROVERS: expected Slack user ids'],
    [
      'too few approvers',
      { CLOSE_APPROVERS: 'U0ALICE' },
      'CLOSE_APPROVERS names fewer people than CLOSE_QUORUM (2)',
    ],
    [
      'one approver with two accounts',
      { CLOSE_APPROVERS: 'U0A1,U0A2', CLOSE_SAME_PERSON: 'U0A1=U0A2' },
      'fewer people',
    ],
    [
      'one person alone',
      { CLOSE_QUORUM: '1', CLOSE_REQUESTER_MAY_APPROVE: 'true' },
      'let one person close alone',
    ],
    [
      'an account in two groups',
      { CLOSE_SAME_PERSON: 'U0A2=U0A1,U0A3=U0A1' },
      'CLOSE_SAME_PERSON names an account twice',
    ],
    ['nobody to ask', { CLOSE_REQUESTERS: ' ,, ' }, 'CLOSE_REQUESTERS: expected Slack user ids'],
    ['levels out of order', { LTV_MARGIN_CALL: '0.95' }, 'expected each above the one before it'],
    ['an unknown mode', { CLOSE_MODE: 'yolo' }, 'CLOSE_MODE: expected live or dry-run'],
    [
      'a Sentinel password without Sentinels',
      { REDIS_SENTINEL_PASSWORD: 'hunter2' },
      'REDIS_SENTINEL_PASSWORD is set without REDIS_SENTINELS',
    ],
    [
      'a Sentinel user without a password',
      { REDIS_SENTINELS: 'a:1', REDIS_SENTINEL_NAME: 'm', REDIS_SENTINEL_USERNAME: 'w' },
      'REDIS_SENTINEL_USERNAME is set without REDIS_SENTINEL_PASSWORD',
    ],
    [
      'a name for certificates without TLS',
      { REDIS_TLS_SERVER_NAME: 'redis.example.com' },
      'REDIS_TLS_SERVER_NAME is set without TLS',
    ],
    [
      'a CA file that is not there',
      { REDIS_URL: 'rediss://redis', REDIS_TLS_CA_FILE: '/nowhere/ca.pem' },
      "REDIS_TLS_CA_FILE names a file that can't be read (ENOENT)",
    ],
    [
      'a CA file without a certificate',
      { REDIS_URL: 'rediss://redis', REDIS_TLS_CA_FILE: 'package.json' },
      'REDIS_TLS_CA_FILE names a file without a certificate',
    ],
    [
      'a web address as Redis',
      { REDIS_URL: 'http://redis' },
      'REDIS_URL: expected a URL that begins with redis://',
    ],
  ])('refuse %s', (_, changes, text) => {
    expect(faultsOf({ ...GOOD, ...changes }).join('\n')).toContain(text);
  });

  it('give the nodes behind Sentinels their user, database and TLS, and the Sentinels their own user', () => {
    const { redis } = loadConfig({
      ...GOOD,
      REDIS_URL: 'rediss://desk:hunter%202@nodes/3',
      REDIS_SENTINELS: 'one:26379,[::1]:26380',
      REDIS_SENTINEL_NAME: 'desk',
      REDIS_SENTINEL_USERNAME: 'watch',
      REDIS_SENTINEL_PASSWORD: 'other',
      REDIS_TLS_SERVER_NAME: 'redis.example.com',
    });
    expect(redis.connection).toMatchObject({
      sentinels: ['rediss://one:26379', 'rediss://[::1]:26380'],
      name: 'desk',
      username: 'desk',
      password: 'hunter 2',
      database: 3,
      sentinelUsername: 'watch',
      sentinelPassword: 'other',
      tls: { serverName: 'redis.example.com' },
    });
  });

  it('take secrets from files, and say which file cannot be read without its content', () => {
    const folder = mkdtempSync(join(tmpdir(), 'loandesk-config-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'token');
    writeFileSync(file, 'xoxb-from-a-file\n');
    const { SLACK_BOT_TOKEN: _, ...rest } = GOOD;
    expect(loadConfig({ ...rest, SLACK_BOT_TOKEN_FILE: file }).slack.botToken).toBe('xoxb-from-a-file');
    expect(faultsOf({ ...rest, SLACK_BOT_TOKEN_FILE: join(folder, 'none') })).toEqual([
      "SLACK_BOT_TOKEN_FILE names a file that can't be read (ENOENT)",
    ]);
    expect(faultsOf({ ...GOOD, SLACK_BOT_TOKEN_FILE: file })).toEqual([
      'SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set: expected one of them',
    ]);
  });

  it('never repeat a value in a fault', () => {
    const faults = faultsOf({
      ...GOOD,
      SLACK_BOT_TOKEN: 'hunter2',
      AUDIT_KEY: 'hunter2',
      REDIS_URL: 'http://hunter2',
      CLOSE_APPROVERS: 'hunter2',
    });
    expect(faults.length).toBeGreaterThanOrEqual(4);
    expect(faults.join('\n')).not.toContain('hunter2');
  });

  it.each([
    ['fault W3', 'HTTP_PROXY', 'http://user:hunter2@host:80a'],
    ['fault W3, relative', 'HTTPS_PROXY', 'http://user:hunter2%@host:80'],
    ['fault W3, relative', 'https_proxy', 'http://user:hunter2/x@host:80'],
    ['fault W3, relative', 'http_proxy', 'http://user:12#hunter2@host:80'],
    ['fault W3, relative', 'HTTP_PROXY', 'user:hunter2@host:80a'],
    ['fault W3, relative', 'HTTP_PROXY', 'socks5://user:hunter2@host:1080'],
  ])('%s: %s=%j is named without its value', (_, name, value) => {
    const faults = faultsOf({ ...GOOD, [name]: value });
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^${name}: expected http://host:port`))]);
    expect(faults[0]).not.toContain('hunter2');
  });

  it.each([
    ['proxy:3128', 'http://proxy:3128'],
    ['user:hunter2@proxy.example.com:3128', 'http://user:hunter2@proxy.example.com:3128'],
    ['[::1]:3128', 'http://[::1]:3128'],
    ['https://proxy:3129/', 'https://proxy:3129/'],
    ['HTTP://proxy', 'HTTP://proxy'],
  ])('fault W3: a proxy may be written %j', (written, used) => {
    const { proxy } = loadConfig({
      ...GOOD,
      HTTPS_PROXY: written,
      http_proxy: written,
      NO_PROXY: 'redis',
    });
    expect(proxy).toEqual({ httpProxy: used, httpsProxy: used, noProxy: 'redis' });
  });

  it.each([
    ['fault W4', 'redis://h/name', /^REDIS_URL: expected a database number behind the host/],
    ['fault W4, relative', 'rediss://:hunter2@h:6379/0x1', /^REDIS_URL: expected a database number/],
    ['fault W4, relative', 'redis://h/1/2', /^REDIS_URL: expected a database number/],
    ['fault W4, relative', 'redis://h/?db=3', /^REDIS_URL: expected nothing after host, port and database/],
    ['fault W5', 'redis://:hunter2%@h:6379', /^REDIS_URL: expected special characters .* percent-encoded/],
    ['fault W5, relative', 'redis://hunter2%zz:pass@h', /^REDIS_URL: expected special characters/],
    ['fault W5, relative', 'redis://:hunter2/x@h:6379', /^REDIS_URL: expected .*percent-encoded/],
    ['fault W5, relative', 'redis://u:12#hunter2@h:6379', /^REDIS_URL: expected .*percent-encoded/],
    ['fault W5, relative', 'redis://u:12?hunter2@h:6379', /^REDIS_URL: expected .*percent-encoded/],
  ])('%s: REDIS_URL=%j is named without its value', (_, value, text) => {
    const faults = faultsOf({ ...GOOD, REDIS_URL: value });
    expect(faults).toEqual([expect.stringMatching(text)]);
    expect(faults[0]).not.toContain('hunter2');
  });

  it('fault W4, relative: a Cluster has no database but the first', () => {
    const cluster = (url: string) => faultsOf({ ...GOOD, REDIS_CLUSTER_NODES: 'a:6379', REDIS_URL: url });
    expect(cluster('redis://u:p@nodes/3')).toEqual([
      expect.stringMatching(/^REDIS_URL: expected no database/),
    ]);
    expect(cluster('redis://u:p@nodes/0')).toEqual([]);
  });

  it.each([
    ['%25%40%3A%2F%23%3F', '%@:/#?'],
    ['p%20w%C3%A9', 'p wé'],
    ['!$&*()_+=;,~-', '!$&*()_+=;,~-'],
  ])('fault W5: a password %j in REDIS_URL is %j', (written, meant) => {
    const { redis } = loadConfig({
      ...GOOD,
      REDIS_URL: `redis://u:${written}@nodes`,
      REDIS_SENTINELS: 'a:26379',
      REDIS_SENTINEL_NAME: 'desk',
    });
    expect(redis.connection).toMatchObject({ password: meant });
  });

  it.each([
    ['fault W6', '[::1]', '::1'],
    ['fault W6, relative', '::', '::'],
    ['fault W6, relative', '0.0.0.0', '0.0.0.0'],
    ['fault W6, relative', 'localhost', 'localhost'],
  ])('%s: HOST=%s is %s', (_, written, meant) => {
    expect(loadConfig({ ...GOOD, HOST: written }).slack.host).toBe(meant);
  });

  it.each(['localhost:3000', 'http://localhost', '[::1]:3000', '*', 'a b'])(
    'fault W6, relative: HOST=%s is named',
    (written) => {
      expect(faultsOf({ ...GOOD, HOST: written })).toEqual([
        expect.stringMatching(/^HOST: expected an address or a name alone/),
      ]);
    },
  );

  it.each([
    ['fault W10', { SLACK_BOT_TOKEN: 'xoxb-…' }, 'SLACK_BOT_TOKEN still holds the placeholder'],
    [
      'fault W10',
      { SLACK_SIGNING_SECRET: `"${'0123456789abcdef'.repeat(2)}"` },
      'SLACK_SIGNING_SECRET stands in quotes',
    ],
    ['fault W10, relative', { SLACK_BOT_TOKEN: 'xoxb-your-token-here' }, 'SLACK_BOT_TOKEN still holds'],
    ['fault W10, relative', { SLACK_BOT_TOKEN: 'xoxb-1-2 3' }, 'SLACK_BOT_TOKEN: expected a bot token'],
    [
      'fault W10, relative',
      { SLACK_SIGNING_SECRET: 'your-signing-secret' },
      'SLACK_SIGNING_SECRET still holds',
    ],
    ['fault W10, relative', { SLACK_SIGNING_SECRET: '0123456789abcdef=' }, 'SLACK_SIGNING_SECRET: expected'],
    ['fault W10, relative', { CLOSE_CHANNEL: 'C…' }, 'CLOSE_CHANNEL still holds the placeholder'],
    ['fault W10, relative', { CLOSE_APPROVERS: "'U0ALICE,U0BOB'" }, 'CLOSE_APPROVERS stands in quotes'],
    ['fault W10, relative', { AUDIT_KEY: '<openssl rand -hex 32>' }, 'AUDIT_KEY still holds the placeholder'],
    [
      'fault W10, relative',
      { BINANCE_API_URL: 'https://u:hunter2@h' },
      'BINANCE_API_URL: expected a URL without user',
    ],
  ])('%s: %j is named', (_, changes, text) => {
    const faults = faultsOf({ ...GOOD, ...changes });
    expect(faults).toEqual([expect.stringContaining(text)]);
    for (const value of Object.values(changes)) expect(faults[0]).not.toContain(value);
  });

  it('fault W10, relative: the example file as it is names each placeholder in it', () => {
    const example = Object.fromEntries(
      readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
        .split('\n')
        .flatMap((line) => {
          const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
          return name === undefined || value === undefined ? [] : [[name, value]];
        }),
    );
    const placeholders = Object.entries(example).filter(([, value]) => value.includes('…'));
    expect(placeholders.length).toBeGreaterThan(2);
    const faults = faultsOf(example);
    for (const [name] of placeholders) {
      expect(faults.filter((fault) => fault.startsWith(name))).toEqual([
        expect.stringContaining('still holds the placeholder'),
      ]);
    }
  });

  it.each([
    ['fault W11', '0'.repeat(64)],
    ['fault W11, relative', 'ab'.repeat(32)],
    ['fault W11, relative', '0123456789abcdef'.repeat(4)],
    ['fault W11, relative', Buffer.from(Array.from({ length: 32 }, (_, byte) => byte)).toString('hex')],
    ['fault W11, relative', Buffer.alloc(32, 7).toString('base64')],
    ['fault W11, relative', 'the-audit-key-of-the-loan-desk-in-production'],
  ])('%s: AUDIT_KEY=%s is too regular', (_, key) => {
    expect(faultsOf({ ...GOOD, AUDIT_KEY: key })).toEqual([
      expect.stringMatching(/^AUDIT_KEY: too regular to be random/),
    ]);
  });

  it('fault W11, relative: no key from a source of chance is refused, in hex or in base64', () => {
    for (let key = 0; key < 2_000; key += 1) {
      const bytes = randomBytes(32);
      const encoding = (['hex', 'base64', 'base64url'] as const)[key % 3];
      expect(faultsOf({ ...GOOD, AUDIT_KEY: bytes.toString(encoding) })).toEqual([]);
    }
  });

  it('fault W11: former keys are handed over beside the current one, also those that would be refused today', () => {
    const folder = mkdtempSync(join(tmpdir(), 'loandesk-config-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const zeros = '0'.repeat(64);
    writeFileSync(join(folder, 'keys'), `${FORMER_KEY}\n${zeros}\n`);
    const previous = [FORMER_KEY, zeros].map((key) => new Uint8Array(Buffer.from(key, 'hex')));
    const listed = loadConfig({ ...GOOD, AUDIT_KEY_PREVIOUS: `${FORMER_KEY}, ${zeros}` });
    expect(listed.auditKeys.previous).toEqual(previous);
    const inFile = loadConfig({ ...GOOD, AUDIT_KEY_PREVIOUS_FILE: join(folder, 'keys') });
    expect(inFile.auditKeys.previous).toEqual(previous);
    expect(faultsOf({ ...GOOD, AUDIT_KEY_PREVIOUS: `${FORMER_KEY},hunter2` })).toEqual([
      'AUDIT_KEY_PREVIOUS: expected former values of AUDIT_KEY, separated by commas',
    ]);
  });

  it.each([
    ['CLOSE_MOD', 'CLOSE_MODE'],
    ['CLOSE_APROVERS', 'CLOSE_APPROVERS'],
    ['CLOES_QUORUM', 'CLOSE_QUORUM'],
    ['close_mode', 'CLOSE_MODE'],
    ['VIEWER', 'VIEWERS'],
    ['AUDIT_KEY_PREVIOS', 'AUDIT_KEY_PREVIOUS'],
    ['REDIS_MAY_FORGETT', 'REDIS_MAY_FORGET'],
  ])('warn of %s, which looks like %s and is not read', (name, meant) => {
    const text = `${name} is set, but Loandesk doesn't read it: did you mean ${meant}?`;
    expect(loadConfig({ ...GOOD, [name]: 'dry-run' }).warnings).toEqual([text]);
    // Where the start fails, it may be why.
    expect(faultsOf({ ...GOOD, [name]: 'dry-run', PORT: 'x' })).toContain(text);
  });

  it('warn of a file for what is no secret, and of nothing that other programs set', () => {
    expect(loadConfig({ ...GOOD, CLOSE_MODE_FILE: '/run/mode' }).warnings).toEqual([
      "CLOSE_MODE_FILE is set, but Loandesk doesn't read it: only secrets can be given as files, set CLOSE_MODE",
    ]);
    const others = {
      ...{ PATH: '/bin', HOSTS: 'a', PORTS: '1', POST: '1', HOSTNAME: 'bot', LOGNAME: 'bot', TZ: 'UTC' },
      ...{
        REDIS_PORT: 'tcp://10.0.0.1:6379',
        REDIS_SERVICE_HOST: '10.0.0.1',
        LOANDESK_PORT: 'tcp://10.0.0.2:3000',
      },
      ...{ FTP_PROXY: 'x', ALL_PROXY: 'x', NODE_ENV: 'production', OTEL_SERVICE_NAME: 'loandesk' },
    };
    expect(loadConfig({ ...GOOD, ...others }).warnings).toEqual([]);
  });
});

describe('traces are asked for', () => {
  const name = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const ENDPOINT = { [name]: 'http://collector:4318' };
  it.each([
    ['by an endpoint', ENDPOINT, name],
    [
      'by an endpoint for traces',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c/v1/traces' },
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    ],
    [
      'by an exporter, which has an endpoint of its own',
      { OTEL_TRACES_EXPORTER: 'otlp' },
      'OTEL_TRACES_EXPORTER',
    ],
    ['although disabling is written down', { ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }, name],
    ['not without a variable', {}, null],
    ['not by an empty one', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ', OTEL_TRACES_EXPORTER: '' }, null],
    ['not by one for metrics', { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c' }, null],
    ['not by a name alone', { OTEL_SERVICE_NAME: 'desk' }, null],
    ['not if disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, null],
    ['not with "none"', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, null],
  ])('%s', (_, variables, askedForBy) => {
    expect(loadConfig({ ...GOOD, ...variables }).tracesAskedForBy).toBe(askedForBy);
  });
});
