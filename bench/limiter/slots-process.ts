/** A process that asks the shared limiter for ten slots a second, as closes ask (counted or not at all). */
import { z } from 'zod';
import { realDelay } from '../../src/binance/delay.ts';
import { WeightLimiter } from '../../src/binance/weight-limiter.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { KeyNames } from '../../src/redis/key-names.ts';
import { RedisWeightLedger } from '../../src/redis/weight-ledger.ts';
import { answerParent, givenArgument } from '../support/parent.ts';

const EVERY_MS = 100;
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

const { redisUrl } = z.object({ redisUrl: z.string() }).parse(givenArgument());
const limiter = new WeightLimiter({
  ledger: new RedisWeightLedger({
    connection: new RedisConnection({ url: redisUrl }, QUIET),
    keys: new KeyNames('bench'),
  }),
  clock: { nowMs: Date.now, uncertaintyMs: () => 5 },
  delay: realDelay,
  log: QUIET,
});

/** UTC milliseconds at which a slot was asked for, and what came of it and when. */
interface Asked {
  readonly atMs: number;
  kind: string;
  endedAtMs: number | null;
}

const asked: Asked[] = [];
let timer: NodeJS.Timeout | undefined;

async function ask(): Promise<void> {
  const slot: Asked = { atMs: Date.now(), kind: 'pending', endedAtMs: null };
  asked.push(slot);
  const answer = await limiter.admit({
    bucket: 'ip/bench',
    weight: 1,
    limit: 12_000,
    priority: 'interactive',
    patienceMs: 2_000,
    mustCount: true,
  });
  slot.kind = answer.kind;
  slot.endedAtMs = Date.now();
}

answerParent({
  begin: () => {
    timer = setInterval(() => void ask(), EVERY_MS);
  },
  end: () => clearInterval(timer),
  asked: () => asked,
});
