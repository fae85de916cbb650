/** The bot beside bare Bolt: acks, answers, CPU and memory under the same signed requests. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { cpuMs, residentMb } from '../support/child.ts';
import { type Loaded, type LoadOptions, type Office, openOffice } from '../support/office.ts';
import type { BenchOptions } from '../support/options.ts';
import { type Program, ready, startBolt, startBot, startReplayGuard } from '../support/programs.ts';
import { atLeast, atMost, type Goal, type Section, type Table } from '../support/report.ts';
import { median, medianRatio, spread } from '../support/statistics.ts';

const CONCURRENCIES = [1, 10, 50] as const;

interface Variant {
  readonly name: string;
  readonly on: 'bolt' | 'guard' | 'bot';
  readonly load: Pick<LoadOptions, 'kind' | 'command' | 'text' | 'answers'>;
  /** Requests at each concurrency. */
  readonly counts: readonly [number, number, number];
}

const BOLT_ACK = 'bare Bolt: command, ack';
const BOLT_FORM = 'bare Bolt: form, ack with errors';
const BOLT_ANSWER = 'bare Bolt: command, ack, respond()';
const FORM = 'Loandesk: form, ack with errors (no I/O)';
const GUARD = 'Loandesk: a command that does nothing (Redis)';
const HELP = 'Loandesk: /ltv help (Redis, answer)';
const LTV = 'Loandesk: /ltv (Redis, exchange, answer)';

const VARIANTS: readonly Variant[] = [
  { name: BOLT_ACK, on: 'bolt', load: { kind: 'command' }, counts: [3_000, 5_000, 6_000] },
  { name: BOLT_FORM, on: 'bolt', load: { kind: 'form' }, counts: [3_000, 5_000, 6_000] },
  {
    name: BOLT_ANSWER,
    on: 'bolt',
    load: { kind: 'command', command: '/answer', answers: true },
    counts: [1_000, 1_500, 1_500],
  },
  { name: FORM, on: 'bot', load: { kind: 'form' }, counts: [3_000, 5_000, 6_000] },
  { name: GUARD, on: 'guard', load: { kind: 'command' }, counts: [3_000, 5_000, 6_000] },
  {
    name: HELP,
    on: 'bot',
    load: { kind: 'command', text: 'help', answers: true },
    counts: [800, 1_200, 1_200],
  },
  { name: LTV, on: 'bot', load: { kind: 'command', text: '', answers: true }, counts: [600, 800, 800] },
];

interface Measured extends Loaded {
  readonly cpuUs: number;
}

export async function slackBench({ quick, say }: BenchOptions): Promise<Section> {
  const office = await openOffice();
  const bolt = await startBolt({ core: 0 });
  const guard = await startReplayGuard(office.settings.redisUrl, { core: 0 });
  const bot = await startBot(office.settings, { core: 0 });
  const programs = { bolt, guard, bot };
  try {
    await ready(bot);
    await office.slack.ask(z.null(), 'firstAck', { port: bolt.port });
    await office.slack.ask(z.null(), 'firstAck', { port: guard.port });
    await pause(2_000);
    const idle = { bolt: residentMb(bolt.pid) ?? 0, bot: residentMb(bot.pid) ?? 0 };
    const found = await measure(office, programs, quick, say);
    const after = { bolt: residentMb(bolt.pid) ?? 0, bot: residentMb(bot.pid) ?? 0 };
    const steady = await steadyLoad(office, programs, quick);
    const stalled = await stall(office, bot);
    return section({ found, idle, after, steady, stalled, quick });
  } finally {
    await bolt.stop();
    await guard.stop();
    await bot.stop();
    await office.close();
  }
}

type Programs = Readonly<Record<Variant['on'], Program>>;
type Found = ReadonlyMap<string, ReadonlyMap<number, Measured[]>>;

