/** Only what Slack signed, lately, gets in: over HTTP, in front of Bolt's own check. */
import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { App, ReceiverEvent } from '@slack/bolt';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createHttpTransport, type RefusedRequest } from '../../src/slack/http-transport.ts';
import { QUIET } from '../support/logs.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const SECRET = 'a-signing-secret';
const FORM = 'application/x-www-form-urlencoded';

function headers(body: Uint8Array, { atMs = NOW_MS, secret = SECRET } = {}) {
  const timestamp = String(Math.floor(atMs / 1000));
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex');
  return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${digest}` };
}

/** The bot's way in, with an app behind it that acks whatever reaches it. */
async function open(signingSecret: string) {
  const refused: RefusedRequest[] = [];
  const transport = createHttpTransport({
    signingSecret,
    routes: [],
    log: QUIET,
    now: Date.now,
    onRefused: (why) => void refused.push(why),
  });
  transport.receiver.init({ processEvent: ({ ack }: ReceiverEvent) => ack() } as unknown as App);
  await transport.open({ host: '127.0.0.1', port: 0 });
  const { port } = transport.server.address() as AddressInfo;
  return {
    close: () => transport.close(),
    /** Null: it reached the app. Otherwise why it was refused. */
    faultOf: async (given: Record<string, string>, body: Uint8Array): Promise<string | null> => {
      refused.length = 0;
      const answer = await fetch(`http://127.0.0.1:${port}/slack/events`, {
        method: 'POST',
        headers: { 'content-type': FORM, ...given },
        body: Buffer.from(body),
      });
      expect(answer.status).toBe(refused.length === 0 ? 200 : 401);
      return refused[0] ?? null;
    },
  };
}

let bot: Awaited<ReturnType<typeof open>>;
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW_MS });
  bot = await open(SECRET);
});
afterAll(async () => {
  await bot.close();
  vi.useRealTimers();
});

const faultOf = (given: Record<string, string>, body: Uint8Array) => bot.faultOf(given, body);

describe('the signature of a request', () => {
  it("accepts the example of Slack's documentation, in its time", async () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const given = {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    };
    vi.setSystemTime(1531420618_000);
    const documented = await open('8f742231b10e8888abcd99yyyzzz85a5');
    expect(await documented.faultOf(given, Buffer.from(body))).toBeNull();
    expect(await documented.faultOf(given, Buffer.from(`${body}&`))).toBe('signature mismatch');
    await documented.close();
    vi.setSystemTime(NOW_MS);
  });

  it('accepts any text that was signed, and no other', async () => {
    const text = fc.string({ unit: 'grapheme' });
    await fc.assert(
      fc.asyncProperty(text, text, async (signed, sent) => {
        const given = headers(Buffer.from(signed));
        expect(await faultOf(given, Buffer.from(signed))).toBeNull();
        expect(await faultOf(given, Buffer.from(sent))).toBe(signed === sent ? null : 'signature mismatch');
      }),
    );
  });

  it('accepts no body with a byte changed, and none that is no text: Slack sends none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1 }), fc.nat(), async (body, at) => {
        const given = headers(body);
        const isText = Buffer.from(Buffer.from(body).toString()).equals(body);
        expect(await faultOf(given, body)).toBe(isText ? null : 'signature mismatch');
        const changed = Uint8Array.from(body);
        const index = at % changed.length;
        changed[index] = (changed[index] ?? 0) ^ 1;
        expect(await faultOf(given, changed)).toBe('signature mismatch');
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
    ['more after it', { ...right, 'x-slack-signature': `${right['x-slack-signature']}=0` }, 'unsigned'],
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
  ])('%s', async (_, given, fault) => {
    expect(await faultOf(given, body)).toBe(fault);
  });
});
