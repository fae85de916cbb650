/** One client of the exchange in a process of its own: makes so many calls at so much concurrency, and says what they cost. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { answerParent, givenArgument } from '../support/parent.ts';

const argumentSchema = z.object({
  variant: z.enum(['undici', 'undici + zod', 'loandesk', 'loandesk + Redis', 'binance', 'ccxt']),
  url: z.string(),
  apiKey: z.string(),
  secret: z.string(),
  redisUrl: z.string(),
});
type Argument = z.infer<typeof argumentSchema>;

/** Makes one signed call; throws unless it brought the one row. */
type OneCall = () => Promise<void>;

const PATH = '/sapi/v1/margin/loan-group/ltv-details';

function expectRow(answer: unknown): void {
  if (!Array.isArray(answer) || answer.length === 0) throw new Error('the answer has no row');
}

async function bareUndici({ url, apiKey, secret }: Argument, validate: boolean): Promise<OneCall> {
  const { Pool } = await import('undici');
  const pool = new Pool(url, { connections: 64, pipelining: 1 });
  const { riskUnitRow } = validate ? await import('../../src/binance/schemas.ts') : { riskUnitRow: null };
  const { parseExactJson } = validate
    ? await import('../../src/binance/exact-json.ts')
    : { parseExactJson: JSON.parse };
  return async () => {
    const payload = `recvWindow=5000&timestamp=${Date.now()}`;
    const signature = createHmac('sha256', secret).update(payload).digest('hex');
    const { body, statusCode } = await pool.request({
      method: 'GET',
      path: `${PATH}?${payload}&signature=${signature}`,
      headers: { 'X-MBX-APIKEY': apiKey },
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(text);
    const rows: unknown = parseExactJson(text);
    expectRow(rows);
    if (riskUnitRow !== null) riskUnitRow.array().parse(rows);
  };
}

async function loandesk({ url, apiKey, secret, redisUrl }: Argument, withRedis: boolean): Promise<OneCall> {
  const { createLoanExchange } = await import('../../src/binance/loan-exchange.ts');
  const { Account } = await import('../../src/binance/account.ts');
  const { createSigningKey } = await import('../../src/binance/signing-key.ts');
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const signing = createSigningKey(secret, null);
  if (!signing.ok) throw new Error(signing.fault);
  const exchange = createLoanExchange({
    baseUrl: url,
    accounts: [new Account('fund-a', 'parent', apiKey, signing.key)],
    ledger: withRedis ? await redisLedger(redisUrl, quiet) : localLedger(),
    sharedReads: {
      get: async () => null,
      put: async () => {},
      tryLead: async () => true,
      release: async () => {},
    },
    log: quiet,
  });
  return async () => {
    const read = await exchange.reader.riskUnits({ priority: 'interactive', fresh: true });
    if (!read.ok) throw new Error(`refused: ${JSON.stringify(read.failure)}`);
    expectRow(read.value);
  };
}

function localLedger() {
  return {
    reserve: async () => ({ ok: true, used: 1 }),
    raise: async () => {},
    stop: async () => {},
    stops: async () => [],
  };
}

/** The real script with its real arguments, except for a limit that a benchmark does not reach. */
async function redisLedger(
  redisUrl: string,
  log: { debug(): void; info(): void; warn(): void; error(): void },
) {
  const { RedisConnection } = await import('../../src/redis/connection.ts');
  const { KeyNames } = await import('../../src/redis/key-names.ts');
  const { RedisWeightLedger } = await import('../../src/redis/weight-ledger.ts');
  const connection = new RedisConnection({ url: redisUrl }, log);
  const real = new RedisWeightLedger({ connection, keys: new KeyNames('bench') });
  return {
    reserve: async (bucket: string, minute: number, weight: number) => {
      const { ok } = await real.reserve(bucket, minute, weight, Number.MAX_SAFE_INTEGER);
      return { ok, used: 1 };
    },
    raise: async () => {},
    stop: real.stop.bind(real),
    stops: real.stops.bind(real),
  };
}

async function binance({ url, apiKey, secret }: Argument): Promise<OneCall> {
  const { MainClient } = await import('binance');
  const client = new MainClient({ api_key: apiKey, api_secret: secret, baseUrl: url, recvWindow: 5_000 });
  return async () => expectRow(await client.getInstLoanRiskUnit({}));
}

async function ccxt({ url, apiKey, secret }: Argument): Promise<OneCall> {
  const { default: library } = await import('ccxt');
  const exchange = new library.binance({ apiKey, secret, enableRateLimit: false });
  Object.assign(exchange.urls.api, { sapi: `${url}/sapi/v1` });
  return async () => expectRow(await exchange.request('margin/loan-group/ltv-details', 'sapi', 'GET'));
}

function build(argument: Argument): Promise<OneCall> {
  switch (argument.variant) {
    case 'undici':
      return bareUndici(argument, false);
    case 'undici + zod':
      return bareUndici(argument, true);
    case 'loandesk':
      return loandesk(argument, false);
    case 'loandesk + Redis':
      return loandesk(argument, true);
    case 'binance':
      return binance(argument);
    case 'ccxt':
      return ccxt(argument);
  }
}

const runSchema = z.object({ calls: z.number(), concurrency: z.number() });

async function run(call: OneCall, argument: unknown) {
  const { calls, concurrency } = runSchema.parse(argument);
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
}

const call = await build(argumentSchema.parse(givenArgument()));
await call();
answerParent({
  run: (argument) => run(call, argument),
  rssMb: () => process.memoryUsage.rss() / 2 ** 20,
});
