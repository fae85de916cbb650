/** The settings of the watch: what they mean, and what stops the start, by name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigFaults, loadConfig } from '../../src/settings/config.ts';
import { parseDigestClock } from '../../src/settings/digest-clock.ts';

const GOOD = {
  SLACK_BOT_TOKEN: 'xoxb-1-secret-token',
  SLACK_SIGNING_SECRET: '0123456789abcdef0123456789abcdef',
  REDIS_URL: 'redis://127.0.0.1:6379/0',
  BINANCE_ACCOUNTS_FILE: '/run/secrets/accounts.json',
  CLOSE_CHANNEL: 'C0DESK1',
  CLOSE_REQUESTERS: 'U0REQ,S0DESK',
  CLOSE_APPROVERS: 'U0ALICE,U0BOB,S0DESK',
  AUDIT_KEY: '7d1f0a93c45be268f1973aa0d2e84c6655b9107cfe2383d94a6e10b7c8f25d31',
};
const ROUTING_KEY = '0a1b2c3d4e5f60718293a4b5c6d7e8f9';
const WEBHOOK_SECRET = `whsec_${Buffer.from('thirty-two bytes, not that random').toString('base64')}`;

const watchOf = (changes: Record<string, string> = {}) => loadConfig({ ...GOOD, ...changes }).watch;

function faultsOf(changes: Record<string, string>): readonly string[] {
  try {
    loadConfig({ ...GOOD, ...changes });
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults;
    throw error;
  }
  return [];
}

describe('the settings of the watch', () => {
  it('have the documented defaults', () => {
    expect(watchOf()).toEqual({
      channel: 'C0DESK1',
      group: ['U0REQ', 'S0DESK', 'U0ALICE', 'U0BOB'],
      everyMs: 15_000,
      levels: [],
      escalateAfterMs: 180_000,
      pageAfterMs: 480_000,
      hasTripwire: false,
      digest: null,
      pagerDuty: null,
      webhook: null,
      heartbeatUrl: null,
    });
  });

  it('WATCH=off: there is no watch, and a faulty setting of it is named all the same', () => {
    expect(watchOf({ WATCH: 'off' })).toBeNull();
    expect(faultsOf({ WATCH: 'off', WATCH_EVERY: '1s' })).toHaveLength(1);
  });

  it('are handed over as they are meant', () => {
    const watch = watchOf({
      WATCH_CHANNEL: 'C0WATCH',
      WATCH_GROUP: 'S0NIGHT',
      WATCH_EVERY: '5m',
      WATCH_LEVELS: '0.75, 0.7',
      WATCH_TRIPWIRE: 'true',
      PAGERDUTY_ROUTING_KEY: ROUTING_KEY,
      PAGERDUTY_API_URL: 'https://events.eu.pagerduty.com',
      ALERT_WEBHOOK_URL: 'https://alerts.example.org/in',
      ALERT_WEBHOOK_SECRET: WEBHOOK_SECRET,
      HEARTBEAT_URL: 'https://beat.example.org/1',
      DIGEST_AT: '08:00 Europe/London mon-fri',
    });
    expect(watch).toMatchObject({
      channel: 'C0WATCH',
      group: ['S0NIGHT'],
      everyMs: 300_000,
      hasTripwire: true,
      pagerDuty: { routingKey: ROUTING_KEY, apiUrl: 'https://events.eu.pagerduty.com' },
      webhook: { url: 'https://alerts.example.org/in', secret: WEBHOOK_SECRET },
      heartbeatUrl: 'https://beat.example.org/1',
      digest: { timeZone: 'Europe/London' },
    });
    expect(watch?.levels.map(String)).toEqual(['0.75', '0.7']);
  });

  it('send nothing over plain HTTP, except to this machine', () => {
    for (const url of ['http://localhost:9/in', 'http://127.0.0.1:9/in', 'http://[::1]:9/in'])
      expect(watchOf({ HEARTBEAT_URL: url })).toMatchObject({ heartbeatUrl: url });
  });

  it('secrets may be files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'loandesk-watch-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), `${text}\n`);
      return join(folder, name);
    };
    expect(
      watchOf({
        PAGERDUTY_ROUTING_KEY_FILE: file('key', ROUTING_KEY),
        ALERT_WEBHOOK_URL_FILE: file('url', 'https://alerts.example.org/in'),
        ALERT_WEBHOOK_SECRET_FILE: file('secret', WEBHOOK_SECRET),
        HEARTBEAT_URL_FILE: file('beat', 'https://beat.example.org/1'),
      }),
    ).toMatchObject({
      pagerDuty: { routingKey: ROUTING_KEY },
      webhook: { url: 'https://alerts.example.org/in', secret: WEBHOOK_SECRET },
      heartbeatUrl: 'https://beat.example.org/1',
    });
  });

  it.each([
    [{ WATCH: 'yes' }, 'WATCH: expected on or off'],
    [{ WATCH_CHANNEL: '#alerts' }, 'WATCH_CHANNEL: expected a channel id'],
    [{ WATCH_EVERY: '4s' }, 'WATCH_EVERY: expected a time from 5s to 5m'],
    [{ WATCH_EVERY: '6m' }, 'WATCH_EVERY: expected a time from 5s to 5m'],
    [{ WATCH_LEVELS: '0.7,75%' }, 'WATCH_LEVELS: expected up to 10 fractions'],
    [{ WATCH_LEVELS: '0' }, 'WATCH_LEVELS: expected up to 10 fractions'],
    [{ WATCH_LEVELS: '0.85' }, 'WATCH_LEVELS: expected fractions below LTV_MARGIN_CALL'],
    [{ WATCH_LEVELS: '0.845', LTV_MARGIN_CALL: '0.84' }, 'WATCH_LEVELS: expected fractions below'],
    [{ WATCH_GROUP: '@night' }, 'WATCH_GROUP: expected Slack user ids'],
    [{ WATCH_ESCALATE_AFTER: '1s' }, 'WATCH_ESCALATE_AFTER: expected a time from 10s to 1d'],
    [{ WATCH_PAGE_AFTER: 'soon' }, 'WATCH_PAGE_AFTER: expected a time from 10s to 1d'],
    [{ PAGERDUTY_ROUTING_KEY: 'hunter2' }, 'PAGERDUTY_ROUTING_KEY: expected the integration key'],
    [{ ALERT_WEBHOOK_URL: 'https://u:hunter2@h', ALERT_WEBHOOK_SECRET: WEBHOOK_SECRET }, 'without user'],
    [{ ALERT_WEBHOOK_URL: 'https://h/in' }, 'ALERT_WEBHOOK_URL and ALERT_WEBHOOK_SECRET belong together'],
    [{ ALERT_WEBHOOK_SECRET: WEBHOOK_SECRET }, 'ALERT_WEBHOOK_URL and ALERT_WEBHOOK_SECRET belong together'],
    [
      { ALERT_WEBHOOK_URL: 'https://h/in', ALERT_WEBHOOK_SECRET: 'whsec_hunter2' },
      'ALERT_WEBHOOK_SECRET: expected whsec_',
    ],
    [{ HEARTBEAT_URL: 'beat.example.org' }, 'HEARTBEAT_URL: expected a URL'],
    [
      { HEARTBEAT_URL: 'http://beat.example.org/hunter2' },
      'HEARTBEAT_URL: expected a URL that begins with https',
    ],
    [
      { ALERT_WEBHOOK_URL: 'http://127.example.org/hunter2', ALERT_WEBHOOK_SECRET: WEBHOOK_SECRET },
      'ALERT_WEBHOOK_URL: expected a URL that begins with https://',
    ],
    [{ PAGERDUTY_API_URL: 'http://10.0.0.1' }, 'PAGERDUTY_API_URL: expected a URL that begins with https://'],
    [{ WATCH_TRIPWIRE: 'maybe' }, 'WATCH_TRIPWIRE: expected true or false'],
    [{ DIGEST_AT: '25:00 UTC' }, 'DIGEST_AT: expected a time'],
    [{ DIGEST_AT: '08:60 UTC' }, 'DIGEST_AT: expected a time'],
    [{ DIGEST_AT: '08:00' }, 'DIGEST_AT: expected a time'],
    [{ DIGEST_AT: '08:00 Europe/Londn' }, 'DIGEST_AT: expected a time'],
    [{ DIGEST_AT: '08:00 UTC mon-funday' }, 'DIGEST_AT: expected a time'],
    [{ DIGEST_AT: '08:00 UTC fri-mon' }, 'DIGEST_AT: expected a time'],
    [{ DIGEST_AT: '08:00 UTC mon,' }, 'DIGEST_AT: expected a time'],
  ])('%j stops the start, by name and without its value', (changes: Record<string, string>, text) => {
    const faults = faultsOf(changes);
    expect(faults).toEqual([expect.stringContaining(text)]);
    expect(faults[0]).not.toContain('hunter2');
  });
});

describe('DIGEST_AT', () => {
  /** All occurrences of three days around a change of the clocks, in UTC. */
  function occurrences(text: string, from: string): string[] {
    const times = parseDigestClock(text);
    if (times === null) throw new Error(`not readable: ${text}`);
    const found: string[] = [];
    const endMs = Date.parse(from) + 3 * 86_400_000;
    for (let at = times.next(Date.parse(from) - 1); at !== null && at < endMs; at = times.next(at)) {
      found.push(new Date(at).toISOString().slice(5, 16));
      // Asked at the very millisecond and a moment later, the latest one is this one; a moment earlier, the one before.
      expect([times.latest(at), times.latest(at + 999)]).toEqual([at, at]);
      expect(times.latest(at - 1)).toBe(times.before(at));
    }
    return found;
  }

  it.each([
    // Clocks go forward: 01:00 to 02:00 in London, 02:00 to 03:00 in New York, 00:00 to 01:00 in Santiago.
    ['08:00 Europe/London', '2026-03-28T00:00Z', ['03-28T08:00', '03-29T07:00', '03-30T07:00']],
    ['01:30 Europe/London', '2026-03-28T00:00Z', ['03-28T01:30', '03-29T01:00', '03-30T00:30']],
    ['08:00 America/New_York', '2026-03-07T05:00Z', ['03-07T13:00', '03-08T12:00', '03-09T12:00']],
    ['02:30 America/New_York', '2026-03-07T05:00Z', ['03-07T07:30', '03-08T07:00', '03-09T06:30']],
    ['08:00 America/Santiago', '2026-09-05T04:00Z', ['09-05T12:00', '09-06T11:00', '09-07T11:00']],
    ['00:30 America/Santiago', '2026-09-05T00:00Z', ['09-05T04:30', '09-06T04:00', '09-07T03:30']],
    // And back: an hour comes twice.
    ['08:00 Europe/London', '2026-10-24T00:00Z', ['10-24T07:00', '10-25T08:00', '10-26T08:00']],
    ['01:30 Europe/London', '2026-10-24T00:00Z', ['10-24T00:30', '10-25T00:30', '10-26T01:30']],
    ['08:00 America/New_York', '2026-10-31T04:00Z', ['10-31T12:00', '11-01T13:00', '11-02T13:00']],
    ['01:30 America/New_York', '2026-10-31T04:00Z', ['10-31T05:30', '11-01T05:30', '11-02T06:30']],
    ['08:00 America/Santiago', '2026-04-04T03:00Z', ['04-04T11:00', '04-05T12:00', '04-06T12:00']],
    ['23:30 America/Santiago', '2026-04-04T02:00Z', ['04-04T02:30', '04-05T02:30', '04-06T03:30']],
  ])('(12) %s from %s is once per day at its hour', (text, from, expected) => {
    expect(occurrences(text, from)).toEqual(expected);
  });

  it('knows days: mon-fri, lists, daily', () => {
    // A Friday.
    expect(occurrences('08:00 UTC mon-fri', '2026-05-01T00:00Z')).toEqual(['05-01T08:00']);
    expect(occurrences('08:00 UTC Sat,Sun', '2026-05-01T00:00Z')).toEqual(['05-02T08:00', '05-03T08:00']);
    expect(occurrences('8:00 UTC daily', '2026-05-01T00:00Z')).toHaveLength(3);
    expect(occurrences('08:00 UTC', '2026-05-01T00:00Z')).toHaveLength(3);
  });
});
