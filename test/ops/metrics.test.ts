/** Approval case 40, first half: what `/metrics` tells (counters, gauges, time to decision); all documented. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startWorld } from '../../sandbox/world.ts';
import { createApp } from '../../src/app.ts';
import type { CloseState } from '../../src/domain/close/close-state.ts';
import { createLogger } from '../../src/ops/logger.ts';
import { createMetrics } from '../../src/ops/metrics.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { ALICE, BOB, REQUESTER } from '../support/close-requests.ts';
import { DeskHarness, UNIT } from '../support/desk-harness.ts';

/** The value of one sample; undefined where there is none. */
function sample(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  for (const line of text.split('\n')) {
    const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match?.[1] !== name) continue;
    const has = Object.entries(labels).every(([key, value]) => match[2]?.includes(`${key}="${value}"`));
    if (has) return Number(match[3]);
  }
  return undefined;
}

/** A desk whose store is watched by metrics of its own. */
function watched(harness: DeskHarness) {
  const metrics = createMetrics({
    version: '1.2.3',
    mode: 'live',
    roundAgesMs: () => new Map([['outbox', 1_500]]),
    slackConnected: () => true,
    exchange: () => ({
      clock: null,
      weights: [{ bucket: 'ip/closed', used: 7, limit: 12_000, waiting: 0 }],
      stops: [],
      sharedCountDown: false,
      maintenance: false,
      lastSuccessAtMs: null,
      accounts: [],
    }),
    openStates: async () => (await harness.store.listOpen()).map(({ state }) => state),
    logState: () => ({ lost: 0, trouble: null }),
    outbox: async () => ({ nowMs: 5_000, subjects: 2, setAside: 3, kept: 2, oldestCreatedAtMs: 1_000 }),
    watch: null,
    now: () => harness.nowMs,
  });
  const work = harness.replica({ events: metrics });
  return { metrics, work };
}

async function openThrough(harness: DeskHarness, { work }: ReturnType<typeof watched>) {
  const asked = await work.desk.askToClose(REQUESTER, UNIT, 'Loan repaid');
  if (!asked.ok) throw new Error(asked.refusal.code);
  await harness.settled();
  return harness.get(asked.value.id);
}

type Path = (harness: DeskHarness, on: ReturnType<typeof watched>) => Promise<unknown>;

const vote = async (harness: DeskHarness, { work }: ReturnType<typeof watched>, by: typeof ALICE) => {
  const [request] = await harness.store.listOpen();
  if (request === undefined) throw new Error('nothing is open');
  const { id: requestId, version, factsDigest: digest, groupId: typedId } = request;
  await work.desk.approve(by, { requestId, version, digest, typedId });
  await harness.settled();
};

const ENDS: readonly [CloseState, string, Path][] = [
  [
    'rejected',
    'rejected',
    async (harness, { work }) => {
      const [request] = await harness.store.listOpen();
      await work.desk.reject(ALICE, request?.id ?? '', request?.version ?? 0, 'not yet');
    },
  ],
  [
    'withdrawn',
    'withdrawn',
    async (harness, { work }) => {
      const [request] = await harness.store.listOpen();
      await work.desk.withdraw(REQUESTER, request?.id ?? '');
    },
  ],
  [
    'expired',
    'expired',
    async (harness, { work }) => {
      harness.nowMs += 5 * 3_600_000;
      await work.attendRequests();
    },
  ],
  [
    'closed',
    'read-back',
    async (harness, on) => {
      await vote(harness, on, ALICE);
      await vote(harness, on, BOB);
    },
  ],
];

