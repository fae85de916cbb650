/** One client of the exchange in a process of its own: so many calls at so much concurrency, and what they cost. */
import { createHmac } from 'node:crypto';
import { MainClient } from 'binance';
import { Pool } from 'undici';
import { z } from 'zod';
import { Account } from '../../src/binance/accounts.ts';
import { createLoanExchange } from '../../src/binance/loan-exchange.ts';
import { MAX_STOP_MS } from '../../src/binance/shared-state.ts';
import { createSigningKey } from '../../src/binance/signing.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { KeyNames } from '../../src/redis/key-names.ts';
import { RedisWeightLedger } from '../../src/redis/weight-ledger.ts';
import { answerParent, givenArgument } from '../support/parent.ts';

const given = z
  .object({
    client: z.enum(['undici', 'binance', 'loandesk', 'loandesk + Redis']),
    url: z.string(),
    apiKey: z.string(),
    secret: z.string(),
    redisUrl: z.string(),
  })
  .parse(givenArgument());

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

/** Makes one signed call; throws unless it brought the row. */
type OneCall = () => Promise<void>;

function expectRow(answer: unknown): void {
  if (!Array.isArray(answer) || answer.length === 0) throw new Error('the answer has no row');
}

/** Signs, sends and parses; checks nothing. */
function bareUndici(): OneCall {
  const pool = new Pool(given.url, { connections: 16 });
  return async () => {
    const payload = `recvWindow=5000&timestamp=${Date.now()}`;
    const signature = createHmac('sha256', given.secret).update(payload).digest('hex');
    const { body, statusCode } = await pool.request({
      method: 'GET',
      path: `/sapi/v1/margin/loan-group/ltv-details?${payload}&signature=${signature}`,
      headers: { 'X-MBX-APIKEY': given.apiKey },
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(text);
    expectRow(JSON.parse(text));
  };
}

function binance(): OneCall {
  const { apiKey, secret, url } = given;
  const client = new MainClient({ api_key: apiKey, api_secret: secret, baseUrl: url, recvWindow: 5_000 });
  return async () => expectRow(await client.getInstLoanRiskUnit({}));
}

type Ledger = Pick<RedisWeightLedger, 'reserve' | 'raise' | 'stop' | 'stops' | 'lift' | 'sinceLiftMs'>;

/** Counts nothing, so that the client is seen without its round trip to Redis. */
const noLedger: Ledger = {
  reserve: async () => ({ ok: true, used: 1 }),
  raise: async () => {},
  stop: async () => {},
  stops: async () => [],
  lift: async () => {},
  sinceLiftMs: async () => null,
};

/** The real script with its real arguments, except for a limit that a benchmark does not reach. */
function redisLedger(): Ledger {
  const connection = new RedisConnection({ url: given.redisUrl }, QUIET);
  const real = new RedisWeightLedger({
    connection,
    keys: new KeyNames('bench'),
    longestStopMs: MAX_STOP_MS,
  });
  return {
    async reserve(bucket, minute, weight) {
      const { ok } = await real.reserve(bucket, minute, weight, Number.MAX_SAFE_INTEGER);
      return { ok, used: 1 };
    },
    raise: async () => {},
    stop: real.stop.bind(real),
    stops: real.stops.bind(real),
    lift: real.lift.bind(real),
    sinceLiftMs: real.sinceLiftMs.bind(real),
  };
}

function loandesk(ledger: Ledger): OneCall {
  const signing = createSigningKey(given.secret, null);
  if (!signing.ok) throw new Error(signing.fault);
  const exchange = createLoanExchange({
    closeMode: 'live',
    baseUrl: given.url,
    accounts: [new Account('fund-a', 'parent', given.apiKey, signing.key)],
    ledger,
    sharedReads: {
      get: async () => null,
      put: async () => {},
      tryLead: async () => true,
      release: async () => {},
    },
    log: QUIET,
  });
  return async () => {
    const read = await exchange.reader.riskUnits({ priority: 'interactive', fresh: true });
    if (!read.ok) throw new Error(`refused: ${JSON.stringify(read.failure)}`);
    expectRow(read.value);
  };
}

const CLIENTS: Readonly<Record<typeof given.client, () => OneCall>> = {
  undici: bareUndici,
  binance,
  loandesk: () => loandesk(noLedger),
  'loandesk + Redis': () => loandesk(redisLedger()),
};

const call = CLIENTS[given.client]();
await call();
answerParent({
  async run(argument) {
    const { calls, concurrency } = z.object({ calls: z.number(), concurrency: z.number() }).parse(argument);
    let left = calls;
    const worker = async () => {
      while (left-- > 0) await call();
    };
    const cpu = process.cpuUsage();
    const startedAtMs = performance.now();
    await Promise.all(Array.from({ length: concurrency }, worker));
    const tookMs = performance.now() - startedAtMs;
    const { user, system } = process.cpuUsage(cpu);
    return { callsPerSecond: (calls / tookMs) * 1_000, cpuUsPerCall: (user + system) / calls };
  },
});
