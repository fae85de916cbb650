/** Only what Slack signed, lately, gets in: held against Slack's published example and Bolt's own check. */
import { createHmac } from 'node:crypto';
import { isValidSlackRequest } from '@slack/bolt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signatureFault, signingKey } from '../../src/slack/request-signature.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const SECRET = 'a-signing-secret';

function headers(body: Uint8Array, { atMs = NOW_MS, secret = SECRET } = {}) {
  const timestamp = String(Math.floor(atMs / 1000));
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex');
  return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${digest}` };
}

const faultOf = (given: Record<string, string>, body: Uint8Array, secret = SECRET) =>
  signatureFault(signingKey(secret), given, body, NOW_MS);

describe('the signature of a request', () => {
  it("accepts the example of Slack's documentation, in its time", () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const given = {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    };
    const key = signingKey('8f742231b10e8888abcd99yyyzzz85a5');
    expect(signatureFault(key, given, Buffer.from(body), 1531420618_000)).toBeNull();
    expect(signatureFault(key, given, Buffer.from(`${body}&`), 1531420618_000)).toBe('signature mismatch');
  });

  it('accepts any body that was signed, and no other: as Bolt does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (signed, sent) => {
        const given = headers(Buffer.from(signed));
        const accepted = faultOf(given, Buffer.from(sent)) === null;
        expect(accepted).toBe(signed === sent);
        expect(accepted).toBe(
          isValidSlackRequest({
            signingSecret: SECRET,
            body: sent,
            headers: {
              'x-slack-signature': given['x-slack-signature'],
              'x-slack-request-timestamp': Number(given['x-slack-request-timestamp']),
            },
            nowMilliseconds: NOW_MS,
          }),
        );
      }),
    );
  });

  it('holds for bodies that are no text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (body, at) => {
        const given = headers(body);
        expect(faultOf(given, body)).toBeNull();
        const changed = Uint8Array.from(body);
        const index = at % changed.length;
        changed[index] = (changed[index] ?? 0) ^ 1;
        expect(faultOf(given, changed)).toBe('signature mismatch');
      }),
    );
  });

  const body = Buffer.from('payload=%7B%7D');
  const right = headers(body);
  it.each<[string, Record<string, string>, string | null]>([
    ['signed now', right, null],
    ['five minutes old', headers(body, { atMs: NOW_MS - 300_000 }), null],
    ['older', headers(body, { atMs: NOW_MS - 301_000 }), 'stale'],
    ['a clock a minute ahead', headers(body, { atMs: NOW_MS + 60_000 }), null],
    ['further ahead', headers(body, { atMs: NOW_MS + 61_000 }), 'from the future'],
    ['another secret', headers(body, { secret: 'other' }), 'signature mismatch'],
    ['no headers', {}, 'unsigned'],
    ['no signature', { 'x-slack-request-timestamp': right['x-slack-request-timestamp'] }, 'unsigned'],
    ['an unknown version', { ...right, 'x-slack-signature': `v1=${'0'.repeat(64)}` }, 'unsigned'],
    ['too short', { ...right, 'x-slack-signature': right['x-slack-signature'].slice(0, -1) }, 'unsigned'],
    ['too long', { ...right, 'x-slack-signature': `${right['x-slack-signature']}0` }, 'unsigned'],
    ['two signatures', { ...right, 'x-slack-signature': `${right['x-slack-signature']}, v0=00` }, 'unsigned'],
    [
      'capital letters',
      { ...right, 'x-slack-signature': right['x-slack-signature'].toUpperCase() },
      'unsigned',
    ],
    [
      'another time than was signed',
      { ...right, 'x-slack-request-timestamp': `${NOW_MS / 1000 - 1}` },
      'signature mismatch',
    ],
    ['a time that is no number', { ...right, 'x-slack-request-timestamp': 'NaN' }, 'unsigned'],
    [
      'a time in parts of a second',
      { ...right, 'x-slack-request-timestamp': `${NOW_MS / 1000}.0` },
      'unsigned',
    ],
    ['a time in another notation', { ...right, 'x-slack-request-timestamp': '1e9' }, 'unsigned'],
  ])('%s', (_, given, fault) => {
    expect(faultOf(given, body)).toBe(fault);
  });
});