describe('each end state moves the counters (approval case 40)', () => {
  it.each(ENDS)('%s', async (state, ending, path) => {
    const harness = new DeskHarness();
    const on = watched(harness);
    await openThrough(harness, on);
    const before = await on.metrics.read();
    expect(sample(before, 'loandesk_requests_opened_total')).toBe(1);
    expect(sample(before, 'loandesk_requests_open', { state: 'pending' })).toBe(1);
    expect(sample(before, 'loandesk_requests_ended_total', { state })).toBeUndefined();
    harness.nowMs += 90_000;
    await path(harness, on);
    await harness.settled();
    harness.nowMs += 10_000;
    const after = await on.metrics.read();
    expect(sample(after, 'loandesk_requests_ended_total', { state, ending })).toBe(1);
    expect(sample(after, 'loandesk_requests_open', { state: 'pending' })).toBe(0);
    const decision = state === 'closed' ? 'approved' : state;
    const seconds = sample(after, 'loandesk_request_time_to_decision_seconds_sum', { decision });
    expect(seconds).toBeGreaterThanOrEqual(90);
    expect(sample(after, 'loandesk_request_time_to_decision_seconds_count', { decision })).toBe(1);
  });

  it.each(['failed', 'superseded', 'rehearsed'] as const)(
    '%s, and an unknown outcome on the way',
    async (state) => {
      const harness = new DeskHarness();
      const { metrics } = watched(harness);
      const request = await harness.open();
      const change = (from: CloseState, to: CloseState) =>
        metrics.requestChanged({
          event: 'read-back',
          from,
          request: { ...request, state: to },
          atMs: harness.nowMs,
        });
      change('sending', 'unknown');
      change('unknown', state);
      const text = await metrics.read();
      expect(sample(text, 'loandesk_requests_unknown_total')).toBe(1);
      expect(sample(text, 'loandesk_requests_ended_total', { state })).toBe(1);
    },
  );

  it('shows a gauge of unknown outcomes, and none at all when the store cannot be read', async () => {
    const harness = new DeskHarness();
    const states: CloseState[] = ['unknown', 'pending', 'unknown'];
    let down = false;
    const metrics = createMetrics({
      ...{ version: '1', mode: 'live', roundAgesMs: () => new Map(), slackConnected: () => false },
      exchange: () => ({
        ...{ clock: { offsetMs: 250, rttMs: 1, ageMs: 0 }, weights: [], stops: [], accounts: [] },
        ...{ sharedCountDown: false, maintenance: false, lastSuccessAtMs: 2_000 },
      }),
      openStates: async () => {
        if (down) throw new Error('down');
        return states;
      },
      logState: () => ({ lost: 0, trouble: null }),
      outbox: async () => ({ nowMs: 61_000, subjects: 3, setAside: 4, kept: 5, oldestCreatedAtMs: 1_000 }),
      watch: null,
      now: () => harness.nowMs,
    });
    const up = await metrics.read();
    expect(sample(up, 'loandesk_requests_open', { state: 'unknown' })).toBe(2);
    expect(sample(up, 'loandesk_outbox_requests')).toBe(3);
    expect(sample(up, 'loandesk_outbox_oldest_age_seconds')).toBe(60);
    expect(sample(up, 'loandesk_outbox_set_aside')).toBe(4);
    expect(sample(up, 'loandesk_store_readable')).toBe(1);
    expect(sample(up, 'loandesk_slack_connected')).toBe(0);
    expect(sample(up, 'loandesk_exchange_clock_offset_seconds')).toBe(0.25);
    down = true;
    harness.nowMs += 60_000;
    const gone = await metrics.read();
    expect(sample(gone, 'loandesk_store_readable')).toBe(0);
    expect(sample(gone, 'loandesk_requests_open', { state: 'unknown' })).toBeUndefined();
    expect(sample(gone, 'loandesk_outbox_requests')).toBeUndefined();
  });
});