async function measure(
  office: Office,
  programs: Programs,
  quick: boolean,
  say: (line: string) => void,
): Promise<Found> {
  const rounds = quick ? 2 : 5;
  const shrink = quick ? 0.2 : 1;
  const found = new Map(
    VARIANTS.map(({ name }) => [name, new Map(CONCURRENCIES.map((c) => [c, [] as Measured[]]))]),
  );
  for (let round = 0; round <= rounds; round += 1) {
    if (round > 0) say(`slack: round ${round} of ${rounds}`);
    for (const variant of VARIANTS) {
      const { pid, port } = programs[variant.on];
      for (const [index, concurrency] of CONCURRENCIES.entries()) {
        const count = Math.ceil((variant.counts[index] ?? 0) * shrink * (round === 0 ? 0.5 : 1));
        const before = cpuMs(pid);
        const loaded = await office.load({ ...variant.load, port, concurrency, count });
        const cpuUs = ((cpuMs(pid) - before) / count) * 1_000;
        // The first round warms up.
        if (round > 0)
          found
            .get(variant.name)
            ?.get(concurrency)
            ?.push({ ...loaded, cpuUs });
      }
    }
  }
  return found;
}

/** What a busy desk really sends, ten times over. */
async function steadyLoad(office: Office, { bolt, bot }: Programs, quick: boolean) {
  const perSecond = 100;
  const count = perSecond * (quick ? 3 : 20);
  const load = { kind: 'command', perSecond, count } as const;
  return {
    perSecond,
    bolt: await office.load({ ...load, port: bolt.port }),
    bot: await office.load({ ...load, port: bot.port, answers: true }),
  };
}

/** Acks while neither the exchange nor Redis answers for ten seconds. */
async function stall({ exchange, redis, load }: Office, { port }: Program): Promise<Loaded> {
  await exchange.ask(z.null(), 'shape', { latencyMs: 10_000 });
  redis.signal('SIGSTOP');
  const wake = setTimeout(() => redis.signal('SIGCONT'), 10_000);
  try {
    return await load({
      port,
      kind: 'command',
      text: '',
      perSecond: 20,
      count: 180,
      answers: true,
      keepTexts: true,
    });
  } finally {
    clearTimeout(wake);
    redis.signal('SIGCONT');
    await exchange.ask(z.null(), 'shape', {});
  }
}

interface Results {
  readonly found: Found;
  readonly idle: Readonly<Record<'bolt' | 'bot', number>>;
  readonly after: Readonly<Record<'bolt' | 'bot', number>>;
  readonly steady: { readonly perSecond: number; readonly bolt: Loaded; readonly bot: Loaded };
  readonly stalled: Loaded;
  readonly quick: boolean;
}

function section({ found, idle, after, steady, stalled, quick }: Results): Section {
  const of = (name: string, c: number, read: (measured: Measured) => number) =>
    (found.get(name)?.get(c) ?? []).map(read);
  const milliseconds = (value: number | null) => (value === null ? '-' : value.toFixed(1));
  return {
    title: 'Slash commands and forms beside bare Bolt',
    method: `Bare Bolt 5 (HTTPReceiver, signature check on, one handler a kind) and the bot are processes of their own on one core, both with the image's variables and a warm compile cache, the bot from a bundle as the image starts it; on the other are the sender of signed requests (raw sockets, every request with its own body, signed before the clock starts), the receiver of answers, Redis with its append-only file, and the exchange. ${quick ? 'Two' : 'Five'} rounds, all variants in turn. Ack: until the HTTP answer. Answer: until the response URL has it. A closed loop takes acks as fast as they come, so what follows an ack (Redis, answer, drawing the table) slows the acks after it.`,
    tables: [
      ...CONCURRENCIES.map(
        (c): Table => ({
          title: `Concurrency ${c}`,
          columns: ['', 'acks/s', 'ack p50 ms', 'ack p99 ms', 'answer p99 ms', 'CPU us a request', 'not 200'],
          rows: VARIANTS.map(({ name }) => [
            name,
            spread(of(name, c, ({ perSecond }) => perSecond)),
            spread(
              of(name, c, ({ ackP50 }) => ackP50),
              2,
            ),
            spread(
              of(name, c, ({ ackP99 }) => ackP99),
              2,
            ),
            of(name, c, ({ answerP99 }) => answerP99 ?? Number.NaN).some(Number.isNaN)
              ? '-'
              : spread(
                  of(name, c, ({ answerP99 }) => answerP99 ?? Number.NaN),
                  1,
                ),
            spread(of(name, c, ({ cpuUs }) => cpuUs)),
            String(of(name, c, ({ bad }) => bad).reduce((sum, bad) => sum + bad, 0)),
          ]),
        }),
      ),
      {
        title: `${steady.perSecond} \`/ltv\` a second, whatever becomes of them`,
        columns: ['', 'ack p50 ms', 'ack p99 ms', 'answer p50 ms', 'answer p99 ms'],
        rows: (
          [
            ['bare Bolt, ack only', steady.bolt],
            ['Loandesk', steady.bot],
          ] as const
        ).map(([name, loaded]) => [
          name,
          ...[loaded.ackP50, loaded.ackP99, loaded.answerP50, loaded.answerP99].map(milliseconds),
        ]),
      },
      {
        title: 'Memory, MB resident',
        columns: ['', 'idle', 'after all rounds'],
        rows: [
          ['bare Bolt', idle.bolt.toFixed(0), after.bolt.toFixed(0)],
          ['Loandesk', idle.bot.toFixed(0), after.bot.toFixed(0)],
        ],
      },
      {
        title: '20 `/ltv` a second while Redis is frozen and the exchange silent for 10 s',
        columns: ['acks', 'not 200', 'ack p50 ms', 'ack p99 ms', 'slowest ack ms', 'answered', 'answers'],
        rows: [
          [
            '180',
            String(stalled.bad),
            milliseconds(stalled.ackP50),
            milliseconds(stalled.ackP99),
            milliseconds(stalled.ackMax),
            String(stalled.answered),
            Object.entries(stalled.texts)
              .map(([text, count]) => `${count} x ${text}`)
              .join('; '),
          ],
        ],
      },
    ],
    goals: goals(of, { idle, after, stalled }),
    notes: [
      'The goal with "the one Redis call that refuses replays" was set for a design that asks Redis before it acks. This one acks first and asks Redis after, so that a Redis that hangs delays no ack; the closed loop still pays for the call. It is measured with the product\'s own receiver, guard, log and Redis call around a listener that does nothing; `/ltv help` has an answer, too, and is held against Bolt with one.',
      "Bare Bolt writes no log and knows nobody. The bot writes one JSON line an interaction, redacted, gives each a reference, remembers what it has seen, and measures itself. Its check of the signature is its own and costs less than Bolt's.",
      'Memory after the load is that of everything above; bare Bolt had no work after its acks but `respond()`.',
    ],
  };
}

