/**
 * Each rule of docs/alerts.yml fires when what it is for has happened, and none when all is well: its expression is
 * held against what the bot's own registry serves then. Each has a section of its name in docs/operations.md.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { createMetrics, type Metrics, type MetricsSources } from '../../src/ops/metrics.ts';
import { evaluate, type Scrape, scrape } from '../support/prometheus.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const RULES = z
  .object({
    groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
  })
  .parse(parse(read('docs/alerts.yml')))
  .groups.flatMap(({ rules }) => rules);

const START_MS = Date.UTC(2026, 10, 29, 12);
const SNAPSHOT: ReturnType<MetricsSources['exchange']> = {
  clock: { offsetMs: 12, rttMs: 3, ageMs: 1_000 },
  weights: [],
  stops: [],
  sharedCountDown: false,
  maintenance: false,
  lastSuccessAtMs: START_MS,
  accounts: [],
};
const BACKLOG = { subjects: 0, setAside: 0, kept: 0, oldestCreatedAtMs: null };

/** A process in which all is well, but for `changes`. */
class Bot {
  nowMs = START_MS;
  readonly metrics: Metrics;
  readonly #scrapes: Scrape[] = [];

  constructor(changes: Partial<MetricsSources> = {}) {
    const now = () => this.nowMs;
    this.metrics = createMetrics({
      ...{
        version: '1',
        mode: 'live',
        roundAgesMs: () => new Map([['outbox', 900]]),
        slackConnected: () => true,
      },
      exchange: () => SNAPSHOT,
      openStates: async () => ['pending'],
      outbox: async () => ({ ...BACKLOG, nowMs: now() }),
      logState: () => ({ lost: 0, trouble: null }),
      watch: async () => ({ lastReading: { asOfMs: now(), readAtMs: now() }, blind: null, nowMs: now() }),
      now,
      ...changes,
    });
  }

  /** A minute later, with what Prometheus adds of its own. */
  async scrape(): Promise<readonly Scrape[]> {
    this.nowMs += 60_000;
    this.#scrapes.push(scrape(`${await this.metrics.read()}\nup{job="loandesk"} 1`, this.nowMs));
    return this.#scrapes;
  }
}

/** Scrapes with `happens` between them. */
async function before(happens: (bot: Bot) => void, bot = new Bot()): Promise<readonly Scrape[]> {
  wellFor(bot);
  await bot.scrape();
  happens(bot);
  return bot.scrape();
}

const during = (changes: Partial<MetricsSources>) => before(() => {}, new Bot(changes));

function wellFor({ metrics }: Bot): void {
  metrics.auditVerified(true);
  call(metrics, 200);
  metrics.interactionHandled({ ...HANDLED, outcome: 'done' });
  metrics.redisAnswered({ command: 'loadRequest', durationMs: 1, ok: true });
}

const HANDLED = { listener: '/ltv', actor: 'T1 U1', durationMs: 20, requestId: null };

function call(metrics: Metrics, status: number | string): void {
  const took = { weight: 200, waitMs: 1, durationMs: 80 };
  metrics.exchangeCalled({
    endpoint: 'ltv-details',
    method: 'GET',
    status,
    code: null,
    ...took,
    account: null,
  });
}

const SITUATIONS: Readonly<Record<string, () => Promise<readonly Scrape[]>>> = {
  LoandeskOutcomeUnknown: () => during({ openStates: async () => ['pending', 'unknown'] }),
  LoandeskDown: async () => [scrape('up{job="loandesk"} 0', START_MS)],
  LoandeskSlackDisconnected: () => during({ slackConnected: () => false }),
  LoandeskStoreUnreadable: () =>
    during({
      openStates: async () => {
        throw new Error('down');
      },
    }),
  LoandeskStoreClockOff: () =>
    during({ outbox: async () => ({ ...BACKLOG, nowMs: START_MS - 5 * 3_600_000 }) }),
  LoandeskBackgroundDead: () => during({ roundAgesMs: () => new Map([['attention', 250_000]]) }),
  LoandeskWatchBlind: () =>
    during({
      watch: async () => ({
        lastReading: { asOfMs: START_MS, readAtMs: START_MS },
        blind: {
          sinceMs: START_MS,
          cause: 'unavailable',
          why: 'HTTP 500',
          noneSinceMs: START_MS,
          told: null,
        },
        nowMs: START_MS + 121_000,
      }),
    }),
  LoandeskWatchSilent: () =>
    during({
      watch: async () => ({
        lastReading: { asOfMs: START_MS, readAtMs: START_MS - 240_000 },
        blind: null,
        nowMs: START_MS,
      }),
    }),
  LoandeskPagesFailing: () =>
    before(({ metrics }) => {
      for (let failed = 0; failed < 3; failed += 1) metrics.pageSent('failed');
    }, pagedBefore()),
  LoandeskAlertsLate: () =>
    before(({ metrics }) => {
      for (let late = 0; late < 3; late += 1) metrics.alertDelivered(240_000);
    }, deliveredBefore()),
  LoandeskAuditBroken: () => before(({ metrics }) => metrics.auditVerified(false)),
  LoandeskAuditNotVerified: () =>
    before((bot) => {
      bot.nowMs += 7 * 3_600_000;
    }),
  LoandeskMessagesHeldUp: () =>
    during({
      outbox: async () => ({
        ...BACKLOG,
        nowMs: START_MS,
        subjects: 1,
        oldestCreatedAtMs: START_MS - 180_000,
      }),
    }),
  LoandeskMessagesSetAside: () =>
    during({ outbox: async () => ({ ...BACKLOG, nowMs: START_MS, setAside: 1 }) }),
  LoandeskMessagesKept: () => during({ outbox: async () => ({ ...BACKLOG, nowMs: START_MS, kept: 1 }) }),
  LoandeskLogNotWritten: () => during({ logState: () => ({ lost: 4, trouble: 'ENOSPC' }) }),
  LoandeskExchangeStopped: () =>
    during({
      exchange: () => ({
        ...SNAPSHOT,
        stops: [{ bucket: 'ip', untilMs: START_MS + 60_000, cause: { httpStatus: 429, exchangeCode: null } }],
      }),
    }),
  LoandeskExchangeFailing: () =>
    before(({ metrics }) => {
      call(metrics, 200);
      for (let failed = 0; failed < 3; failed += 1) call(metrics, 503);
    }, failedBefore()),
  LoandeskClockOff: () =>
    during({ exchange: () => ({ ...SNAPSHOT, clock: { offsetMs: -1_500, rttMs: 3, ageMs: 1_000 } }) }),
  LoandeskErrors: () => before(({ metrics }) => metrics.interactionHandled({ ...HANDLED, outcome: 'error' })),
  LoandeskRedisSlow: () =>
    before(({ metrics }) => metrics.redisAnswered({ command: 'loadRequest', durationMs: 400, ok: true })),
};

