/** Acks of the bot beside bare Bolt, under the same signed requests. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Load, type Loaded, openOffice, type Program } from '../support/office.ts';
import { atLeast, atMost, type BenchOptions, type Section } from '../support/report.ts';
import { median, medianRatio, spread } from '../support/statistics.ts';

const CONCURRENCY = 10;
const PER_SECOND = 100;

const FORM = { kind: 'form', count: 4_000 } as const;
const HELP = { kind: 'command', text: 'help', count: 1_000, answers: true } as const;
const VARIANTS = {
  'bare Bolt: form, ack with errors': { on: 'bolt', load: FORM },
  'Loandesk: form, ack with errors (no I/O)': { on: 'bot', load: FORM },
  'bare Bolt: command, ack, respond()': { on: 'bolt', load: HELP },
  'Loandesk: `/ltv help` (Redis, answer)': { on: 'bot', load: HELP },
} as const satisfies Record<string, { readonly on: 'bolt' | 'bot'; readonly load: Load }>;
const STEADY = {
  'bare Bolt': { on: 'bolt', load: { kind: 'command', answers: true } },
  'Loandesk: `/ltv` (Redis, exchange, answer)': { on: 'bot', load: { kind: 'command', answers: true } },
} as const;

export async function slackBench({ quick }: BenchOptions): Promise<Section> {
  const [rounds, seconds] = quick ? [2, 2] : [5, 5];
  const office = await openOffice();
  const programs: Program[] = [];
  const found = new Map<string, Loaded[]>();
  const keep = (name: string, loaded: Loaded) => found.set(name, [...(found.get(name) ?? []), loaded]);
  try {
    const bolt = await office.startBolt();
    programs.push(bolt);
    const bot = await office.startBot();
    programs.push(bot);
    await bot.ready();
    const on = { bolt, bot };
    for (let round = 0; round <= rounds; round += 1) {
      for (const [name, variant] of Object.entries(VARIANTS)) {
        const count = Math.ceil(variant.load.count * (quick ? 0.2 : 1));
        const loaded = await on[variant.on].load({ ...variant.load, count, concurrency: CONCURRENCY });
        // The first round warms up.
        if (round > 0) keep(name, loaded);
      }
      for (const [name, variant] of Object.entries(STEADY)) {
        // What the former load left undone must not delay these acks.
        await pause(500);
        const count = PER_SECOND * seconds;
        const loaded = await on[variant.on].load({ ...variant.load, count, perSecond: PER_SECOND });
        if (round > 0) keep(name, loaded);
      }
    }
  } finally {
    for (const program of programs) await program.stop();
    await office.close();
  }
  const of = (name: string, read: (loaded: Loaded) => number) => (found.get(name) ?? []).map(read);
  const columns = ['ack p50 ms', 'ack p99 ms', 'answer p99 ms', 'not 200'];
  const cells = (name: string) => [
    spread(
      of(name, ({ ackP50 }) => ackP50),
      2,
    ),
    spread(
      of(name, ({ ackP99 }) => ackP99),
      2,
    ),
    spread(
      of(name, ({ answerP99 }) => answerP99 ?? Number.NaN),
      1,
    ),
    String(of(name, ({ bad }) => bad).reduce((sum, bad) => sum + bad, 0)),
  ];
  const rate = (name: keyof typeof VARIANTS) => of(name, ({ perSecond }) => perSecond);
  const all = [...Object.keys(VARIANTS), ...Object.keys(STEADY)];
  const bad = all.flatMap((name) => of(name, (loaded) => loaded.bad)).reduce((sum, each) => sum + each, 0);
  const p99 = of('Loandesk: `/ltv` (Redis, exchange, answer)', ({ ackP99 }) => ackP99);
  return {
    title: 'Acks beside bare Bolt',
    method: `Bare Bolt 5 (its own receiver and signature check, one handler for each kind) and the bot as its image starts it, with the same variables and the same requests: signed before the clock starts, each with its own body. Ack: until the HTTP answer. Answer: until the response URL has it. ${rounds} rounds, all in turn.`,
    tables: [
      {
        title: `As fast as they are acked, ${CONCURRENCY} at once`,
        columns: ['', 'acks/s', ...columns],
        rows: Object.keys(VARIANTS).map((name) => [
          name,
          spread(of(name, ({ perSecond }) => perSecond)),
          ...cells(name),
        ]),
      },
      {
        title: `${PER_SECOND} commands per second for ${seconds} s`,
        columns: ['', ...columns],
        rows: Object.keys(STEADY).map((name) => [name, ...cells(name)]),
      },
    ],
    goals: [
      atLeast(
        'acks without I/O at least 0.6 x bare Bolt',
        0.6,
        medianRatio(
          rate('Loandesk: form, ack with errors (no I/O)'),
          rate('bare Bolt: form, ack with errors'),
        ),
      ),
      atLeast(
        'acks of commands with an answer at least 0.6 x bare Bolt that answers, too',
        0.6,
        medianRatio(
          rate('Loandesk: `/ltv help` (Redis, answer)'),
          rate('bare Bolt: command, ack, respond()'),
        ),
      ),
      atMost(
        `ack p99 at most 20 ms at ${PER_SECOND} commands per second (median of the rounds), ms`,
        20,
        median(p99),
        1,
      ),
      atMost('requests not acked with 200', 0, bad, 0),
    ],
    notes: [
      'The bot logs one redacted line for each interaction, gives it a reference, refuses replays and measures itself; bare Bolt does none of it.',
    ],
  };
}