type Of = (name: string, c: number, read: (measured: Measured) => number) => number[];

function goals(of: Of, { idle, after, stalled }: Pick<Results, 'idle' | 'after' | 'stalled'>): Goal[] {
  const rate = (name: string, c: number) => of(name, c, ({ perSecond }) => perSecond);
  const p99 = (name: string, c: number) => of(name, c, ({ ackP99 }) => ackP99);
  return [
    ...[10, 50].map((c) =>
      atLeast(
        `acks without I/O at least 0.85 x bare Bolt, c${c}`,
        0.85,
        medianRatio(rate(FORM, c), rate(BOLT_FORM, c)),
      ),
    ),
    ...[10, 50].map((c) =>
      atLeast(
        `acks with the one Redis call that refuses replays at least 0.75 x bare Bolt, c${c}`,
        0.75,
        medianRatio(rate(GUARD, c), rate(BOLT_ACK, c)),
      ),
    ),
    ...[10, 50].map((c) =>
      atLeast(
        `acks with that and an answer at least 0.75 x bare Bolt that acks and answers, c${c}`,
        0.75,
        medianRatio(rate(HELP, c), rate(BOLT_ANSWER, c)),
      ),
    ),
    atMost(
      'ack p99 without I/O within 1.3 x bare Bolt, c10',
      1.3,
      medianRatio(p99(FORM, 10), p99(BOLT_FORM, 10)),
    ),
    atMost(
      'ack p99 with the one Redis call within 1.3 x bare Bolt, c10',
      1.3,
      medianRatio(p99(GUARD, 10), p99(BOLT_ACK, 10)),
    ),
    atMost(
      'ack p99 with Redis and answer within 1.3 x bare Bolt that acks and answers, c10',
      1.3,
      medianRatio(p99(HELP, 10), p99(BOLT_ANSWER, 10)),
    ),
    atMost('ack p99 below 100 ms while Redis and the exchange take 10 s, ms', 100, stalled.ackP99, 1),
    atLeast('and every one of those 180 answered', 180, stalled.answered, 0),
    atMost('idle memory within 1.3 x bare Bolt', 1.3, idle.bot / idle.bolt),
    atMost('memory after the load within 1.7 x bare Bolt', 1.7, median([after.bot / after.bolt])),
  ];
}