/** A status that was seen before: a rate sees only a series that goes on. */
function failedBefore(): Bot {
  const bot = new Bot();
  call(bot.metrics, 503);
  return bot;
}

function pagedBefore(): Bot {
  const bot = new Bot();
  bot.metrics.pageSent('failed');
  return bot;
}

function deliveredBefore(): Bot {
  const bot = new Bot();
  bot.metrics.alertDelivered(200);
  return bot;
}

describe('the alert rules', () => {
  it.each(RULES.map(({ alert, expr }) => [alert, expr] as const))(
    '%s fires when it should',
    async (alert, expr) => {
      const situation = SITUATIONS[alert];
      if (situation === undefined) throw new Error(`no situation shows ${alert}`);
      expect(evaluate(expr, await situation())).not.toEqual([]);
    },
  );

  it('none fires while all is well', async () => {
    const scrapes = await before(wellFor);
    expect(RULES.filter(({ expr }) => evaluate(expr, scrapes).length > 0)).toEqual([]);
  });

  it('the silent watch is heard of, too, when its record cannot be read since the start', async () => {
    const silent = RULES.find(({ alert }) => alert === 'LoandeskWatchSilent');
    const fired = async (watch: MetricsSources['watch']) =>
      evaluate(silent?.expr ?? '', await during({ watch }));
    expect(await fired(async () => null)).not.toEqual([]);
    expect(await fired(null)).toEqual([]);
  });

  it('each has a section that says what to do, and each section a rule', () => {
    const [, chapter = ''] =
      /\n## When an alert fires\n(.*?)(?=\n## |$)/s.exec(read('docs/operations.md')) ?? [];
    const sections = [...chapter.matchAll(/\n### (\w+)\n\n([^\n]+)/g)].map(([, name]) => name);
    expect(sections).toEqual(RULES.map(({ alert }) => alert));
    expect(Object.keys(SITUATIONS)).toEqual(RULES.map(({ alert }) => alert));
  });
});

describe('the small reading of Prometheus', () => {
  const at = (text: string, minute: number) => scrape(text, START_MS + minute * 60_000);
  it.each([
    ['max(x) > 1', 1],
    ['max(x) > 2', 0],
    ['min by (a) (x) == 2', 1],
    ['sum(x{a="1"}) + 1 == 2', 1],
    ['sum(x{a!="1"}) * 2 - 4 == 0', 1],
    ['absent(y) or x', 3],
    ['absent(x)', 0],
    ['abs(z) > 2', 1],
    ['sum(increase(x[5m])) == 1', 1],
    ['sum(rate(x[1m])) > 0', 0],
    ['increase(late[5m])', 0],
    ['sum(rate(x{a="2"}[5m])) / sum(rate(x[5m])) == 1', 1],
    ['time() - max(x) > 1000', 1],
  ])('%s answers %i', (expression, count) => {
    const scrapes = [at('x{a="1"} 1\nx{a="2"} 1', 0), at('x{a="1"} 1\nx{a="2"} 2\nz -3\nlate 1', 4)];
    expect(evaluate(expression, scrapes)).toHaveLength(count);
  });

  it.each(['max(', 'x[', 'deriv(x)', 'x{a=~"1"}', 'x ? y'])('does not guess what %j means', (expression) => {
    expect(() => evaluate(expression, [at('x{a="1"} 1', 0)])).toThrow();
  });
});
