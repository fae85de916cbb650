/** Slack through a proxy: the Web API, response URLs and the sockets of Socket Mode, and what NO_PROXY leaves out. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { done } from '../../src/domain/refusal.ts';
import { createWebClient, dispatcherThrough } from '../../src/slack/web-client.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { QUIET } from '../support/logs.ts';
import { startSlackHarness } from './support/slack-harness.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A proxy of tunnels that knows the name slack.test, which nothing else does; and whom it was asked for. */
async function startProxy(): Promise<{ url: string; hosts: string[] }> {
  const hosts: string[] = [];
  const tunnels = new Set<Duplex>();
  const known = (host: string) => (host === 'slack.test' ? '127.0.0.1' : host);
  const server = createServer();
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { hostname, port } = new URL(`http://${request.url ?? ''}`);
    hosts.push(hostname);
    tunnels.add(socket);
    const onwards = connect(Number(port), known(hostname), () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onwards.write(head);
      socket.pipe(onwards).pipe(socket);
    });
    for (const each of [socket, onwards]) each.on('error', () => each.destroy());
    socket.on('close', () => onwards.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    // A tunnel is no connection of the server's any more.
    for (const tunnel of tunnels) tunnel.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, hosts };
}

function through(url: string, noProxy = '') {
  const dispatcher = dispatcherThrough({ httpProxy: url, httpsProxy: url, noProxy });
  closing.push(() => dispatcher?.destroy() ?? Promise.resolve());
  return dispatcher;
}

describe('fault W2: with a proxy and no direct way out', () => {
  it.each(['http', 'socket'] as const)('over %s, a command is answered', async (transport) => {
    const proxy = await startProxy();
    const dispatcher = through(proxy.url);
    const slack = await startSlackHarness({
      transport,
      desk: () => fakeDesk({ listRequests: async () => done({ open: [], recent: [], unreadable: [] }) }),
      settings: { dispatcher },
    });
    closing.push(() => slack.close());
    await expect.poll(() => slack.app.connected(), { timeout: 5_000 }).toBe(true);
    await slack.workspace.as(ids.rina).command('/loandesk', 'requests', { channelId: ids.general });
    await slack.privateText(ids.rina, (text) => text.includes('No close request is open'), ids.general);
    // One tunnel carries the calls, one the socket.
    expect(proxy.hosts.length).toBeGreaterThanOrEqual(transport === 'http' ? 1 : 2);
  });

  it('the name of the API is looked up by the proxy alone', async () => {
    const proxy = await startProxy();
    const slack = await startSlackHarness({ desk: () => fakeDesk({}) });
    closing.push(() => slack.close());
    const apiUrl = slack.workspace.apiUrl.replace('127.0.0.1', 'slack.test');
    const client = (dispatcher: ReturnType<typeof through>) =>
      createWebClient({ apiUrl, botToken: slack.workspace.grants.botToken, dispatcher }, QUIET);
    expect(await client(through(proxy.url)).auth.test()).toMatchObject({ ok: true });
    expect(proxy.hosts).toEqual(['slack.test']);
    await expect(client(undefined).auth.test()).rejects.toThrow();
  });

  it('relative: names in NO_PROXY are called directly, and without a proxy there is no dispatcher', async () => {
    const proxy = await startProxy();
    const slack = await startSlackHarness({ desk: () => fakeDesk({}) });
    closing.push(() => slack.close());
    const { apiUrl, grants } = slack.workspace;
    const dispatcher = through(proxy.url, '127.0.0.1');
    const client = createWebClient({ apiUrl, botToken: grants.botToken, dispatcher }, QUIET);
    expect(await client.auth.test()).toMatchObject({ ok: true });
    expect(proxy.hosts).toEqual([]);
    expect(dispatcherThrough({ noProxy: '*' })).toBeUndefined();
  });
});
