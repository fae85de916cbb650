/** Start-up and memory over a process's life, beside bare Bolt. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  readonly boltMs: number[];
  readonly botMs: number[];
  readonly botReadyMs: number[];
  readonly boltMb: number[];
  readonly botMb: number[];
}

export async function lifeBench({ quick, say }: BenchOptions): Promise<Section> {
  const office = await openOffice();
  const cache = await mkdtemp(join(tmpdir(), 'loandesk-cache-'));
  try {
    const starts = await measureStarts(office, cache, quick ? 2 : 9);
    say('life: many commands');
    const perChunk = quick ? 300 : 10_000;
    const memory = await manyCommands(office, perChunk);
    return section(starts, memory, perChunk);
  } finally {
    await office.close();
    await rm(cache, { recursive: true, force: true });
  }
}

async function measureStarts(office: Office, cache: string, rounds: number): Promise<Starts> {
  const starts: Starts = { boltMs: [], botMs: [], botReadyMs: [], boltMb: [], botMb: [] };
  const env = { NODE_COMPILE_CACHE: cache };
  for (let round = 0; round <= rounds; round += 1) {
    const bolt = await timed(office, (port) => startBolt({ core: 0, env, port }), false);
    const bot = await timed(office, (port) => startBot(office.settings, { core: 0, env, port }), true);
    // The first round fills the compile cache.
    if (round === 0) continue;
    starts.boltMs.push(bolt.ackMs);
    starts.botMs.push(bot.ackMs);
    starts.botReadyMs.push(bot.readyMs);
    starts.boltMb.push(bolt.idleMb);
    starts.botMb.push(bot.idleMb);
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

function section(starts: Starts, memory: readonly number[], perChunk: number): Section {
  const early = median(memory.slice(3, 6));
  const late = median(memory.slice(-3));
  return {
    title: 'Start-up and memory',
    method: `Bare Bolt and the bot started in turn on one core, both with a warm compile cache, from the spawn to the first signed request answered with 200; idle memory a second later. Then one bot takes ${(perChunk * CHUNKS).toLocaleString('en')} \`/ltv help\` at concurrency 10, each answered; its resident memory after each tenth.`,
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
          ['bare Bolt', spread(starts.boltMs), '-', spread(starts.boltMb)],
          ['Loandesk', spread(starts.botMs), spread(starts.botReadyMs), spread(starts.botMb)],
        ],
      },
      {
        title: 'Memory over many commands, MB',
        columns: ['commands so far', ...memory.map((_, chunk) => (chunk * perChunk).toLocaleString('en'))],
        rows: [['resident', ...memory.map((mb) => mb.toFixed(0))]],
      },
    ],
    goals: [
      atMost('first signed answer within 1.5 x bare Bolt', 1.5, medianRatio(starts.botMs, starts.boltMs)),
      atMost('idle memory within 1.3 x bare Bolt', 1.3, medianRatio(starts.botMb, starts.boltMb)),
      atMost('no growth: the last tenths at most 1.05 x the third to fifth', 1.05, late / early),
    ],
    notes: [],
  };
}
