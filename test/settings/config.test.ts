import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigFaults, loadConfig } from '../../src/settings/config.ts';
import { redisSettings } from '../../src/settings/redis-settings.ts';

const GOOD = {
  SLACK_BOT_TOKEN: 'xoxb-1-secret-token',
  SLACK_SIGNING_SECRET: '0123456789abcdef0123456789abcdef',
  REDIS_URL: 'redis://:hunter2@127.0.0.1:6379/0',
  BINANCE_ACCOUNTS_FILE: '/run/secrets/accounts.json',
  CLOSE_CHANNEL: 'C0DESK1',
  CLOSE_REQUESTERS: 'U0REQ, S0DESK',
  CLOSE_APPROVERS: 'U0ALICE,U0BOB,U0CAROL',
  AUDIT_KEY: 'ab'.repeat(32),
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
      transport: { kind: 'http' },
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
    expect(config.people.viewers).toEqual(['U0REQ', 'S0DESK', 'U0ALICE', 'U0BOB', 'U0CAROL']);
    expect(config.auditKey).toEqual(new Uint8Array(32).fill(0xab));
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
      'CLOSE_REQUESTERS is missing: who may ask for a close',
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
      'REDIS_TLS_SERVER_NAME is set, but there is no TLS',
    ],
    [
      'a CA file that is not there',
      { REDIS_URL: 'rediss://redis', REDIS_TLS_CA_FILE: '/nowhere/ca.pem' },
      'REDIS_TLS_CA_FILE names a file that cannot be read (ENOENT)',
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
    expect(redisSettings(redis)).toMatchObject({
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
      'SLACK_BOT_TOKEN_FILE names a file that cannot be read (ENOENT)',
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
});
