/** The ways out of Slack, each against a real HTTP server. */
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { createCall } from '../../src/pager/outgoing-call.ts';
import { createPagerDuty } from '../../src/pager/pagerduty.ts';
import { createHeartbeat } from '../../src/pager/pagers.ts';
import { createSignedWebhook } from '../../src/pager/signed-webhook.ts';
import { START_MS } from '../support/close-requests.ts';
import { openCase } from '../support/episodes.ts';
import { capturingLog, QUIET } from '../support/logs.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const ROUTING_KEY = '0a1b2c3d4e5f60718293a4b5c6d7e8f9';
const SECRET = `whsec_${Buffer.from('thirty-two bytes, not that random').toString('base64')}`;
const TRIGGERED = openCase({ page: { number: 1, wanted: 'triggered', why: 'no-owner', told: 'none' } });
const trigger = { key: 'C-7K2M9QX4/1', state: 'triggered', episode: TRIGGERED, nextKey: null } as const;

const bodyOf = ({ received }: Receiver, at = -1) => JSON.parse(received.at(at)?.body ?? '');

describe('PagerDuty', () => {
  it('gets trigger, acknowledge and resolve with the same key', async () => {
    const receiver = await startReceiver();
    const pager = createPagerDuty({ apiUrl: receiver.url, routingKey: ROUTING_KEY }, createCall());
    expect(await pager.send(trigger)).toEqual({ ok: true });
    expect(await pager.send({ ...trigger, state: 'acknowledged' })).toEqual({ ok: true });
    expect(await pager.send({ ...trigger, state: 'resolved' })).toEqual({ ok: true });
    expect(receiver.received.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array.from({ length: 3 }, () => 'POST /v2/enqueue'),
    );
    expect(bodyOf(receiver, 0)).toEqual({
      routing_key: ROUTING_KEY,
      event_action: 'trigger',
      dedup_key: 'C-7K2M9QX4/1',
      payload: {
        summary: 'Risk unit 7: LTV 86.12%, margin call, nobody has taken the case. Case C-7K2M9QX4',
        source: 'loandesk',
        severity: 'error',
        timestamp: new Date(START_MS).toISOString(),
        component: 'risk unit 7',
        class: 'margin-call',
        custom_details: { unit: '7', level: 'margin-call', ltv_percent: '86.12', reason: 'no-owner' },
      },
    });
    expect([bodyOf(receiver, 1), bodyOf(receiver, 2)]).toEqual([
      { routing_key: ROUTING_KEY, event_action: 'acknowledge', dedup_key: 'C-7K2M9QX4/1' },
      { routing_key: ROUTING_KEY, event_action: 'resolve', dedup_key: 'C-7K2M9QX4/1' },
    ]);
  });

  it('is critical at liquidation and where the LTV is not defined, and carries no amount and no e-mail', async () => {
    const receiver = await startReceiver();
    const pager = createPagerDuty({ apiUrl: `${receiver.url}/`, routingKey: ROUTING_KEY }, createCall());
    for (const level of ['liquidation', 'undefined-ltv'] as const) {
      const figures = { ...TRIGGERED.figures, ltv: level === 'undefined-ltv' ? null : '0.9127' };
      await pager.send({ ...trigger, episode: { ...TRIGGERED, level, figures } });
      const { payload } = bodyOf(receiver);
      expect(payload.severity).toBe('critical');
      const text = receiver.received.at(-1)?.body ?? '';
      for (const amount of Object.values(figures).filter((each) => String(each).length > 5)) {
        if (amount !== figures.asOfMs) expect(text).not.toContain(String(amount));
      }
      expect(text).not.toContain('@');
    }
  });
});

describe('what can go wrong on the way', () => {
  const pagerAt = (apiUrl: string, timeoutMs = 5_000) =>
    createPagerDuty({ apiUrl, routingKey: ROUTING_KEY }, createCall({ timeoutMs }));

  it('an error is said with its status, and nothing of what was sent', async () => {
    const receiver = await startReceiver();
    receiver.answer = { status: 500 };
    expect(await pagerAt(receiver.url).send(trigger)).toEqual({
      ok: false,
      why: 'it answered with an error (HTTP 500)',
    });
  });

  it('a redirect is not followed: only the configured host is called', async () => {
    const [receiver, other] = [await startReceiver(), await startReceiver()];
    for (const status of [301, 302, 307, 308]) {
      receiver.answer = { status, headers: { location: `${other.url}/v2/enqueue` } };
      expect(await pagerAt(receiver.url).send(trigger)).toEqual({
        ok: false,
        why: `it answered with a redirect, which is not followed (HTTP ${status})`,
      });
    }
    expect([receiver.received.length, other.received.length]).toEqual([4, 0]);
  });

  it('silence is given up, and no address is named', async () => {
    const receiver = await startReceiver();
    receiver.answer = null;
    expect(await pagerAt(receiver.url, 50).send(trigger)).toEqual({
      ok: false,
      why: 'no answer within 0.05 s',
    });
    expect(await pagerAt('http://127.0.0.1:1').send(trigger)).toEqual({
      ok: false,
      why: "it couldn't be reached (ECONNREFUSED)",
    });
    const unknown = await pagerAt('http://no-such-host.invalid').send(trigger);
    expect(unknown).toMatchObject({ ok: false, why: expect.not.stringContaining('no-such-host') });
  });
});

