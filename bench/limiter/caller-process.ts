/** A replica's exchange client that asks for as much as it may: many callers in the background, none of them waiting. */
import { z } from 'zod';
import { loadAccounts } from '../../src/binance/accounts.ts';
import { createLoanExchange } from '../../src/binance/loan-exchange.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { KeyNames } from '../../src/redis/key-names.ts';
import { RedisWeightLedger } from '../../src/redis/weight-ledger.ts';
import { answerParent, givenArgument } from '../support/parent.ts';

const CALLERS = 20;
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

const argument = z
  .object({ url: z.string(), redisUrl: z.string(), accountsFile: z.string() })
  .parse(givenArgument());
const loaded = await loadAccounts({ path: argument.accountsFile, passphrase: null });
if (!loaded.ok) throw new Error(loaded.faults.join('; '));
const exchange = createLoanExchange({
  closeMode: 'live',
  baseUrl: argument.url,
  accounts: loaded.accounts.filter(({ role }) => role === 'parent'),
  ledger: new RedisWeightLedger({
    connection: new RedisConnection({ url: argument.redisUrl }, QUIET),
    keys: new KeyNames('bench'),
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

const answered = { done: 0, refused: 0 };
async function hammer(): Promise<void> {
  for (;;) {
    const read = await exchange.reader.riskUnits({ priority: 'background', fresh: true });
    answered[read.ok ? 'done' : 'refused'] += 1;
  }
}

answerParent({
  hammer: () => {
    for (let caller = 0; caller < CALLERS; caller += 1) void hammer();
  },
  answered: () => answered,
});
