/** Start-up and memory of the bot beside bare Bolt. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Office, openOffice, type Program } from '../support/office.ts';
import { atMost, type BenchOptions, type Section } from '../support/report.ts';
import { medianRatio, spread } from '../support/statistics.ts';

const NAMES = ['bare Bolt', 'Loandesk'] as const;
type Name = (typeof NAMES)[number];

interface Starts {
  readonly firstAckMs: number[];
  readonly readyMs: number[];
  readonly idleMb: number[];
}

export async function lifeBench({ quick }: BenchOptions): Promise<Section> {
  const [rounds, commands] = quick ? [2, 1_000] : [9, 10_000];
  const office = await openOffice();
  try {
    const starts = await measureStarts(office, rounds);
    const memory = { 'bare Bolt': [] as number[], Loandesk: [] as number[] };
    for (const name of NAMES) {
      const program = await startOf(office, name);
      try {
        for (let time = 0; time < 3; time += 1) {
          if (time > 0)
            await program.load({ kind: 'command', text: 'help', count: commands, eachAnswered: true });
          memory[name].push(program.residentMb());
        }
      } finally {
        await program.stop();
      }
    }
    return section(starts, memory, commands);
  } finally {
    await office.close();
  }
}

function startOf(office: Office, name: Name): Promise<Program> {
  return name === 'Loandesk' ? office.startBot() : office.startBolt();
}

async function measureStarts(office: Office, rounds: number): Promise<Readonly<Record<Name, Starts>>> {
  const none = (): Starts => ({ firstAckMs: [], readyMs: [], idleMb: [] });
  const starts = { 'bare Bolt': none(), Loandesk: none() };
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of NAMES) {
      const startedAtMs = performance.now();
      const program = await startOf(office, name);
      try {
        if (name === 'Loandesk') await program.ready();
        const readyMs = performance.now() - startedAtMs;
        await pause(1_000);
        // The first round fills the compile cache.
        if (round === 0) continue;
        starts[name].firstAckMs.push(program.firstAckMs);
        starts[name].readyMs.push(readyMs);
        starts[name].idleMb.push(program.residentMb());
      } finally {
        await program.stop();
      }
    }
  }
  return starts;
}

function section(
  starts: Readonly<Record<Name, Starts>>,
  memory: Readonly<Record<Name, readonly number[]>>,
  commands: number,
): Section {
  const { 'bare Bolt': bolt, Loandesk: bot } = starts;
  const [, middle = Number.NaN, end = Number.NaN] = memory.Loandesk;
  const many = (times: number) => `after ${(commands * times).toLocaleString('en')} commands`;
  return {
    title: 'Start and memory',
    method:
      'From the spawn to the first signed request answered with 200, and to /readyz; memory is resident, idle one second later. The bot starts as its image starts it, both with the same variables and a warm compile cache. Then one process of each answers `/ltv help`, 10 at once.',
    tables: [
      {
        title: 'Start',
        columns: [
          '',
          'first signed 200, ms',
          'ready (Redis, exchange and Slack asked), ms',
          'idle memory MB',
        ],
        rows: NAMES.map((name) => [
          name,
          spread(starts[name].firstAckMs),
          name === 'Loandesk' ? spread(starts[name].readyMs) : '-',
          spread(starts[name].idleMb),
        ]),
      },
      {
        title: 'Memory under load, MB',
        columns: ['', 'at the start', many(1), many(2)],
        rows: NAMES.map((name) => [name, ...memory[name].map((mb) => mb.toFixed(0))]),
      },
    ],
    goals: [
      atMost('first signed answer within 1.5 x bare Bolt', 1.5, medianRatio(bot.firstAckMs, bolt.firstAckMs)),
      atMost('idle memory within 1.3 x bare Bolt', 1.3, medianRatio(bot.idleMb, bolt.idleMb)),
      atMost('no growth: the second half of the commands adds at most 10%', 1.1, end / middle),
    ],
    notes: [],
  };
}
