import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { ActionResult, Actor } from './actor.ts';
import type { Directory } from './directory.ts';
import type { WorkspaceFaults } from './faults.ts';
import { readBody, sendJson } from './http-body.ts';
import { parseJson } from './json.ts';
import { renderText } from './render-text.ts';
import type { SocketConnections } from './socket-connections.ts';
import type { Store, StoredFile, WorkspaceEvent } from './store.ts';

export interface ControlParts {
  readonly directory: Directory;
  readonly store: Store;
  readonly faults: WorkspaceFaults;
  readonly sockets: SocketConnections;
  readonly as: (userId: string) => Actor;
  readonly closing: AbortSignal;
}

const inputValue = z.union([z.string(), z.array(z.string())]);
const values = z.record(z.string(), inputValue).default({});
const user = z.string();

const commandBody = z.strictObject({
  user,
  command: z.string(),
  text: z.string().default(''),
  channel: z.string().optional(),
});
const clickBody = z.strictObject({
  user,
  channel: z.string().optional(),
  ts: z.string().optional(),
  view: z.string().optional(),
  actionId: z.string(),
  blockId: z.string().optional(),
  value: inputValue.optional(),
  values,
});
const submitBody = z.strictObject({ user, view: z.string(), values });
const viewBody = z.strictObject({ user, view: z.string() });
const homeBody = z.strictObject({ user });
const connectionBody = z.strictObject({ connection: z.int().optional() });
const count = z.int().positive();
const faultBody = z.strictObject({
  method: z.string(),
  count: count.optional(),
  fault: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('latency'), ms: count }),
    z.strictObject({ kind: z.literal('rate_limited'), retryAfterS: count }),
    z.strictObject({ kind: z.literal('http'), status: z.int().min(400).max(599) }),
    z.strictObject({ kind: z.literal('error'), code: z.string() }),
    z.strictObject({ kind: z.literal('no_ts') }),
    z.strictObject({ kind: z.literal('reset'), when: z.enum(['before', 'after']) }),
    z.strictObject({ kind: z.literal('hang') }),
    z.strictObject({ kind: z.literal('refuse_block'), blockType: z.string() }),
  ]),
});
const clearBody = z.strictObject({ id: z.int().optional(), method: z.string().optional() });

/** The request itself, its headers and its signature stay here. */
function tellResult({ request: _request, ...result }: ActionResult): object {
  return result;
}

const tellFile = ({ bytes, ...file }: StoredFile): object => ({ ...file, size: bytes.length });

/**
 * The same control over HTTP, for another process or a browser page on this machine:
 * `GET /_control/{people,channels,messages,views,calls,files,faults,connections,events}` and
 * `POST /_control/{command,click,submit,close,home,faults,clear-faults,refresh,drop}` with a JSON body.
 * Answers only to loopback names, and takes JSON only, so that no web page elsewhere can use it.
 */
export class ControlApi {
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  async handle(pathname: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (!['127.0.0.1', 'localhost', '[::1]'].includes(host))
      return sendJson(response, 403, { error: 'loopback only' });
    const name = pathname.slice('/_control/'.length);
    if (request.method === 'GET')
      return this.#read(name, new URL(request.url ?? '/', 'http://localhost'), response);
    const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
    if (request.method !== 'POST' || !isJson)
      return sendJson(response, 415, { error: 'POST with a JSON body' });
    const body = parseJson((await readBody(request)).toString('utf8'));
    try {
      const answer = await this.#act(name, body);
      sendJson(response, answer === undefined ? 404 : 200, answer ?? { error: 'not_found' });
    } catch (error) {
      sendJson(response, 400, {
        error: error instanceof z.ZodError ? z.prettifyError(error) : String(error),
      });
    }
  }

  #read(name: string, url: URL, response: ServerResponse): void {
    if (name === 'events') {
      this.#stream(response, Number(url.searchParams.get('after') ?? this.#parts.store.order));
      return;
    }
    const { directory, store, faults, sockets } = this.#parts;
    const query = (key: string) => url.searchParams.get(key) ?? '';
    const text = (shown: Parameters<typeof renderText>[0]) => renderText(shown, (id) => directory.nameOf(id));
    const answers: Record<string, () => unknown> = {
      people: () => [...directory.people.values()],
      channels: () =>
        [...directory.channels.values()].map((entry) => ({ ...entry, members: [...entry.members] })),
      messages: () =>
        store
          .messages(query('channel'), query('viewer'))
          .map((message) => ({ ...message, rendered: text(message) })),
      views: () =>
        [...store.modals(query('user')), store.home(query('user'))]
          .filter((view) => view !== undefined)
          .map((view) => ({ ...view, rendered: text(view.payload) })),
      calls: () => store.calls,
      files: () => store.files.map(tellFile),
      faults: () => faults.list(),
      connections: () => sockets.open,
    };
    const answer = Object.hasOwn(answers, name) ? answers[name]?.() : undefined;
    sendJson(response, answer === undefined ? 404 : 200, answer ?? { error: 'not_found' });
  }

  /** Server-sent events: one for each thing that happened past `?after=<order>`, by default from now on. */
  #stream(response: ServerResponse, after: number): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': open\n\n');
    const tell = (event: WorkspaceEvent) => {
      const told = 'file' in event ? { ...event, file: tellFile(event.file) } : event;
      response.write(`id: ${event.order}\ndata: ${JSON.stringify(told)}\n\n`);
    };
    for (const event of this.#parts.store.events.slice(after)) tell(event);
    const stop = this.#parts.store.listen(tell);
    const end = () => response.end();
    this.#parts.closing.addEventListener('abort', end, { once: true });
    response.on('close', () => {
      stop();
      this.#parts.closing.removeEventListener('abort', end);
    });
  }

  async #act(name: string, body: unknown): Promise<object | undefined> {
    const { as, faults, sockets } = this.#parts;
    switch (name) {
      case 'command': {
        const { user: who, command, text, channel } = commandBody.parse(body);
        return tellResult(
          await as(who).command(command, text, channel === undefined ? {} : { channelId: channel }),
        );
      }
      case 'click':
        return tellResult(await this.#click(clickBody.parse(body)));
      case 'submit': {
        const { user: who, view, values: typed } = submitBody.parse(body);
        return tellResult(await as(who).submit(view, typed));
      }
      case 'close': {
        const { user: who, view } = viewBody.parse(body);
        const result = await as(who).close(view);
        return result === undefined ? {} : tellResult(result);
      }
      case 'home':
        return tellResult(await as(homeBody.parse(body).user).openHome());
      case 'faults': {
        const { method, fault, count: times } = faultBody.parse(body);
        return { id: faults.add(method, fault, times) };
      }
      case 'clear-faults': {
        const { id, method } = clearBody.parse(body);
        faults.clear(id ?? method);
        return {};
      }
      case 'refresh': {
        const { connection } = connectionBody.parse(body);
        sockets.refresh(connection === undefined ? {} : { connection });
        return {};
      }
      case 'drop':
        sockets.drop(connectionBody.parse(body).connection);
        return {};
      default:
        return undefined;
    }
  }

  #click(body: z.infer<typeof clickBody>): Promise<ActionResult> {
    const { channel = '', ts = '', view } = body;
    const options = {
      values: body.values,
      ...(body.blockId === undefined ? {} : { blockId: body.blockId }),
      ...(body.value === undefined ? {} : { value: body.value }),
    };
    const target = view === undefined ? { channelId: channel, ts } : { viewId: view };
    return this.#parts.as(body.user).click(target, body.actionId, options);
  }
}