describe('a running bot', () => {
  it('serves every documented metric, and one line of log an event that belongs together by its reference', async () => {
    const lines: string[] = [];
    const log = createLogger('debug', { write: (line: string) => void lines.push(line) });
    const world = await startWorld({
      redisUrl: inject('redisUrl'),
      settings: { REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true' },
      replicas: 0,
    });
    onTestFinished(() => world.close());
    const bot = await createApp(loadConfig(world.settings()), log);
    onTestFinished(() => bot.stop());
    await bot.start();
    const { workspace, exchange } = world;
    workspace.setBotUrl(world.urlOf(bot));
    const { rina, loanDesk } = SEED_IDS;
    const sent = await workspace.as(rina).command('/ltv', '7', { channelId: loanDesk });
    await workspace.until(() =>
      workspace.store.ephemerals(rina).find((message) => /Unit 7 · LTV/.test(workspace.renderText(message))),
    );
    if (sent.request !== undefined) await workspace.resend(sent.request);
    await workspace.as(rina).command('/close-unit', '7 repaid', { channelId: loanDesk });
    await workspace.until(() => workspace.store.messages(loanDesk).find(({ blocks }) => blocks.length > 0));
    await workspace.until(
      () =>
        lines.some((line) => line.includes('"duplicate"') && line.includes('interaction handled')) ||
        undefined,
    );

    const response = await fetch(`http://127.0.0.1:${bot.port}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    expect(
      sample(text, 'loandesk_interaction_duration_seconds_count', { listener: '/ltv', outcome: 'done' }),
    ).toBe(1);
    expect(sample(text, 'loandesk_replays_refused_total')).toBe(1);
    expect(
      sample(text, 'loandesk_exchange_call_duration_seconds_count', {
        endpoint: 'ltv-details',
        status: '200',
      }),
    ).toBeGreaterThan(0);
    expect(sample(text, 'loandesk_exchange_weight_total', { endpoint: 'ltv-details' })).toBeGreaterThan(0);
    expect(sample(text, 'loandesk_exchange_wait_seconds_count', { endpoint: 'ltv-details' })).toBeGreaterThan(
      0,
    );
    expect(sample(text, 'loandesk_redis_round_trip_seconds_count', { outcome: 'answered' })).toBeGreaterThan(
      0,
    );
    expect(sample(text, 'loandesk_requests_opened_total')).toBe(1);
    expect(sample(text, 'loandesk_request_events_total', { event: 'opened' })).toBe(1);
    expect(sample(text, 'loandesk_background_round_age_seconds', { round: 'outbox' })).toBeDefined();
    expect(sample(text, 'loandesk_build_info')).toBe(1);
    expect(sample(text, 'loandesk_process_resident_memory_bytes')).toBeGreaterThan(0);

    const documented = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const served = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? '');
    const ours = served.filter((name) => !/^loandesk_(?:process|nodejs)_/.test(name));
    for (const name of ours) expect(documented).toContain(`\`${name}\``);
    for (const [, name] of documented.matchAll(/^\| `(loandesk_[a-z_]+)`/gm)) expect(served).toContain(name);

    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const handled = entries.filter(({ msg }) => msg === 'interaction handled');
    const seen = handled.find(({ listener, outcome }) => listener === '/ltv' && outcome === 'done');
    const asked = handled.find(({ requestId }) => typeof requestId === 'string');
    const together = entries.filter(({ reference }) => reference === asked?.reference);
    const ofLook = entries.filter(({ reference }) => reference === seen?.reference);
    expect(ofLook.map(({ msg }) => msg)).toContain('exchange called');
    const change = together.find(({ msg }) => msg === 'close request changed');
    expect(change).toMatchObject({ event: 'opened', requestId: asked?.requestId, auditSequence: 1 });
    const delivered = entries.find((entry) => entry.event === 'card-posted');
    expect(delivered).toMatchObject({ requestId: asked?.requestId, reference: expect.any(String) });

    const all = lines.join('');
    const secrets = [
      workspace.grants.botToken,
      workspace.signingSecret,
      world.settings().AUDIT_KEY ?? 'none',
      ...exchange
        .accounts()
        .flatMap((entry) => [entry.apiKey, 'secret' in entry ? entry.secret : entry.apiKey]),
    ];
    for (const secret of secrets) {
      expect(all).not.toContain(secret);
      expect(text).not.toContain(secret);
    }
    expect(all).not.toMatch(/signature=(?!\[removed\])/);
    expect(all).not.toContain('/commands/');
  });
});
