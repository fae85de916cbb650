/**
 * Serves the page on 127.0.0.1, and the control of the sandbox (see `control.ts`).
 *   GET  /                                  the page; /page.css, /browser/*.ts its parts
 *   GET  /events                            server-sent: something changed, look again
 *   GET  /talk?as=U…&at=C…                  channels, messages or Home tab, and modal of one person
 *   GET  /side?show=units|faults|calls|record&request=…
 *   GET  /file/F…                           a file the bot sent
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createControl } from '../control.ts';
import { sendJson } from '../slack/http-body.ts';
import { type Asset, loadAssets } from './assets.ts';
import { callsHtml, unitsHtml } from './draw-exchange.ts';
import { faultsHtml } from './draw-faults.ts';
import { conversationHtml, homeHtml, modalHtml } from './draw-message.ts';
import { recordHtml } from './draw-record.ts';
import { channelsHtml, examplesHtml, HOME, placesOf, shellHtml } from './draw-shell.ts';
import { streamChanges } from './event-stream.ts';
import type { Playground } from './playground.ts';
import type { Reader } from './reader.ts';

export interface PageOptions {
  /** 0, the default: a free one. */
  readonly port?: number;
}

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

const HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

export async function startPage(playground: Playground, options: PageOptions = {}): Promise<PageServer> {
  const assets = await loadAssets();
  const shell = shellHtml(playground.world.workspace.directory, assets.commands);
  const closing = new AbortController();
  const control = createControl(playground);
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    answer(request, response).catch((error: unknown) => {
      sendJson(response, 500, { error: error instanceof Error ? error.message : String(error) });
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(await control(request, response)))
      await read(new URL(request.url ?? '/', 'http://127.0.0.1'), response);
  }

  async function read(url: URL, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = url;
    if (pathname === '/') return send(response, { type: 'text/html; charset=utf-8', body: shell });
    if (pathname === '/events') return streamChanges(playground, closing.signal, response);
    if (pathname === '/talk')
      return sendJson(response, 200, talk(query.get('as') ?? '', query.get('at') ?? ''));
    if (pathname === '/side')
      return sendJson(response, 200, { html: await side(query.get('show') ?? '', query.get('request')) });
    if (pathname.startsWith('/file/')) return sendFile(pathname.slice('/file/'.length), response);
    const asset = assets.files.get(pathname);
    return asset === undefined ? sendJson(response, 404, { error: 'not found' }) : send(response, asset);
  }

  function talk(userId: string, asked: string): object {
    const { directory, store } = playground.world.workspace;
    const person = directory.people.get(userId);
    if (person === undefined) throw new Error('no such person');
    const reader: Reader = { person, directory, nowMs: Date.now() };
    const places = placesOf(directory, store, userId);
    // Each person has a direct message of their own with the bot.
    const wanted = asked.startsWith('D') ? directory.directMessage(userId).id : asked;
    const place = places.find(({ id }) => id === wanted) ?? places[0];
    const modals = store.modals(userId);
    const modal = modals.at(-1);
    const isHome = place?.id === HOME;
    return {
      at: place?.id ?? '',
      title: place?.label ?? '',
      examples: examplesHtml(playground.world.exchange),
      channels: channelsHtml(places, place?.id ?? ''),
      messages: isHome ? '' : conversationHtml(store, place?.id ?? '', reader),
      home: isHome ? homeHtml(store.home(userId), reader) : null,
      modal: modal === undefined ? null : { id: modal.id, html: modalHtml(modal, reader) },
    };
  }

  async function side(show: string, requestId: string | null): Promise<string> {
    const { world, fleet, redisIsDown, records } = playground;
    if (show === 'units') return unitsHtml(world.exchange);
    if (show === 'calls') return callsHtml(world.exchange);
    if (show === 'faults') return faultsHtml({ exchange: world.exchange, bots: fleet.list(), redisIsDown });
    return recordHtml(await records.read(requestId), world.workspace.directory);
  }

  function sendFile(id: string, response: ServerResponse): void {
    const file = playground.world.workspace.store.files.find((one) => one.id === id);
    if (file === undefined) {
      sendJson(response, 404, { error: 'not found' });
      return;
    }
    response.setHeader('content-disposition', 'attachment');
    send(response, { type: 'application/octet-stream', body: file.bytes });
  }

  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('the page has no port'));
    });
  });
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, { type, body }: Asset): void {
  response.writeHead(200, { 'content-type': type });
  response.end(body);
}
