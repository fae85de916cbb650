/** No secret gets past the logger, wherever in a line it stands. */

import { Big } from 'big.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger, errorText } from '../../src/ops/logger.ts';
import { redact } from '../../src/slack/slack-log.ts';

function logged(fields: object, message = 'said'): string {
  const lines: string[] = [];
  createLogger('trace', { write: (line: string) => void lines.push(line) }).info(fields, message);
  return lines.join('');
}

const SECRET_NAMES = [
  'token',
  'botToken',
  'appToken',
  'signingSecret',
  'apiKey',
  'secret',
  'signature',
  'passphrase',
  'password',
  'authorization',
  'response_url',
  'responseUrl',
  'cookie',
  'routingKey',
  'heartbeatUrl',
];

describe('fields with secret names', () => {
  it('lose their values at any depth, in lists and errors, too', () => {
    const anyHolder = fc.letrec<{ holder: unknown }>((tie) => ({
      holder: fc.oneof(
        { maxDepth: 12 },
        fc.constant('innocent'),
        fc.array(tie('holder'), { maxLength: 3 }),
        fc.constantFrom(...SECRET_NAMES).map((name) => ({ [name]: 'hush-hush', kept: 1 })),
        fc.dictionary(fc.constantFrom('config', 'headers', 'err', 'a'), tie('holder'), { maxKeys: 3 }),
        fc.record({ cause: tie('holder') }).map((hung) => Object.assign(new Error('boom'), hung)),
      ),
    })).holder;
    fc.assert(fc.property(anyHolder, (holder) => !logged({ holder, err: holder }).includes('hush-hush')));
  });

  it('lose them when they are objects', () => {
    expect(JSON.parse(logged({ secret: { deep: 'hush-hush' }, other: { deep: 'shown' } }))).toMatchObject({
      secret: '[removed]',
      other: { deep: 'shown' },
    });
  });

  it('leave what was logged as it was', () => {
    const fields = { outer: { apiKey: 'hush-hush' } };
    logged(fields);
    expect(fields.outer.apiKey).toBe('hush-hush');
  });
});

describe('other values', () => {
  it('appear as JSON would show them', () => {
    const fields = {
      at: new Date(0),
      amount: new Big('1.50'),
      none: null,
      list: [1, 'two', null],
      no: undefined,
    };
    expect(JSON.parse(logged(fields))).toMatchObject(JSON.parse(JSON.stringify(fields)));
  });

  it('never fail a log call: the line says what could not be shown', () => {
    const thrower = {
      toJSON() {
        throw new TypeError('not today');
      },
    };
    expect(logged({ thrower }, 'said all the same')).toMatch(/not today.*said all the same/);
  });

  it('stay short for what is all tied together', () => {
    const nodes: Record<string, unknown>[] = Array.from({ length: 9 }, () => ({}));
    for (const node of nodes) for (const [at, other] of nodes.entries()) node[`to${at}`] = other;
    expect(logged({ nodes }).length).toBeLessThan(100_000);
  });

  it('do not fail for what goes in circles or deeper than anybody reads', () => {
    const circle: Record<string, unknown> = {};
    circle.again = circle;
    expect(logged({ circle })).toContain('[too deep]');
  });

  it('show an error with its causes, by itself or in a field', () => {
    const error = new Error('outer', { cause: new Error('inner') });
    expect(JSON.parse(logged({ err: error })).err).toMatchObject({ type: 'Error', message: 'outer: inner' });
    expect(JSON.parse(logged({ why: error })).why.message).toBe('outer: inner');
    expect(JSON.parse(logged(error)).err.message).toBe('outer: inner');
  });
});

describe('secrets inside free text', () => {
  it('leave a line of JSON behind, and the next line alone', () => {
    const shapes = [
      'signature=x',
      'xoxb-1',
      'whsec_A',
      `routing_key: ${'0'.repeat(32)}`,
      'https://hooks.slack.com/a',
      'redis://u:p',
      '-----BEGIN PRIVATE KEY-----\nab',
    ];
    const text = fc.tuple(
      fc.constantFrom(...shapes),
      fc.string(),
      fc.constantFrom('"', '\\', '\n', '@', "'", ' '),
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (parts) => {
        const line = logged({ text: parts.flat().join('') });
        expect(line.endsWith('}\n')).toBe(true);
        expect(JSON.parse(line)).toMatchObject({ msg: 'said', app: 'loandesk' });
      }),
    );
  });

  it.each([
    ['xoxb-1-abc', '[token]'],
    ['xapp-1-abc', '[token]'],
    ['whsec_abc', '[secret]'],
    [`webhook-signature: v1,${'abc'.repeat(14)}=`, '[signature]'],
    [`{"routing_key":"${'abc'.repeat(11)}"}`, '[removed]'],
    ['GET /x?a=1&signature=abc%2B: refused', 'signature=[removed]'],
    ['GET /x?a=1&SIGNATURE=abc', 'signature=[removed]'],
    ['rediss://user:pass@host:6379', 'rediss://[removed]@host'],
    ['http://user:pass@proxy:80a', 'http://[removed]@proxy'],
    ['https://user:pass@w/o@rd@proxy.example.com', 'https://[removed]@proxy.example.com'],
    ['https://hooks.slack.com/commands/T1/2/abc', '[response url]'],
    ['-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----', '[private key]'],
    ['-----BEGIN ENCRYPTED PRIVATE KEY-----\nabc', '[private key]'],
  ])('%j', (text, shown) => {
    for (const line of [logged({ text }), logged({ err: new Error(text) }), logged({}, text)]) {
      expect(line).toContain(shown);
      expect(line).not.toContain('abc');
      expect(line).not.toContain('pass@');
    }
  });

  it('fault W3, relative: an error is printed with its stack and causes, and without what is hung on it', () => {
    const cause = Object.assign(new TypeError('Invalid URL'), { input: 'http://user:pass-word@proxy:80a' });
    const command = { name: 'auth', args: ['user', 'pass-word'] };
    const error = Object.assign(new Error('at redis://user:pass-word@redis/0', { cause }), { command });
    const text = errorText(error);
    expect(text).toMatch(/^Error: at redis:\/\/\[removed\]@redis\/0\n\s+at /);
    expect(text).toMatch(/\ncaused by TypeError: Invalid URL\n\s+at /);
    expect(text).not.toContain('pass-word');
    expect(errorText('thrown xoxb-1-abc')).toBe('thrown [token]');
  });
});

it('texts of Slack hold no part of a password, whatever characters it has', () => {
  expect(redact('no answer from http://user:p)a>s@proxy:3128/ in time')).toBe('no answer from [url] in time');
  expect(redact('POST https://hooks.slack.com/commands/T0/1/secret failed')).toBe(
    'POST [response url] failed',
  );
});
