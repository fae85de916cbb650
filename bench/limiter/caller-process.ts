/** A replica's exchange client that asks for as much as it may: many callers in the background, without pause. */
import { z } from 'zod';
import { Account } from '../../src/binance/accounts.ts';
import { createLoanExchange } from '../../src/binance/loan-exchange.ts';
import { MAX_STOP_MS } from '../../src/binance/shared-state.ts';
import { createSigningKey } from '../../src/binance/signing.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { KeyNames } from '../../src/redis/key-names.ts';
import { RedisWeightLedger } from '../../src/redis/weight-ledger.ts';
import { answerParent, givenArgument } from '../support/parent.ts';

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

const given = z
  .object({
    url: z.string(),
    redisUrl: z.string(),
    apiKey: z.string(),
    secret: z.string(),
    callers: z.number(),
  })
  .parse(givenArgument());
const signing = createSigningKey(given.secret, null);
if (!signing.ok) throw new Error(signing.fault);
const exchange = createLoanExchange({
  closeMode: 'live',
  baseUrl: given.url,
  accounts: [new Account('fund-a', 'parent', given.apiKey, signing.key)],
  ledger: new RedisWeightLedger({
    connection: new RedisConnection({ url: given.redisUrl }, QUIET),
    keys: new KeyNames('bench'),
    longestStopMs: MAX_STOP_MS,
  }),
  sharedReads: {
    get: async () => null,
    put: async () => {},
    tryLead: async () => true,
    release: async () => {},
  },
  log: QUIET,
});
await exchange.start();

async function hammer(): Promise<void> {
  for (;;) await exchange.reader.riskUnits({ priority: 'background', fresh: true });
}

answerParent({
  hammer: () => {
    for (let caller = 0; caller < given.callers; caller += 1) void hammer();
  },
});
