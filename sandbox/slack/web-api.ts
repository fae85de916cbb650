import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { readBody, sendJson } from '../http.ts';
import { placeBlocks } from './block-kit/check-blocks.ts';
import { DIRECTORY_METHODS, HISTORY_METHODS } from './directory-methods.ts';
import type { WorkspaceFault, WorkspaceFaults } from './faults.ts';
import { isObject, type JsonObject, parseJson, readObjects, readString } from './json.ts';
import { MESSAGE_METHODS, SCHEDULED_METHODS } from './message-methods.ts';
import { type Method, type MethodContext, readJsonArgument } from './method.ts';
import type { RateLimits } from './rate-limits.ts';
import { Refused, refuseFaults } from './refused.ts';
import type { ResponseUrls } from './response-urls.ts';
import { VIEW_METHODS } from './view-methods.ts';

export interface Grants {
  readonly botToken: string;
  readonly appToken: string;
  /** Scopes of the bot token. Can be changed while the workspace runs. */
  readonly scopes: Set<string>;
  /**
   * What every call with the bot's token is refused with while it is set: `token_revoked`, `account_inactive`,
   * `invalid_auth`. Source: the errors of docs.slack.dev/reference/methods/auth.test
   */
  tokenError: string | null;
}

export interface WebApiParts {
  readonly context: MethodContext;
  readonly grants: Grants;
  readonly limits: RateLimits;
  readonly faults: WorkspaceFaults;
  readonly responseUrls: ResponseUrls;
  /** Ends waits and hangs when the workspace closes. */
  readonly closing: AbortSignal;
}

interface Outcome {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Slack refuses with HTTP 200. */
function attempt(run: () => JsonObject): Outcome {
  try {
    return { status: 200, body: { ok: true, ...run() } };
  } catch (error) {
    if (error instanceof Refused) return { status: 200, body: error.body };
    throw error;
  }
}

const refuse = (error: string): Outcome => ({ status: 200, body: { ok: false, error } });

/** Blocks of a call, wherever they are: in a message or in a view. */
function readBlocks(args: JsonObject): { readonly prefix: string; readonly blocks: readonly JsonObject[] } {
  const view = readJsonArgument(args, 'view');
  if (isObject(view)) return { prefix: '/view', blocks: readObjects(view.blocks) };
  return { prefix: '', blocks: readObjects(readJsonArgument(args, 'blocks')) };
}

/** How an old workspace refuses a block type that it does not know. */
function refuseBlockType(args: JsonObject, blockType: string): Outcome {
  const { prefix, blocks } = readBlocks(args);
  const found = placeBlocks('/blocks', blocks).find(({ block }) => block.type === blockType);
  const code = prefix === '' ? 'invalid_blocks' : 'invalid_arguments';
  const pointer = `${found?.pointer}/type`;
  const { body } = refuseFaults([{ pointer, code, text: `unsupported type: ${blockType}` }], prefix);
  return { status: 200, body };
}

/** The arguments of a Web API call: form fields as texts, a JSON body as it is. */
function readArguments(body: Buffer, contentType: string): JsonObject {
  const text = body.toString('utf8');
  if (contentType.startsWith('application/json')) {
    const parsed = parseJson(text);
    return isObject(parsed) ? parsed : {};
  }
  return Object.fromEntries(new URLSearchParams(text));
}

/** The uploaded bytes: the first file of a multipart form, or the raw body. */
async function readUpload(body: Buffer, contentType: string): Promise<Buffer> {
  if (!contentType.startsWith('multipart/form-data')) return body;
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': contentType },
  }).formData();
  for (const value of form.values()) {
    if (typeof value !== 'string') return Buffer.from(await value.arrayBuffer());
  }
  return Buffer.alloc(0);
}

/** The HTTP side of the Web API, the response URLs and the upload host. */
export class WebApi {
  readonly #parts: WebApiParts;

  constructor(parts: WebApiParts) {
    this.#parts = parts;
  }

  /** `POST /api/<method>` */
  async call(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const { token: bodyToken, ...args } = readArguments(body, request.headers['content-type'] ?? '');
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    // An app-level token counts in the header only.
    const isApp = Object.hasOwn(METHODS, name) && METHODS[name]?.token === 'app';
    const token = bearer ?? (typeof bodyToken === 'string' && !isApp ? bodyToken : undefined);
    await this.#respond(name, args, response, () => this.#decide(name, args, token));
  }

  /** `POST /commands/<id>`: what the bot posts to a response_url. */
  async answerResponseUrl(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = parseJson((await readBody(request)).toString('utf8'));
    const args = isObject(body) ? body : {};
    await this.#respond('response_url', args, response, () => this.#parts.responseUrls.answer(id, body));
  }

