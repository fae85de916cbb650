/**
 * Serves the page on 127.0.0.1, and the control of the sandbox (see `control.ts`).
 *   GET  /                                  the page; /page.css, /browser/*.ts its parts
 *   GET  /events                            server-sent: something changed, look again
 *   GET  /talk?as=U…&at=C…                  channels, messages or Home tab, and modal of one person
 *   GET  /side?show=units|watch|faults|calls|record&request=…
 *   GET  /file/F…                           a file the bot sent
 */
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { createControl } from '../control.ts';
import { closeServer, listen, sendJson } from '../http.ts';
import { callsHtml, faultsHtml, recordHtml } from './draw-panel.ts';
import { examplesHtml, type SlashCommand, shellHtml } from './draw-shell.ts';
import { conversationHtml, HOME, homeHtml, modalHtml, placesHtml, placesOf } from './draw-slack.ts';
import type { Reader } from './draw-text.ts';
import { unitsHtml, watchHtml } from './draw-units.ts';
import type { Playground } from './playground.ts';

export interface PageOptions {
  /** 0, the default: a free one. */
  readonly port?: number;
}

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

const HEADERS = new Headers({
  // Charts colour their lines and legends with style attributes.
  'content-security-policy':
    "default-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
});
const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

interface Asset {
  readonly type: string;
  readonly body: string | Buffer;
}

/** What the browser loads, by path: the style sheet as it is, the scripts with their types stripped. */
async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const read = async (path: string) => readFile(new URL(path, import.meta.url), 'utf8');
  const files = new Map<string, Asset>([
    ['/page.css', { type: CSS, body: await read('page.css') }],
    [
      '/idiomorph.js',
      { type: SCRIPT, body: await readFile(fileURLToPath(import.meta.resolve('idiomorph'))) },
    ],
  ]);
  for (const name of await readdir(new URL('browser/', import.meta.url))) {
    if (!name.endsWith('.ts')) continue;
    const body = stripTypes(await read(`browser/${name}`));
    files.set(`/browser/${name}`, { type: SCRIPT, body });
  }
  return files;
}

/** Strips the types as Node does and names idiomorph by its path here; hides Node's warning that this is experimental. */
function stripTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source).replace("from 'idiomorph'", "from '/idiomorph.js'");
  } finally {
    process.emitWarning = emitWarning;
  }
}

const slashCommand = z.object({
  command: z.string(),
  description: z.string(),
  usage_hint: z.string().default(''),
});
const manifest = z.object({ features: z.object({ slash_commands: z.array(slashCommand) }) });

/** The slash commands of the manifest, for the composer. */
async function loadCommands(): Promise<readonly SlashCommand[]> {
  const text = await readFile(new URL('../../manifest.yml', import.meta.url), 'utf8');
  return manifest.parse(parse(text)).features.slash_commands;
}

const GATHERED_MS = 100;
const ANYWAY_EVERY_MS = 2_000;

/**
 * Tells the browser that it should look again, at most ten times a second: `talk` (what Slack shows) and `side` (the
 * exchange, the bots, the record), the latter once in two seconds anyway.
 */
function streamChanges(playground: Playground, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(': open\n\n');
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    for (const kind of waiting) response.write(`event: ${kind}\ndata: \n\n`);
    waiting.clear();
  };
  const tell = (...kinds: readonly ('talk' | 'side')[]) => {
    for (const kind of kinds) waiting.add(kind);
    timer ??= setTimeout(flush, GATHERED_MS);
  };
  // A card that changed means that the record behind it changed; a call alone may only have used up a fault.
  const stopTalk = playground.world.workspace.store.listen(({ type }) =>
    type === 'call' ? tell('side') : tell('talk', 'side'),
  );
  const stopSide = playground.onChange(() => tell('side'));
  const anyway = setInterval(() => tell('side'), ANYWAY_EVERY_MS);
  response.on('close', () => {
    stopTalk();
    stopSide();
    clearInterval(anyway);
    clearTimeout(timer);
  });
}

export async function startPage(playground: Playground, options: PageOptions = {}): Promise<PageServer> {
  const { world, fleet, records } = playground;
  const { directory, store } = world.workspace;
  const assets = await loadAssets();
  const shell = shellHtml(directory, await loadCommands());
  const control = createControl(playground);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeaders(HEADERS);
    if (await control(request, response)) return;
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const asked = (name: string) => query.get(name) ?? '';
    if (pathname === '/') send(response, { type: HTML, body: shell });
    else if (pathname === '/events') streamChanges(playground, response);
    else if (pathname === '/talk') sendJson(response, 200, talk(asked('as'), asked('at')));
    else if (pathname === '/side')
      sendJson(response, 200, { html: await side(asked('show'), query.get('request')) });
    else if (pathname.startsWith('/file/')) sendFile(pathname.slice('/file/'.length), response);
    else send(response, assets.get(pathname));
  }

  function talk(userId: string, asked: string): object {
    const person = directory.people.get(userId);
    if (person === undefined) throw new Error('no such person');
    const reader: Reader = { person, directory, nowMs: Date.now() };
    const places = placesOf(reader);
    // Each person has a direct message of their own with the bot.
    const wanted = asked.startsWith('D') ? directory.directMessage(userId).id : asked;
    const { id = '', label = '' } = places.find((place) => place.id === wanted) ?? places[0] ?? {};
    const modal = store.modals(userId).at(-1);
    return {
      at: id,
      title: label,
      examples: examplesHtml(world.exchange),
      channels: placesHtml(places, id, store, reader),
      messages: id === HOME ? '' : conversationHtml(store, id, reader),
      home: id === HOME ? homeHtml(store.home(userId), reader) : '',
      modal: modal === undefined ? null : { id: modal.id, html: modalHtml(modal, reader) },
    };
  }

  async function side(show: string, requestId: string | null): Promise<string> {
    const { exchange } = world;
    if (show === 'units') return unitsHtml(exchange);
    if (show === 'watch') return watchHtml(exchange);
    if (show === 'calls') return callsHtml(exchange);
    if (show === 'faults')
      return faultsHtml({
        ...{ exchange, slackFaults: world.workspace.faults, bots: fleet.list() },
        ...{ mode: fleet.mode, byRules: fleet.byRules, redisIsDown: playground.redisIsDown },
      });
    return recordHtml(await records.read(requestId), directory);
  }

  function sendFile(id: string, response: ServerResponse): void {
    const file = store.files.find((one) => one.id === id);
    response.setHeader('content-disposition', 'attachment');
    send(response, file && { type: 'application/octet-stream', body: file.bytes });
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      sendJson(response, 500, { error: error instanceof Error ? error.message : String(error) });
    });
  });
  return {
    url: `http://127.0.0.1:${await listen(server, options.port)}/`,
    close: () => closeServer(server),
  };
}

function send(response: ServerResponse, asset: Asset | undefined): void {
  if (asset === undefined) sendJson(response, 404, { error: 'not found' });
  else response.writeHead(200, { 'content-type': asset.type }).end(asset.body);
}
