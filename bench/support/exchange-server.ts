/**
 * The exchange of the benchmarks, in a process of its own: checks key and signature, answers the documented rows,
 * and counts calls and connections. No limits: what is measured is the client.
 */
import { createServer, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { verifySignature } from '../../sandbox/binance/verify.ts';
import { answerParent, givenArgument } from './parent.ts';
import { unitRow } from './unit-row.ts';

const shapeSchema = z.object({
  units: z.number().default(1),
  closedRows: z.number().default(10),
  latencyMs: z.number().default(0),
});

export const BENCH_KEY = { apiKey: 'bench-api-key', secret: 'bench-secret' };

let shape = shapeSchema.parse(givenArgument() ?? {});
let details = '';
let calls: Record<string, number> = {};
let connections = 0;

function takeShape(argument: unknown): void {
  shape = shapeSchema.parse(argument);
  details = `[${Array.from({ length: shape.units }, (_, index) => unitRow(index + 1)).join(',')}]`;
}

function closedPage(query: URLSearchParams): string {
  const size = Number(query.get('size') ?? 10);
  const first = (Number(query.get('current') ?? 1) - 1) * size;
  const count = Math.max(0, Math.min(size, shape.closedRows - first));
  const rows = Array.from({ length: count }, (_, index) => {
    const id = first + index + 1;
    const closeTime = 1_760_000_000_000 - id * 60_000;
    return `{"groupId":${id},"parentEmail":"andrew.kemmer001@test.com","creditEmail":"credit${id}@test.com","enabled":"FALSE","createTime":${closeTime - 86_400_000},"closeTime":${closeTime}}`;
  });
  return `{"total":${shape.closedRows},"rows":[${rows.join(',')}]}`;
}

function answer(path: string, query: string, key: string | undefined, response: ServerResponse): void {
  const send = (status: number, body: string) =>
    response
      .writeHead(status, {
        'content-type': 'application/json;charset=UTF-8',
        'x-sapi-used-ip-weight-1m': '1',
        'content-length': Buffer.byteLength(body),
      })
      .end(body);
  if (path === '/api/v3/time') return void send(200, `{"serverTime":${Date.now()}}`);
  if (path === '/sapi/v1/system/status') return void send(200, '{"status":0,"msg":"normal"}');
  const verdict = verifySignature({ kind: 'hmac', secret: BENCH_KEY.secret }, query, '');
  if (key?.startsWith(BENCH_KEY.apiKey) !== true || verdict !== 'ok')
    return void send(400, '{"code":-1022,"msg":"Signature"}');
  if (path.endsWith('/ltv-details')) return void send(200, details);
  if (path.endsWith('/closed')) return void send(200, closedPage(new URLSearchParams(query)));
  if (path.endsWith('/activated')) return void send(200, '[]');
  send(404, '{"code":-1000,"msg":"no such path"}');
}

takeShape(shape);
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  calls[path] = (calls[path] ?? 0) + 1;
  const key = request.headers['x-mbx-apikey'];
  const reply = () => answer(path, query, typeof key === 'string' ? key : undefined, response);
  if (shape.latencyMs === 0) reply();
  else setTimeout(reply, shape.latencyMs);
});
server.on('connection', () => {
  connections += 1;
});
server.listen(0, '127.0.0.1', () => {
  answerParent({
    port: () => {
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : 0;
    },
    shape: (argument) => takeShape(argument),
    counts: () => ({ calls, connections }),
    reset: () => {
      calls = {};
      connections = 0;
    },
  });
});
