/** The peers of our client of the exchange, one in a process of its own. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { givenArgument } from '../support/parent.ts';
import { answerCalls, type ClientArgument, clientArgument, expectRow, type OneCall } from './answer-calls.ts';

const argumentSchema = clientArgument.extend({
  variant: z.enum(['undici', 'undici + zod', 'binance', 'ccxt']),
});

const PATH = '/sapi/v1/margin/loan-group/ltv-details';

async function bareUndici({ url, apiKey, secret }: ClientArgument, validate: boolean): Promise<OneCall> {
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

async function binance({ url, apiKey, secret }: ClientArgument): Promise<OneCall> {
  const { MainClient } = await import('binance');
  const client = new MainClient({ api_key: apiKey, api_secret: secret, baseUrl: url, recvWindow: 5_000 });
  return async () => expectRow(await client.getInstLoanRiskUnit({}));
}

async function ccxt({ url, apiKey, secret }: ClientArgument): Promise<OneCall> {
  const { default: library } = await import('ccxt');
  const exchange = new library.binance({ apiKey, secret, enableRateLimit: false });
  Object.assign(exchange.urls.api, { sapi: `${url}/sapi/v1` });
  return async () => expectRow(await exchange.request('margin/loan-group/ltv-details', 'sapi', 'GET'));
}

function build(argument: z.infer<typeof argumentSchema>): Promise<OneCall> {
  switch (argument.variant) {
    case 'undici':
      return bareUndici(argument, false);
    case 'undici + zod':
      return bareUndici(argument, true);
    case 'binance':
      return binance(argument);
    case 'ccxt':
      return ccxt(argument);
  }
}

await answerCalls(await build(argumentSchema.parse(givenArgument())));
