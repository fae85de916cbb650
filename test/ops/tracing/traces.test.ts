/** What a collector receives of a bot at work: one trace an interaction, its parts in their places, and no secrets. */
import { Redis } from 'ioredis';
import { describe, expect, inject, it } from 'vitest';
import { SEED_IDS } from '../../../sandbox/slack/seed.ts';
import { tourOf } from '../../../sandbox/tour.ts';
import { KeyNames } from '../../../src/redis/key-names.ts';
import { pathsOf, rootNamed, startTracedWorld, type TracedWorld } from './traced-world.ts';

const { rina, loanDesk } = SEED_IDS;

/** The entries of the log, by message. */
function entries({ lines }: TracedWorld, message: string): Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === message);
}

/** Asks for unit 7 as Rina, and waits for the answer. */
async function look({ world: { workspace } }: TracedWorld, answer: RegExp): Promise<void> {
  await workspace.as(rina).command('/ltv', '7', { channelId: loanDesk });
  await workspace.until(() =>
    workspace.store.ephemerals(rina).find((message) => answer.test(workspace.renderText(message))),
  );
}

describe('an interaction', () => {
  it('is one trace: the verbs inside, and in them each call to Redis, Slack and the exchange', async () => {
    const traced = await startTracedWorld({
      OTEL_SERVICE_NAME: 'desk-of-the-fund',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20collector-token',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    });
    await look(traced, /Unit 7 · LTV/);
    const { collector } = traced;
    const root = await collector.until(rootNamed('interaction /ltv'));
    expect(pathsOf(collector.spans, root.traceId)).toEqual([
      'interaction /ltv',
      'interaction /ltv > desk viewUnits',
      'interaction /ltv > desk viewUnits > exchange activated',
      'interaction /ltv > desk viewUnits > exchange ltv-details',
      'interaction /ltv > desk viewUnits > redis get',
      'interaction /ltv > desk viewUnits > redis releaseToken',
      'interaction /ltv > desk viewUnits > redis requestOfUnit',
      'interaction /ltv > desk viewUnits > redis reserveWeight',
      'interaction /ltv > desk viewUnits > redis set',
      'interaction /ltv > desk viewUnits > redis takeToken',
      'interaction /ltv > desk viewUnits > slack usergroups.users.list',
      'interaction /ltv > desk viewUnits > slack users.info',
      'interaction /ltv > redis takeToken',
      'interaction /ltv > slack response_url',
    ]);
    const [handled] = entries(traced, 'interaction handled');
    expect(root.attributes).toEqual({
      'loandesk.reference': handled?.reference,
      'loandesk.listener': '/ltv',
      'loandesk.kind': 'command',
      'loandesk.actor': `${SEED_IDS.team}/${rina}`,
      'loandesk.outcome': 'done',
    });
    const call = collector.spans.find(({ name }) => name === 'exchange ltv-details');
    expect(call?.attributes).toEqual({
      'loandesk.endpoint': 'ltv-details',
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'loandesk.weight': 200,
      'loandesk.wait_ms': expect.any(Number),
    });
    expect(collector.spans.filter(({ failed }) => failed)).toEqual([]);
    // Each span lies within its parent, as nothing here outlives what set it off.
    for (const span of collector.spans.filter(({ traceId }) => traceId === root.traceId)) {
      const parent = collector.spans.find(({ spanId }) => spanId === span.parentId);
      expect(span.endNs).toBeGreaterThanOrEqual(span.startNs);
      if (parent === undefined) continue;
      expect(span.startNs).toBeGreaterThanOrEqual(parent.startNs);
      expect(span.endNs).toBeLessThanOrEqual(parent.endNs);
    }
    // The SDK reads its own variables.
    expect(root.resource).toMatchObject({
      'service.name': 'desk-of-the-fund',
      'deployment.environment.name': 'staging',
    });
    expect(collector.requests[0]).toMatchObject({
      path: '/v1/traces',
      headers: { authorization: 'Bearer collector-token', 'content-encoding': 'gzip' },
    });
    expect(traced.lines.join('')).not.toContain('collector-token');
  });

  it('is found from its log lines, and they from it', async () => {
    const traced = await startTracedWorld();
    await look(traced, /Unit 7 · LTV/);
    const { collector } = traced;
    const root = await collector.until(rootNamed('interaction /ltv'));
    const [handled] = entries(traced, 'interaction handled');
    expect(handled).toMatchObject({ trace_id: root.traceId, span_id: root.spanId });
    const ofTheLook = entries(traced, 'exchange called').filter(({ reference }) => reference !== undefined);
    const verb = collector.spans.find(({ name }) => name === 'desk viewUnits');
    const found = { trace_id: root.traceId, span_id: verb?.spanId };
    expect(ofTheLook).toMatchObject([
      { endpoint: 'ltv-details', ...found },
      { endpoint: 'activated', ...found },
    ]);
    // What no interaction set off belongs to no trace.
    expect(entries(traced, 'started')[0]).not.toHaveProperty('trace_id');
  });

  it('shows a call that the exchange refused as failed, with its code; the refusal is an answer', async () => {
    const traced = await startTracedWorld();
    const msg = 'Invalid API-key, IP, or permissions for action.';
    traced.world.exchange.inject({
      effect: { kind: 'error', status: 400, code: -2015, msg, when: 'before' },
    });
    await look(traced, /refuses the key/);
    const { collector } = traced;
    const root = await collector.until(rootNamed('interaction /ltv'));
    expect(root).toMatchObject({ failed: false });
    expect(root.attributes['loandesk.outcome']).not.toBe('done');
    const call = collector.spans.find(({ name }) => name === 'exchange ltv-details');
    expect(call).toMatchObject({
      failed: true,
      attributes: {
        'http.response.status_code': 400,
        'loandesk.exchange_code': -2015,
        'error.type': '-2015',
      },
    });
    const verb = collector.spans.find(({ name }) => name === 'desk viewUnits');
    expect(verb).toMatchObject({
      failed: false,
      attributes: { 'loandesk.refusal': root.attributes['loandesk.outcome'] },
    });
  });

  it('shows a call that Slack refused as failed, with its code, and what was done in its place', async () => {
    const traced = await startTracedWorld();
    const { workspace } = traced.world;
    workspace.faults.add('chat.postMessage', { kind: 'error', code: 'channel_not_found' }, 1);
    await workspace.as(rina).command('/close-unit', '7 repaid', { channelId: loanDesk });
    const refused = await traced.collector.until((spans) =>
      spans.find(({ name, failed }) => name === 'slack chat.postMessage' && failed),
    );
    expect(refused.attributes).toEqual({
      'loandesk.slack_method': 'chat.postMessage',
      'loandesk.outcome': 'channel_not_found',
      'error.type': 'channel_not_found',
    });
  });

  it('records and logs nothing for a trace that is not sampled', async () => {
    const traced = await startTracedWorld({ OTEL_TRACES_SAMPLER: 'always_off' });
    await look(traced, /Unit 7 · LTV/);
    const { bot, collector } = traced;
    await bot.stop();
    expect(collector.spans).toEqual([]);
    expect(entries(traced, 'interaction handled')[0]).not.toHaveProperty('trace_id');
  });
});

describe('a close from the ask to the end', () => {
  it('carries the request through every trace, and no secret, text, e-mail or amount into any', async () => {
    const traced = await startTracedWorld();
    const { world, collector, bot } = traced;
    const { workspace, exchange } = world;
    const said: string[] = [];
    for (const step of tourOf(world)) said.push(await step.run());
    await bot.stop();
    const { spans } = collector;
    const [asked] = entries(traced, 'close request changed');
    const id = asked?.requestId;
    expect(id).toEqual(expect.any(String));

    const deletes = spans.filter(({ attributes }) => attributes['http.request.method'] === 'DELETE');
    expect(deletes).toHaveLength(1);
    const [sent] = deletes;
    const around = spans.find(({ spanId }) => spanId === sent?.parentId);
    expect(around).toMatchObject({
      name: 'request',
      attributes: { 'loandesk.request_id': id, 'loandesk.unit_id': '7', 'loandesk.request_state': 'closed' },
    });
    expect(pathsOf(spans, sent?.traceId ?? '')).toEqual(
      expect.arrayContaining([
        'interaction modal:ballot',
        'interaction modal:ballot > desk approve',
        expect.stringMatching(
          /^interaction modal:ballot > desk approve > task execute > request > exchange /,
        ),
        expect.stringMatching(/> task deliver > request > slack chat\.update$/),
      ]),
    );
    const told = spans.filter(
      ({ parentId, attributes }) => parentId === '' && attributes['loandesk.request_id'] === id,
    );
    expect(told.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'interaction /close-unit',
        'interaction request:approve',
        'interaction modal:ballot',
      ]),
    );
    // Rounds have no span: what finds nothing to do leaves nothing.
    for (const { parentId, name } of spans)
      if (parentId === '') expect(name).toMatch(/^(?:interaction |request$|task )/);

    const sentOut = Buffer.concat(collector.bodies).toString('latin1');
    expect(sentOut.length).toBeGreaterThan(10_000);
    const secrets = [
      workspace.grants.botToken,
      workspace.signingSecret,
      world.settings().AUDIT_KEY ?? '',
      ...exchange
        .accounts()
        .flatMap((entry) => [entry.apiKey, ...('secret' in entry ? [String(entry.secret)] : [])]),
    ];
    expect(secrets.every((secret) => secret.length > 8)).toBe(true);
    const texts = ['collateral', 'repaid', '15.30718771', 'test.com', 'Ada Lindqvist'];
    // Only what was there to be seen can be missing.
    for (const text of texts) expect(said.join('\n')).toContain(text);
    for (const each of [...secrets, ...texts])
      expect(sentOut.includes(each), 'a secret or a text').toBe(false);
    expect(sentOut).not.toMatch(/signature|timestamp=|recvWindow|https?:\/\/|\/commands\/|xoxb|X-MBX/i);
  });

  it('has traces of its own for the background: the second try of a message, a look at a request', async () => {
    const traced = await startTracedWorld();
    const { workspace } = traced.world;
    workspace.faults.add('chat.postMessage', { kind: 'error', code: 'internal_error' }, 1);
    await workspace.as(rina).command('/close-unit', '7 repaid', { channelId: loanDesk });
    const second = await traced.collector.until(rootNamed('request'));
    const paths = pathsOf(traced.collector.spans, second.traceId);
    expect(paths).toEqual(
      expect.arrayContaining(['request > slack chat.postMessage', 'request > redis outboxRemove']),
    );
    const posted = entries(traced, 'close request changed').find(({ event }) => event === 'card-posted');
    expect(posted).toMatchObject({
      trace_id: second.traceId,
      requestId: second.attributes['loandesk.request_id'],
      reference: expect.any(String),
    });

    const redis = new Redis(inject('redisUrl'));
    const keys = new KeyNames(traced.world.settings().REDIS_PREFIX ?? '');
    await redis.zadd(keys.attention, 1, String(posted?.requestId));
    await redis.quit();
    const swept = await traced.collector.until(rootNamed('task attend'));
    const look = pathsOf(traced.collector.spans, swept.traceId);
    expect(look).toContain('task attend > request > exchange closed');
  });
});
