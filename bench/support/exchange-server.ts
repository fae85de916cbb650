/**
 * The exchange of the benchmarks, in a process of its own: checks key and signature, and answers the documented row of
 * ltv-details. No limits and no history: what is measured is the client.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { verifySignature } from '../../sandbox/binance/gate.ts';
import { answerParent } from './parent.ts';
import { BENCH_KEY } from './secrets.ts';

const DOCUMENTED_UNIT = new URL('../../test/sandbox/binance/exchange-documented-unit.json', import.meta.url);
const details = JSON.stringify([JSON.parse(readFileSync(DOCUMENTED_UNIT, 'utf8'))]);

function answerTo(path: string, query: string, key: unknown): [status: number, body: string] {
  if (path === '/api/v3/time') return [200, `{"serverTime":${Date.now()}}`];
  if (path === '/sapi/v1/system/status') return [200, '{"status":0,"msg":"normal"}'];
  const verdict = verifySignature({ kind: 'hmac', secret: BENCH_KEY.secret }, query, '');
  if (key !== BENCH_KEY.apiKey || verdict !== 'ok') return [400, '{"code":-1022,"msg":"Signature"}'];
  if (path.endsWith('/ltv-details')) return [200, details];
  return [404, '{"code":-1000,"msg":"no such path"}'];
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const [status, body] = answerTo(path, query, request.headers['x-mbx-apikey']);
  const headers = {
    'content-type': 'application/json;charset=UTF-8',
    'content-length': Buffer.byteLength(body),
    'x-sapi-used-ip-weight-1m': '1',
  };
  response.writeHead(status, headers).end(body);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  answerParent({ url: () => `http://127.0.0.1:${port}` });
});
