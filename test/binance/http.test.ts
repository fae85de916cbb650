import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { Pool } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttp, type Http, type HttpOptions } from '../../src/binance/http.ts';

const GET = { method: 'GET', target: '/x?a=1', headers: {} } as const;
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

function http(options: HttpOptions): Http {
  const made = createHttp(options);
  closing.push(() => made.close());
  return made;
}

describe('one HTTP exchange', () => {
  it("sends path and query as they are, behind the base URL's own path", async () => {
    const urls: string[] = [];
    const host = await listen(
      createServer((request, response) => {
        urls.push(`${request.method} ${request.url}`);
        response.writeHead(418, { 'X-Used': '7' }).end('body');
      }),
    );
    const client = http({ baseUrl: `http://${host}/prefix/` });
    expect(await client.exchange({ ...GET, target: "/a?b=%27%2B'~" })).toMatchObject({
      kind: 'response',
      status: 418,
      headers: { 'x-used': '7' },
      body: 'body',
    });
    expect(urls).toEqual(["GET /prefix/a?b=%27%2B'~"]);
  });

  it('does not follow redirects', async () => {
    const host = await listen(
      createServer((_request, response) => {
        response.writeHead(302, { location: '/elsewhere' }).end();
      }),
    );
    expect(await http({ baseUrl: `http://${host}` }).exchange(GET)).toMatchObject({ status: 302 });
  });

  it('exchange case 25: a refused connection, an unknown name and a failed TLS handshake write nothing', async () => {
    const plain = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end('no TLS here\r\n', () => socket.destroy()));
      }),
    );
    const gone = await listen(createTcpServer());
    await closing.pop()?.();
    const failures = await Promise.all(
      [`http://${gone}`, 'http://name.invalid', `https://${plain}`].map((baseUrl) =>
        http({ baseUrl }).exchange(GET),
      ),
    );
    expect(failures).toEqual([
      { kind: 'failed', fault: 'refused', written: false },
      { kind: 'failed', fault: 'dns', written: false },
      { kind: 'failed', fault: 'tls', written: false },
    ]);
  });

  it('a call that timed out while it waited for a connection is not sent later', async () => {
    const targets: string[] = [];
    const held: (() => void)[] = [];
    const host = await listen(
      createServer((request, response) => {
        targets.push(request.url ?? '');
        held.push(() => response.end());
      }),
    );
    const dispatcher = new Pool(`http://${host}`, { connections: 1 });
    closing.push(() => dispatcher.close());
    const slow = http({ baseUrl: `http://${host}`, dispatcher, timeoutMs: 60_000 });
    const quick = http({ baseUrl: `http://${host}`, dispatcher, timeoutMs: 30 });
    const first = slow.exchange({ ...GET, target: '/first' });
    await expect.poll(() => held.length).toBe(1);
    const queued = await quick.exchange({ method: 'DELETE', target: '/queued', headers: {} });
    expect(queued).toEqual({ kind: 'failed', fault: 'timeout', written: false });
    held[0]?.();
    await first;
    const last = slow.exchange({ ...GET, target: '/last' });
    await expect.poll(() => held.length).toBe(2);
    held[1]?.();
    await last;
    expect(targets).toEqual(['/first', '/last']);
  });

  it('keeps to one connection for calls one after the other, to 64 for any number at once, and renews closed ones', async () => {
    const held: (() => void)[] = [];
    let connections = 0;
    const server = createServer((request, response) => {
      if (request.url === '/hold') held.push(() => response.end('held'));
      else if (request.url === '/last') response.writeHead(200, { connection: 'close' }).end('last');
      else response.end('now');
    });
    server.on('connection', () => {
      connections += 1;
    });
    const client = http({ baseUrl: `http://${await listen(server)}` });
    const targets = ['/a', '/last', '/b', '/c'];
    for (const target of targets) {
      expect(await client.exchange({ ...GET, target })).toMatchObject({ kind: 'response', status: 200 });
    }
    expect(connections).toBe(2);
    const calls = Array.from({ length: 100 }, () => client.exchange({ ...GET, target: '/hold' }));
    let ended = 0;
    for (const call of calls) void call.then(() => (ended += 1));
    await expect.poll(() => held.length).toBe(64);
    while (ended < calls.length) {
      for (const end of held.splice(0)) end();
      await new Promise(setImmediate);
    }
    expect(connections).toBe(65);
  });

  it('gives the first connection that comes free to who waits longest, whatever hangs on the others', async () => {
    const held = new Map<string, () => void>();
    const server = createServer((request, response) => {
      held.set(request.url ?? '', () => response.end('held'));
    });
    const client = http({ baseUrl: `http://${await listen(server)}` });
    const ended: string[] = [];
    const call = (target: string) =>
      client.exchange({ ...GET, target }).then((result) => ended.push(`${target} ${result.kind}`));
    const calls = Array.from({ length: 66 }, (_, number) => call(`/${number}`));
    await expect.poll(() => held.size).toBe(64);
    held.get('/7')?.();
    await expect.poll(() => held.has('/64')).toBe(true);
    held.get('/64')?.();
    await expect.poll(() => held.has('/65')).toBe(true);
    expect(ended).toEqual(['/7 response', '/64 response']);
    for (const end of held.values()) end();
    await Promise.all(calls);
  });

  it('a call that waits for a connection in vain was not written, and is not sent later', async () => {
    const held = new Map<string, () => void>();
    const server = createServer((request, response) => {
      held.set(request.url ?? '', () => response.end('held'));
    });
    const client = http({ baseUrl: `http://${await listen(server)}` });
    const calls = Array.from({ length: 64 }, (_, number) =>
      client.exchange({ ...GET, target: `/${number}` }),
    );
    await expect.poll(() => held.size).toBe(64);
    const late = await client.exchange({ method: 'DELETE', target: '/late', headers: {}, timeoutMs: 30 });
    expect(late).toEqual({ kind: 'failed', fault: 'timeout', written: false });
    for (const end of held.values()) end();
    await Promise.all(calls);
    expect(await client.exchange({ ...GET, target: '/after', timeoutMs: 50 })).toMatchObject({
      written: true,
    });
    expect(held.has('/late')).toBe(false);
  });

  it('nothing is sent after the end, and waiting calls learn that nothing was written', async () => {
    const held = new Map<string, () => void>();
    const server = createServer((request, response) => {
      held.set(request.url ?? '', () => response.end('held'));
    });
    const baseUrl = `http://${await listen(server)}`;
    const client = http({ baseUrl });
    const calls = Array.from({ length: 65 }, (_, number) =>
      client.exchange({ ...GET, target: `/${number}` }),
    );
    await expect.poll(() => held.size).toBe(64);
    await client.close();
    expect(await calls[64]).toEqual({ kind: 'failed', fault: 'other', written: false });
    const unused = http({ baseUrl });
    await unused.close();
    for (const ended of [client, unused]) {
      expect(await ended.exchange({ method: 'DELETE', target: '/after', headers: {} })).toEqual({
        kind: 'failed',
        fault: 'other',
        written: false,
      });
    }
    expect(held.has('/after')).toBe(false);
    expect((await Promise.all(calls)).slice(0, 64).every((result) => result.kind === 'failed')).toBe(true);
  });

  it('goes through the proxy of the settings, except to names that need none', async () => {
    const host = await listen(createServer((_request, response) => response.end('answer')));
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const [name = '', port] = (request.url ?? '').split(':');
      const upstream = connect(Number(port), name, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
    });
    proxy.on('request', (request, response) => {
      asked.push(request.url ?? '');
      response.end('answer');
    });
    const httpProxy = `http://${await listen(proxy)}`;
    const through = http({ baseUrl: `http://${host}`, proxy: { httpProxy } });
    expect(await through.exchange(GET)).toMatchObject({ status: 200, body: 'answer' });
    expect(asked.join()).toContain(host);
    const around = http({ baseUrl: `http://${host}`, proxy: { httpProxy, noProxy: '127.0.0.1' } });
    expect(await around.exchange(GET)).toMatchObject({ status: 200, body: 'answer' });
    expect(asked).toHaveLength(1);
    await through.close();
  });

  it.each([
    [
      'fault W3, relative: that wants other credentials',
      'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n',
    ],
    ['fault W3, relative: that may not reach the exchange', 'HTTP/1.1 403 Forbidden\r\n\r\n<html>'],
    ['fault W3, relative: that talks rubbish', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ])('%s: nothing was written, and no secret is told', async (_, answer) => {
    const asked: (string | undefined)[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.headers['proxy-authorization']);
      socket.end(answer);
    });
    const httpsProxy = `http://user:s%20ecret@${await listen(proxy)}`;
    const client = http({ baseUrl: 'https://exchange.invalid', proxy: { httpsProxy }, timeoutMs: 2_000 });
    const result = await client.exchange({ method: 'DELETE', target: '/close', headers: {} });
    expect(result).toMatchObject({ kind: 'failed', written: false });
    expect(asked[0]).toBe(`Basic ${Buffer.from('user:s ecret').toString('base64')}`);
    expect(JSON.stringify(result)).not.toContain('ecret');
    await client.close();
  });
});
