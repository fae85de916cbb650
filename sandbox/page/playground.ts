/** Everything the page shows and controls: the world, its bots as processes, and a connection to Redis that can be cut. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { setSkipped, skipMinutes } from '../skip-time.ts';
import { SEED_IDS } from '../slack/seed.ts';
import { startTcpProxy } from '../tcp-proxy.ts';
import { PLAYED_WATCH, startWorld, type World, type WorldOptions } from '../world.ts';
import { BotFleet } from './bot-fleet.ts';
import { createRecordReader, type RecordReader } from './record-reader.ts';

/** The eight people the page can act as, by team: user id and what they may do. */
export const ACTORS = [
  ['Desk', [[SEED_IDS.rina, 'asks for closes']]],
  [
    'Treasury',
    [
      [SEED_IDS.ada, 'approves'],
      [SEED_IDS.ben, 'approves'],
      [SEED_IDS.chen, 'approves'],
    ],
  ],
  [
    'Risk',
    [
      [SEED_IDS.mara, 'approves by the rules'],
      [SEED_IDS.omar, 'approves by the rules'],
    ],
  ],
  [
    'Others',
    [
      [SEED_IDS.vera, 'may look'],
      [SEED_IDS.gus, 'guest'],
    ],
  ],
] as const;

/** The firm's own rules, for bots that are started with them. */
const PLAYED_RULES = {
  rules: [
    {
      units: '*',
      need: [
        { from: [SEED_IDS.treasuryTeam], count: 1 },
        { from: [SEED_IDS.riskTeam], count: 1 },
      ],
      delay: '2m',
    },
  ],
};

export interface Playground {
  readonly world: World;
  readonly fleet: BotFleet;
  readonly records: RecordReader;
  readonly redisIsDown: boolean;
  setRedisDown(down: boolean): void;
  /** Moves the clocks of Slack, the exchange, Redis and the bots. @throws with a Redis that has a clock of its own */
  skipTime(minutes: number): void;
  /** A unit with a key of its own; resolves when the bots know it. `owes`: USDT, "0" for a repaid one. */
  addUnit(groupId: string, owes: string): Promise<void>;
  /** Calls the listener after whatever changed on the other side, until the returned function is called. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface PlaygroundOptions extends Omit<WorldOptions, 'replicas' | 'workspace'> {
  /** Each line of a bot's log, with its name. */
  readonly onLine?: (line: string) => void;
}

/** A bot that reads a new key from its accounts file uses it at once. */
const KEY_IS_TRIED_WITHIN_MS = 3_000;
/** For this long bots may answer from a list of units that they read before. */
const ANSWERS_ARE_SHARED_MS = 2_000;

/** `files:write` is optional for the bot; with it one sees its files. */
const SCOPES = ['commands', 'chat:write', 'users:read', 'usergroups:read', 'files:write', 'channels:read'];

export async function startPlayground(options: PlaygroundOptions = {}): Promise<Playground> {
  const settings = { ...PLAYED_WATCH, ...options.settings };
  const world = await startWorld({ ...options, settings, replicas: 0, workspace: { scopes: SCOPES } });
  const { exchange, workspace } = world;
  const proxy = await startTcpProxy(world.redis.url);
  const rulesFile = join(dirname(world.accountsFile), 'close-rules.json');
  await writeFile(rulesFile, JSON.stringify(PLAYED_RULES));
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const fleet = new BotFleet({
    settings: { ...world.settings(), REDIS_URL: proxy.url },
    rulesFile,
    pointAt: workspace.setBotUrl,
    onChange: tell,
    onLine: options.onLine ?? (() => {}),
  });
  const records = createRecordReader(world.settings(), world.redis.url);
  exchange.onAnswered(tell);
  let redisIsDown = false;

  const close = async () => {
    // A bot that cannot reach Redis cannot stop in good order.
    proxy.heal();
    await fleet.stop();
    await records.close();
    await proxy.close();
    await world.close();
    // What else this process does goes by the machine's clock again.
    setSkipped(0);
  };
  try {
    await fleet.add();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    world,
    fleet,
    records,
    close,
    get redisIsDown() {
      return redisIsDown;
    },
    setRedisDown(down) {
      redisIsDown = down;
      if (down) proxy.cut();
      else proxy.heal();
      tell();
    },
    skipTime(minutes) {
      if (world.redis.kind === 'given')
        throw new Error('Time cannot be skipped: your Redis has its own clock');
      skipMinutes(minutes);
      fleet.skipTime();
      tell();
    },
    async addUnit(groupId, owes) {
      const liabilities = Number(owes) === 0 ? [] : [{ assetName: 'USDT', principal: owes, interest: '0' }];
      exchange.addUnit({ groupId, liabilities });
      await writeFile(world.accountsFile, JSON.stringify(exchange.accounts()), { mode: 0o600 });
      const asked = exchange.nextRequest(
        { account: `loan-${groupId}`, done: true },
        { stage: 'answered', signal: AbortSignal.timeout(KEY_IS_TRIED_WITHIN_MS) },
      );
      fleet.reloadAccounts();
      tell();
      // With no bot running, no call comes: the next bot reads the file when it starts.
      await asked.catch(() => {});
      await pause(ANSWERS_ARE_SHARED_MS);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
