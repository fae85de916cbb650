/** How answers grow with what there is to show: units, and closed units. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { residentMb } from '../support/child.ts';
import { exchangeCalls, forgetCalls, type Office, openOffice } from '../support/office.ts';
import type { BenchOptions } from '../support/options.ts';
import { type Program, ready, startBot } from '../support/programs.ts';
import type { Section } from '../support/report.ts';
import { spread } from '../support/statistics.ts';

const UNITS = [1, 5, 50, 500] as const;
const ROWS = [10, 1_000, 10_000, 100_000] as const;
/** Longer than an answer is shared. */
const UNTIL_STALE_MS = 2_200;

interface Sized {
  readonly size: number;
  readonly answerMs: readonly number[];
  readonly calls: readonly number[];
  readonly rssMb: number;
  readonly told: ReadonlySet<string>;
}

export async function sizeBench({ quick, say }: BenchOptions): Promise<Section> {
  const office = await openOffice();
  const bot = await startBot(office.settings, { core: 0 });
  const rounds = quick ? 1 : 5;
  try {
    await ready(bot);
    await office.load({ port: bot.port, kind: 'command', text: 'help', count: 200, answers: true });
    const units: Sized[] = [];
    for (const size of UNITS) {
      await office.exchange.ask(z.null(), 'shape', { units: size });
      units.push(await measure(office, bot, '/ltv', size, rounds));
    }
    const rows: Sized[] = [];
    for (const size of quick ? ROWS.slice(0, 3) : ROWS) {
      say(`size: ${size} closed units`);
      await office.exchange.ask(z.null(), 'shape', { closedRows: size });
      rows.push(
        await measure(office, bot, '/closed-units', size, size > 10_000 ? Math.min(rounds, 3) : rounds),
      );
    }
    return section(units, rows);
  } finally {
    await bot.stop();
    await office.close();
  }
}

async function measure(
  office: Office,
  bot: Program,
  command: string,
  size: number,
  rounds: number,
): Promise<Sized> {
  const answerMs: number[] = [];
  const calls: number[] = [];
  const told = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    await pause(UNTIL_STALE_MS);
    await forgetCalls(office);
    const loaded = await office.load({
      ...{ port: bot.port, kind: 'command', command, count: 1, answers: true, keepTexts: true },
    });
    answerMs.push(loaded.answerP50 ?? Number.NaN);
    calls.push([...(await exchangeCalls(office)).values()].reduce((sum, count) => sum + count, 0));
    for (const text of Object.keys(loaded.texts)) told.add(text);
  }
  return { size, answerMs, calls, rssMb: residentMb(bot.pid) ?? Number.NaN, told };
}

function section(units: readonly Sized[], rows: readonly Sized[]): Section {
  const table = (title: string, name: string, sizes: readonly Sized[]) => ({
    title,
    columns: [name, 'answer ms', 'exchange calls', 'memory after, MB', 'answer begins'],
    rows: sizes.map(({ size, answerMs, calls, rssMb, told }) => [
      size.toLocaleString('en'),
      spread(answerMs),
      spread(calls),
      rssMb.toFixed(0),
      [...told].join('; '),
    ]),
  });
  return {
    title: 'Many units, many closed units',
    method:
      'One bot; one command at a time, each after the former answer is too old to be shared, so each goes to the exchange (which answers at once). From sending to the answer at the response URL. One bot process throughout: memory is resident after the rounds of that line.',
    tables: [table('`/ltv`', 'units', units), table('`/closed-units`', 'closed rows', rows)],
    goals: [],
    notes: [
      'The closed list comes in pages of 100 rows from the exchange, four asked for at a time after the first: a list of 100,000 is 1,000 calls, 1,000 of the 12,000 of weight that a minute has. On loopback the exchange answers in under a millisecond; at 50 ms a call the same list would take some 13 s.',
    ],
  };
}
