/** Our client of the exchange in a process of its own; runs from here and, as the image has it, from a bundle. */
import { z } from 'zod';
import { Account } from '../../src/binance/account.ts';
import { ENDPOINTS } from '../../src/binance/endpoints.ts';
import { parseExactJson } from '../../src/binance/exact-json.ts';
import { createHttp } from '../../src/binance/http.ts';
import { createLoanExchange } from '../../src/binance/loan-exchange.ts';
import { readRows } from '../../src/binance/rows.ts';
import { listAnswer, riskUnitRow } from '../../src/binance/schemas.ts';
import { signedQuery } from '../../src/binance/sign.ts';
import { createSigningKey } from '../../src/binance/signing-key.ts';
import { givenArgument } from '../support/parent.ts';
import { answerCalls, clientArgument, expectRow, type OneCall } from './answer-calls.ts';

const argumentSchema = clientArgument.extend({
  variant: z.enum(['loandesk: sign, send, validate', 'loandesk', 'loandesk + Redis']),
});

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

async function loandesk(argument: z.infer<typeof argumentSchema>): Promise<OneCall> {
  const { variant, url, apiKey, secret, redisUrl } = argument;
  const signing = createSigningKey(secret, null);
  if (!signing.ok) throw new Error(signing.fault);
  if (variant === 'loandesk: sign, send, validate') return signSendValidate(url, apiKey, signing.key.sign);
  const exchange = createLoanExchange({
    closeMode: 'live',
    baseUrl: url,
    accounts: [new Account('fund-a', 'parent', apiKey, signing.key)],
    ledger: variant === 'loandesk' ? localLedger() : await redisLedger(redisUrl),
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

/** The parts of the product that do these three things, without what decides whether a call may leave. */
function signSendValidate(url: string, apiKey: string, sign: (payload: string) => string): OneCall {
  const http = createHttp({ baseUrl: url });
  const { method, path } = ENDPOINTS.ltvDetails;
  return async () => {
    const query = signedQuery(
      [
        ['recvWindow', '5000'],
        ['timestamp', String(Date.now())],
      ],
      sign,
    );
    const target = `${path}?${query}`;
    const answer = await http.exchange({ method, target, headers: { 'X-MBX-APIKEY': apiKey } });
    if (answer.kind !== 'response' || answer.status !== 200) throw new Error(`refused: ${answer.kind}`);
    const { rows, flawed } = readRows(listAnswer.parse(parseExactJson(answer.body)), riskUnitRow);
    if (flawed.length > 0) throw new Error(flawed[0]?.text);
    expectRow(rows);
  };
}

function localLedger() {
  return {
    reserve: async () => ({ ok: true, used: 1 }),
    raise: async () => {},
    stop: async () => {},
    stops: async () => [],
    lift: async () => {},
    sinceLiftMs: async () => null,
  };
}

/** The real script with its real arguments, except for a limit that a benchmark does not reach. */
async function redisLedger(redisUrl: string) {
  const { RedisConnection } = await import('../../src/redis/connection.ts');
  const { KeyNames } = await import('../../src/redis/key-names.ts');
  const { RedisWeightLedger } = await import('../../src/redis/weight-ledger.ts');
  const connection = new RedisConnection({ url: redisUrl }, quiet);
  const real = new RedisWeightLedger({ connection, keys: new KeyNames('bench') });
  return {
    reserve: async (bucket: string, minute: number, weight: number) => {
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

await answerCalls(await loandesk(argumentSchema.parse(givenArgument())));
