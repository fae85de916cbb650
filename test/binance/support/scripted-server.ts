import { createServer } from 'node:http';
import type { Socket } from 'node:net';

export interface ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly apiKey: string | null;
}

export type ScriptedAnswer =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body: string }
  | 'reset'
  /** Never. */
  | 'hang';

export interface ScriptedServer {
  readonly url: string;
  readonly requests: ScriptedRequest[];
  readonly connections: () => number;
  /** Ends the idle connections, as a server does whose keep-alive is over. */
  endConnections(): void;
  close(): Promise<void>;
}

/** Answers each request as the test says; the time call is answered by itself. */
export async function scriptedServer(
  answer: (request: ScriptedRequest) => ScriptedAnswer,
): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((message, response) => {
    const url = new URL(message.url ?? '', 'http://x');
    const key = message.headers['x-mbx-apikey'];
    const request = {
      method: message.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      apiKey: typeof key === 'string' ? key : null,
    };
    if (url.pathname === '/api/v3/time') {
      response.end(JSON.stringify({ serverTime: Date.now() }));
      return;
    }
    requests.push(request);
    const given = answer(request);
    if (given === 'hang') return;
    if (given === 'reset') message.socket.resetAndDestroy();
    else response.writeHead(given.status ?? 200, given.headers).end(given.body);
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    requests,
    connections: () => connections,
    endConnections: () => {
      for (const socket of sockets) socket.end();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