  /** `POST /upload/v1/<id>` */
  async upload(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await readUpload(await readBody(request), request.headers['content-type'] ?? '');
    const isTaken = this.#parts.context.uploads.receive(id, bytes);
    response.writeHead(isTaken ? 200 : 404, { 'content-type': 'text/plain' });
    response.end(isTaken ? `OK - ${bytes.length}` : 'Not found');
  }

  /** Token, scope, rate limit, then the method itself. */
  #decide(name: string, args: JsonObject, token: string | undefined): Outcome {
    const { limits, context, grants } = this.#parts;
    const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
    if (method === undefined)
      return { status: 200, body: { ok: false, error: 'unknown_method', req_method: name } };
    const refused = attempt(() => this.#checkToken(method, token));
    if (refused.body.ok === false) return refused;
    const retryAfterS = limits.take(name, method.tier, readString(args, 'channel') ?? '');
    if (retryAfterS !== undefined) return rateLimited(retryAfterS);
    const granted = method.token === 'app' ? 'connections:write' : [...grants.scopes].join(',');
    const headers = { 'x-oauth-scopes': granted, 'x-accepted-oauth-scopes': method.scope ?? '' };
    return { ...attempt(() => method.run(context, args)), headers };
  }

  #checkToken(method: Method, token: string | undefined): JsonObject {
    const { botToken, appToken, scopes, tokenError } = this.#parts.grants;
    if (token === undefined) throw new Refused('not_authed');
    if (token === botToken && tokenError !== null) throw new Refused(tokenError);
    if (token !== botToken && token !== appToken) throw new Refused('invalid_auth');
    if (token !== (method.token === 'app' ? appToken : botToken)) throw new Refused('not_allowed_token_type');
    if (method.token === 'bot' && method.scope !== undefined && !scopes.has(method.scope))
      throw new Refused('missing_scope', { needed: method.scope, provided: [...scopes].join(',') });
    return {};
  }

  /** Answers, with the faults that are switched on; notes the call in the log. */
  async #respond(
    name: string,
    args: JsonObject,
    response: ServerResponse,
    run: () => Outcome,
  ): Promise<void> {
    const { faults, closing } = this.#parts;
    const sent = placeBlocks('/blocks', readBlocks(args).blocks);
    const met = faults.take(name, (type) => sent.some(({ block }) => block.type === type));
    for (const fault of met) {
      if (fault.kind !== 'latency') continue;
      const isCut = await delay(fault.ms, false, { signal: closing }).catch(() => true);
      if (isCut) return;
    }
    const before = met.map((fault) => this.#failBefore(fault, args)).find((outcome) => outcome !== undefined);
    const outcome = before === undefined ? run() : before === 'silence' ? undefined : before;
    const isReset = met.some((fault) => fault.kind === 'reset');
    const error = outcome === undefined ? 'no_answer' : readString(outcome.body, 'error');
    this.#parts.context.store.addCall({
      method: name,
      args,
      ok: outcome?.status === 200 && error === undefined,
      ...(error === undefined ? {} : { error }),
      status: outcome?.status ?? 0,
    });
    if (isReset) response.socket?.destroy();
    else if (met.some((fault) => fault.kind === 'html'))
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Blocked by policy</html>');
    else if (outcome !== undefined) {
      const withoutTs = met.some((fault) => fault.kind === 'no_ts');
      sendJson(response, outcome.status, withoutTs ? dropTs(outcome.body) : outcome.body, outcome.headers);
    }
  }

  /** What the fault does instead of the call; `silence`: no effect and no answer; undefined: the call is made. */
  #failBefore(fault: WorkspaceFault, args: JsonObject): Outcome | 'silence' | undefined {
    switch (fault.kind) {
      case 'rate_limited':
        return rateLimited(fault.retryAfterS);
      case 'http':
        return { status: fault.status, body: { ok: false, error: 'internal_error' } };
      case 'error':
        return refuse(fault.code);
      case 'refuse_block':
        return refuseBlockType(args, fault.blockType);
      case 'html':
        return refuse('blocked');
      case 'hang':
        return 'silence';
      case 'reset':
        return fault.when === 'before' ? 'silence' : undefined;
      case 'latency':
      case 'no_ts':
        return undefined;
    }
  }
}

function rateLimited(retryAfterS: number): Outcome {
  return { ...refuse('ratelimited'), status: 429, headers: { 'retry-after': String(retryAfterS) } };
}

function dropTs(body: JsonObject): JsonObject {
  const { ts: _ts, message_ts: _messageTs, message: _message, ...rest } = body;
  return rest;
}

/** Every method that is answered; any other name is `unknown_method`, as at Slack. */
export const METHODS: Readonly<Record<string, Method>> = {
  ...DIRECTORY_METHODS,
  ...MESSAGE_METHODS,
  ...HISTORY_METHODS,
  ...SCHEDULED_METHODS,
  ...VIEW_METHODS,
};
