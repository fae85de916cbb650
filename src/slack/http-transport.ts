/** HTTP mode: Bolt's receiver behind a signature check of our own, with an answer where nothing else gives one. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'node:querystring';
import { type BufferedIncomingMessage, HTTPReceiver } from '@slack/bolt';
import type { Log } from '../usecases/ports.ts';
import { boltLogger } from './bolt-logger.ts';
import { errorFields } from './redaction.ts';
import { headerFault, type SignatureFault, signatureFault, signingKey } from './request-signature.ts';

/** GET only: /livez, /readyz, /metrics. */
export interface Route {
  readonly path: string;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Slack shows an error after 3000 ms; Bolt's own default of 3001 is too late. */
const UNHANDLED_AFTER_MS = 2_500;

const ENDPOINT = '/slack/events';

/** A form with all its fields is some 50 kB. */
const BODY_AT_MOST_BYTES = 1024 * 1024;

/**
 * Bodies are read before it is known who sends them, so what is held of them at one time is bounded. A flood of large
 * ones is cut first: Slack's own are small.
 */
const SMALL_BODY_BYTES = 64 * 1024;
const LARGE_BODIES_AT_ONCE = 32;
const BODIES_HELD_BYTES = 128 * 1024 * 1024;

/** Slack's probe of a certificate is a token and a flag. */
const PROBE_AT_MOST_BYTES = 1024;

/** A flood of refused requests is one line in the log for each of these, with their number. */
const REFUSALS_LOGGED_EVERY_MS = 60_000;

export const SERVER_LIMITS = {
  /** Slack gives up after 3 s; who sends slower holds memory for nothing. Node looks only every 30 s by itself. */
  requestTimeout: 10_000,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  /** Longer than balancers keep a connection (60 s), or they send a request into one that is just being closed. */
  keepAliveTimeout: 75_000,
} as const;

/** Why a request was turned away before anything looked at what it says. */
export type RefusedRequest = SignatureFault | 'too large' | 'unreadable' | 'too many at once';

export interface HttpTransportParts {
  readonly signingSecret: string;
  readonly routes: readonly Route[];
  readonly log: Log;
  readonly now: () => number;
  readonly onRefused?: ((why: RefusedRequest) => void) | undefined;
  readonly onUnacknowledged?: (() => void) | undefined;
}

export function createHttpReceiver(parts: HttpTransportParts): HTTPReceiver {
  const { signingSecret, routes, log, now } = parts;
  const receiver = new HTTPReceiver({
    signingSecret,
    // Checked below, before Bolt sees the request.
    signatureVerification: false,
    endpoints: ENDPOINT,
    logger: boltLogger(log),
    customPropertiesExtractor: (request) => ({ slackSignature: request.headers['x-slack-signature'] }),
    unhandledRequestTimeoutMillis: UNHANDLED_AFTER_MS,
    unhandledRequestHandler: ({ request, response }) => {
      parts.onUnacknowledged?.();
      log.error({ path: pathOf(request) }, 'a request from Slack was not acknowledged in time');
      if (!response.headersSent) answerUnhandled(request, response);
    },
  });
  const key = signingKey(signingSecret);
  const toBolt = receiver.requestListener;
  const tally = new RefusalTally(log, now);
  const bodies = new Bodies();

  function refuse(response: ServerResponse, status: number, why: RefusedRequest, close = true): void {
    tally.note(why);
    parts.onRefused?.(why);
    response.writeHead(status, close ? { connection: 'close' } : {}).end();
  }

  async function checked(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const length = Number(request.headers['content-length'] ?? Number.NaN);
    const early = headerFault(request.headers, now());
    // Nothing long is read from somebody who cannot be Slack; the probe below is short.
    if (early !== null && !(length <= PROBE_AT_MOST_BYTES)) return refuse(response, 401, early);
    const body = await bodies.read(request, !(length <= SMALL_BODY_BYTES));
    if (typeof body === 'number') return refuse(response, body, WHY_NOT_READ[body]);
    const signed = Object.assign(request, { rawBody: body });
    const fault = signatureFault(key, signed.headers, signed.rawBody, now());
    if (fault === null) return handOver(signed, response);
    // Slack's probe of our certificate is not signed; it gets its 200 and nothing else happens.
    const isProbe = /(?:^|&)ssl_check=1(?:&|$)/.test(signed.rawBody.toString());
    if (isProbe) response.writeHead(200).end();
    else refuse(response, 401, fault, false);
  }

  /** Bolt compares the media type as a whole, and rejects unheard when a body is not an object. */
  function handOver(signed: BufferedIncomingMessage, response: ServerResponse): void {
    const mediaType = (signed.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
    signed.headers['content-type'] = mediaType;
    if (isInteraction(mediaType === 'application/x-www-form-urlencoded', signed.rawBody.toString())) {
      toBolt(signed, response);
      return;
    }
    log.warn({}, 'a signed request was not in the form of Slack');
    response.writeHead(400).end();
  }

  receiver.requestListener = (request, response) => {
    const path = pathOf(request);
    const route = routes.find((each) => each.path === path);
    if (request.method === 'GET' && route !== undefined) {
      route.handler(request, response);
      return;
    }
    if (request.method !== 'POST' || path !== ENDPOINT) {
      response.writeHead(404).end();
      return;
    }
    checked(request, response).catch((error: unknown) => {
      log.error(errorFields(error), 'a request from Slack could not be handed over');
      if (!response.headersSent) response.writeHead(500).end();
    });
  };
  return receiver;
}

/** Whether the body says something that Bolt can look into: an object, in JSON or as the fields of a form. */
function isInteraction(isForm: boolean, body: string): boolean {
  const json = isForm ? parse(body).payload : body;
  if (json === undefined) return true;
  try {
    const value: unknown = typeof json === 'string' ? JSON.parse(json) : null;
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

const WHY_NOT_READ = { 400: 'unreadable', 413: 'too large', 503: 'too many at once' } as const;

/** Reads bodies as far as there is room for them. */
class Bodies {
  #held = 0;
  #large = 0;

  /** The whole body, or the status that says why not. `isLarge`: it may be, by its headers. */
  async read(request: IncomingMessage, isLarge: boolean): Promise<Buffer | keyof typeof WHY_NOT_READ> {
    if (!isLarge) return this.#read(request);
    if (this.#large >= LARGE_BODIES_AT_ONCE) return 503;
    this.#large += 1;
    return this.#read(request).finally(() => {
      this.#large -= 1;
    });
  }

  #read(request: IncomingMessage): Promise<Buffer | keyof typeof WHY_NOT_READ> {
    const { promise, resolve } = Promise.withResolvers<Buffer | keyof typeof WHY_NOT_READ>();
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (result: Buffer | keyof typeof WHY_NOT_READ): void => {
      this.#held -= bytes;
      bytes = 0;
      chunks.length = 0;
      request.removeAllListeners('data').pause();
      resolve(result);
    };
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      this.#held += chunk.length;
      chunks.push(chunk);
      if (bytes > BODY_AT_MOST_BYTES) end(413);
      else if (this.#held > BODIES_HELD_BYTES) end(503);
    });
    request.once('end', () => end(Buffer.concat(chunks)));
    request.once('error', () => end(400));
    request.once('close', () => end(400));
    return promise;
  }
}

/** Refused requests in the log: the first one at once, and then how many there were, once a minute. */
class RefusalTally {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #counts = new Map<RefusedRequest, number>();
  #nextLineAtMs = 0;

  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  note(why: RefusedRequest): void {
    this.#counts.set(why, (this.#counts.get(why) ?? 0) + 1);
    const nowMs = this.#now();
    // A clock that was put back must not silence it.
    if (nowMs < this.#nextLineAtMs && this.#nextLineAtMs - nowMs <= REFUSALS_LOGGED_EVERY_MS) return;
    this.#nextLineAtMs = nowMs + REFUSALS_LOGGED_EVERY_MS;
    this.#log.warn({ refused: Object.fromEntries(this.#counts) }, 'refused requests that Slack did not sign');
    this.#counts.clear();
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? '';
}

function isBuffered(request: IncomingMessage): request is BufferedIncomingMessage {
  return 'rawBody' in request && Buffer.isBuffer(request.rawBody);
}

/**
 * A command is answered with text. For a click or a form the person must see that nothing came of it: Slack shows that
 * for any status but 200, and leaves a form open.
 */
function answerUnhandled(request: IncomingMessage, response: ServerResponse): void {
  const isCommand = isBuffered(request) && /(?:^|&)command=/.test(request.rawBody.toString());
  if (!isCommand) {
    response.writeHead(503).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(
    JSON.stringify({
      response_type: 'ephemeral',
      text: 'Loandesk did not get to this command in time. If an answer does not follow, try again in a minute; `/loandesk requests` shows what was recorded.',
    }),
  );
}