describe('the signed webhook', () => {
  it('is verified by the library of its receivers, and repeats its id when the same event is sent again', async () => {
    const receiver = await startReceiver();
    const webhook = createSignedWebhook(
      { url: `${receiver.url}/in`, secret: SECRET },
      createCall(),
      Date.now,
    );
    await webhook.send(trigger);
    await webhook.send(trigger);
    const [first, second] = receiver.received;
    if (first === undefined || second === undefined) throw new Error('nothing was sent');
    expect(new Webhook(SECRET).verify(first.body, first.headers as Record<string, string>)).toEqual({
      type: 'case.triggered',
      timestamp: new Date(START_MS).toISOString(),
      data: {
        case: 'C-7K2M9QX4',
        incident: 'C-7K2M9QX4/1',
        next_incident: null,
        state: 'triggered',
        summary: 'Risk unit 7: LTV 86.12%, margin call, nobody has taken the case. Case C-7K2M9QX4',
        severity: 'error',
        unit: '7',
        level: 'margin-call',
        ltv_percent: '86.12',
        reason: 'no-owner',
      },
    });
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(() =>
      new Webhook(SECRET).verify(`${first.body} `, first.headers as Record<string, string>),
    ).toThrow();
  });

  it('gives each state of each incident an id of its own', async () => {
    const receiver = await startReceiver();
    const webhook = createSignedWebhook({ url: receiver.url, secret: SECRET }, createCall(), Date.now);
    for (const key of ['C-7K2M9QX4/1', 'C-7K2M9QX4/2'])
      for (const state of ['triggered', 'acknowledged', 'resolved'] as const)
        await webhook.send({ ...trigger, key, state });
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(6);
  });

  const recovered = { ...TRIGGERED, state: 'recovered' } as const;
  it.each([
    [trigger, 'LTV 86.12%, margin call, nobody has taken the case', 'margin-call', 'no-owner'],
    [{ ...trigger, state: 'acknowledged' }, 'somebody has it, LTV 86.12%, margin call', 'margin-call', null],
    [{ ...trigger, state: 'resolved', episode: recovered }, 'recovered', null, null],
    [{ ...trigger, state: 'resolved' }, 'below margin call again', null, null],
    [
      { ...trigger, state: 'resolved', episode: { ...recovered, vanishedAtMs: START_MS } },
      'no longer listed by Binance, the case has ended',
      null,
      null,
    ],
    [
      { ...trigger, state: 'resolved', nextKey: 'C-7K2M9QX4/2' },
      'goes on as incident C-7K2M9QX4/2',
      null,
      null,
    ],
  ] as const)('says how it is at each event (%#)', async (event, text, level, reason) => {
    const receiver = await startReceiver();
    await createSignedWebhook({ url: receiver.url, secret: SECRET }, createCall(), Date.now).send(event);
    const summary = `Risk unit 7: ${text}. Case C-7K2M9QX4`;
    expect(bodyOf(receiver).data).toMatchObject({ summary, level, reason });
  });
});

describe('the heartbeat', () => {
  it('calls the URL, and with /fail behind its path when nothing could be read', async () => {
    const receiver = await startReceiver();
    const beat = createHeartbeat(`${receiver.url}/ping/abc/?rid=1`, createCall(), QUIET);
    await beat(true);
    await beat(false);
    expect(receiver.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /ping/abc/?rid=1',
      'GET /ping/abc/fail?rid=1',
    ]);
  });

  it('logs a failure without the address, and throws nothing', async () => {
    const receiver = await startReceiver();
    receiver.answer = { status: 404 };
    const log = capturingLog();
    await createHeartbeat(`${receiver.url}/ping/long-secret-id`, createCall(), log)(true);
    expect(log.lines.join()).toContain('HTTP 404');
    expect(log.lines.join()).not.toContain('long-secret-id');
    expect(log.lines.join()).not.toContain(receiver.url);
  });
});
