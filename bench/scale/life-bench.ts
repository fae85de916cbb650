/** Start-up and memory over a process's life, beside bare Bolt. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { residentMb } from '../support/child.ts';
import { type Office, openOffice } from '../support/office.ts';
import type { BenchOptions } from '../support/options.ts';
import { type Program, ready, startBolt, startBot } from '../support/programs.ts';
import { freePort } from '../support/redis-process.ts';
import { atMost, type Section } from '../support/report.ts';
import { median, medianRatio, spread } from '../support/statistics.ts';

const CHUNKS = 10;

interface Starts {
  readonly ackMs: number[];
  readonly readyMs: number[];
  readonly idleMb: number[];
}

const VARIANTS = ['bare Bolt', 'Loandesk', 'Loandesk from sources'] as const;
type Variant = (typeof VARIANTS)[number];
type AllStarts = Readonly<Record<Variant, Starts>>;

export async function lifeBench({ quick, say }: BenchOptions): Promise<Section> {
  const office = await openOffice();
  try {
    const starts = await measureStarts(office, quick ? 2 : 9);
    say('life: many commands');
    const perChunk = quick ? 300 : 10_000;
    const memory = await manyCommands(office, perChunk);
    return section(starts, memory, perChunk);
  } finally {
    await office.close();
  }
}

async function measureStarts(office: Office, rounds: number): Promise<AllStarts> {
  const none = (): Starts => ({ ackMs: [], readyMs: [], idleMb: [] });
  const starts: AllStarts = { 'bare Bolt': none(), Loandesk: none(), 'Loandesk from sources': none() };
  const start: Record<Variant, (port: number) => Promise<Program>> = {
    'bare Bolt': (port) => startBolt({ core: 0, port }),
    Loandesk: (port) => startBot(office.settings, { core: 0, port }),
    'Loandesk from sources': (port) => startBot(office.settings, { core: 0, port, from: 'sources' }),
  };
  for (let round = 0; round <= rounds; round += 1) {
    for (const variant of VARIANTS) {
      const { ackMs, readyMs, idleMb } = await timed(office, start[variant], variant !== 'bare Bolt');
      // The first round builds, and fills the compile cache.
      if (round === 0) continue;
      starts[variant].ackMs.push(ackMs);
      starts[variant].readyMs.push(readyMs);
      starts[variant].idleMb.push(idleMb);
    }
  }
  return starts;
}

async function timed(office: Office, start: (port: number) => Promise<Program>, isBot: boolean) {
  const port = await freePort();
  const startedAtMs = performance.now();
  const acked = office.slack.ask(z.null(), 'firstAck', { port }).then(() => performance.now() - startedAtMs);
  const program = await start(port);
  try {
    const ackMs = await acked;
    if (isBot) await ready(program);
    const readyMs = performance.now() - startedAtMs;
    await pause(1_000);
    return { ackMs, readyMs, idleMb: residentMb(program.pid) ?? Number.NaN };
  } finally {
    await program.stop();
  }
}

/** Resident memory before, and after each tenth. */
async function manyCommands(office: Office, perChunk: number): Promise<readonly number[]> {
  const bot = await startBot(office.settings, { core: 0 });
  try {
    await ready(bot);
    const memory = [residentMb(bot.pid) ?? Number.NaN];
    for (let chunk = 0; chunk < CHUNKS; chunk += 1) {
      await office.load({
        ...{ port: bot.port, kind: 'command', text: 'help', count: perChunk, concurrency: 10, answers: true },
      });
      memory.push(residentMb(bot.pid) ?? Number.NaN);
    }
    return memory;
  } finally {
    await bot.stop();
  }
}

function section(starts: AllStarts, memory: readonly number[], perChunk: number): Section {
  const early = median(memory.slice(3, 6));
  const late = median(memory.slice(-3));
  const { 'bare Bolt': bolt, Loandesk: bot } = starts;
  return {
    title: 'Start-up and memory',
    method: `Bare Bolt and the bot started in turn on one core, from the spawn to the first signed request answered with 200; idle memory a second later. The bot is started as the image does, from a bundle with the Dockerfile's variables; bare Bolt has the same variables, all have a warm compile cache. "From sources" is \`npm start\` in a clone, for information: no goal is about it. Then one bot takes ${(perChunk * CHUNKS).toLocaleString('en')} \`/ltv help\` at concurrency 10, each answered; its resident memory after each tenth.`,
    tables: [
      {
        title: 'Start-up',
        columns: [
          '',
          'first signed 200, ms',
          'ready (Redis, exchange and Slack asked), ms',
          'idle memory MB',
        ],
        rows: [
          ...VARIANTS.map((variant) => {
            const { ackMs, readyMs, idleMb } = starts[variant];
            return [variant, spread(ackMs), variant === 'bare Bolt' ? '-' : spread(readyMs), spread(idleMb)];
          }),
        ],
      },
      {
        title: 'Memory over many commands, MB',
        columns: ['commands so far', ...memory.map((_, chunk) => (chunk * perChunk).toLocaleString('en'))],
        rows: [['resident', ...memory.map((mb) => mb.toFixed(0))]],
      },
    ],
    goals: [
      atMost('first signed answer within 1.5 x bare Bolt', 1.5, medianRatio(bot.ackMs, bolt.ackMs)),
      atMost('idle memory within 1.3 x bare Bolt', 1.3, medianRatio(bot.idleMb, bolt.idleMb)),
      atMost('no growth: the last tenths at most 1.05 x the third to fifth', 1.05, late / early),
    ],
    notes: [],
  };
}
