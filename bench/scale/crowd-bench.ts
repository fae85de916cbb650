/** 500 people who ask the same at once while the exchange takes 300 ms. */
import { setTimeout as pause } from 'node:timers/promises';
import { exchangeCalls, forgetCalls, type Loaded, openOffice } from '../support/office.ts';
import type { BenchOptions } from '../support/options.ts';
import { ready, startBot } from '../support/programs.ts';
import { atMost, type Section } from '../support/report.ts';
import { median, spread } from '../support/statistics.ts';

const PEOPLE = 500;
/** Longer than an answer is shared. */
const UNTIL_STALE_MS = 3_000;

interface Crowd {
  readonly bots: number;
  readonly rounds: readonly (Loaded & { readonly calls: number })[];
}

export async function crowdBench({ quick }: BenchOptions): Promise<Section> {
  const office = await openOffice({ units: 5, latencyMs: 300 });
  const bots = await Promise.all(
    [0, 1, 2].map((at) => startBot(office.settings, { core: at === 0 ? 0 : null })),
  );
  try {
    for (const bot of bots) await ready(bot);
    const crowds: Crowd[] = [];
    for (const used of [bots.slice(0, 1), bots]) {
      const rounds = [];
      for (let round = 0; round < (quick ? 2 : 5); round += 1) {
        await pause(UNTIL_STALE_MS);
        await forgetCalls(office);
        const loaded = await office.load({
          port: used.map(({ port }) => port),
          kind: 'command',
          ...{ count: PEOPLE, people: PEOPLE, concurrency: PEOPLE, answers: true, keepTexts: true },
        });
        const calls = [...(await exchangeCalls(office)).values()].reduce((sum, count) => sum + count, 0);
        rounds.push({ ...loaded, calls });
      }
      crowds.push({ bots: used.length, rounds });
    }
    return section(crowds);
  } finally {
    for (const bot of bots) await bot.stop();
    await office.close();
  }
}

function section(crowds: readonly Crowd[]): Section {
  return {
    title: '500 people ask `/ltv` at once',
    method: `${PEOPLE} connections, ${PEOPLE} people, each one \`/ltv\` at the same instant; the exchange takes 300 ms a call and has five units. Each person is looked up in Slack (users.info) once. One bot, then three behind one balancer.`,
    tables: [
      {
        title: 'Rounds, a few seconds apart',
        columns: [
          'bots',
          'exchange calls',
          'slowest ack ms',
          'answered',
          'last answer ms',
          'what they were told',
        ],
        rows: crowds.map(({ bots, rounds }) => [
          String(bots),
          spread(rounds.map(({ calls }) => calls)),
          spread(rounds.map(({ ackMax }) => ackMax)),
          spread(rounds.map(({ answered }) => answered)),
          spread(rounds.map(({ lastAnswerMs }) => lastAnswerMs ?? Number.NaN)),
          told(rounds),
        ]),
      },
    ],
    goals: crowds.flatMap(({ bots, rounds }) => [
      atMost(
        `one exchange call, ${bots} bot${bots === 1 ? '' : 's'}`,
        1,
        Math.max(...rounds.map(({ calls }) => calls)),
        0,
      ),
      {
        goal: `all ${PEOPLE} get the units within 2 s, ${bots} bot${bots === 1 ? '' : 's'}`,
        measured: `${Math.min(...rounds.map(({ texts }) => texts['the units'] ?? 0))} got them; the last answer after ${median(rounds.map(({ lastAnswerMs }) => lastAnswerMs ?? Number.NaN)).toFixed(0)} ms`,
        met: rounds.every(
          ({ texts, lastAnswerMs }) =>
            texts['the units'] === PEOPLE && (lastAnswerMs ?? Number.POSITIVE_INFINITY) <= 2_000,
        ),
      },
    ]),
    notes: [],
  };
}

function told(rounds: Crowd['rounds']): string {
  const all = new Map<string, number>();
  for (const { texts } of rounds) {
    for (const [text, count] of Object.entries(texts)) all.set(text, (all.get(text) ?? 0) + count);
  }
  return [...all].map(([text, count]) => `${Math.round(count / rounds.length)} x ${text}`).join('; ');
}
