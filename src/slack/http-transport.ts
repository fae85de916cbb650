/**
 * HTTP mode. Bolt checks the signature, and reads and answers requests; in front of it stands what it lacks: requests
 * that cannot be Slack's are refused before their body is read, bodies are bounded, timestamps from the future are
 * refused, and what was refused is counted.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'node:querystring';
import { type BufferedIncomingMessage, HTTPReceiver } from '@slack/bolt';
import type { Log } from '../usecases/ports.ts';
import { boltLogger, errorFields } from './slack-log.ts';
import {
  closeServer,
  createRouteServer,
  listen,
  pathOf,
  type Route,
  type ServerLimits,
  type Transport,
} from './transport.ts';

/** Slack shows an error after 3000 ms; Bolt's own default of 3001 is too late. */
const UNHANDLED_AFTER_MS = 2_500;

const ENDPOINT = '/slack/events';

/** A form with all its fields is some 50 kB. */
const BODY_AT_MOST_BYTES = 1024 * 1024;

/**
 * Bodies are read before it is known who sends them, so what is held of them at one time is bounded; large ones, which
 * Slack does not send, sooner than small ones.
 */
const SMALL_BODY_BYTES = 64 * 1024;
const HELD_AT_MOST_BYTES = { large: 32 * 1024 * 1024, small: 128 * 1024 * 1024 };

/** Slack's probe of a certificate is a token and a flag. */
const PROBE_AT_MOST_BYTES = 1024;

/** A flood of refused requests is one line in the log for each of these, with their number. */
const REFUSALS_LOGGED_EVERY_MS = 60_000;

/** Bolt's rule (5 minutes), applied before the body is read. */
const PAST_AT_MOST_MS = 5 * 60_000;

/** Clocks differ a little; a signature from further ahead would stay valid for longer than we remember it. */
const FUTURE_AT_MOST_MS = 60_000;

/** What the headers alone can tell. */
type HeaderFault = 'unsigned' | 'stale' | 'from the future';

/** Why a request was turned away before anything looked at what it says. */
export type RefusedRequest =
  | HeaderFault
  | 'signature mismatch'
  | 'too large'
  | 'unreadable'
  | 'too many at once';

export interface HttpTransportParts {
  readonly signingSecret: string;
  readonly routes: readonly Route[];
  readonly log: Log;
  readonly now: () => number;
  readonly serverLimits?: ServerLimits | undefined;
  /** When a request that no listener acked is answered anyway; default 2.5 s. */
  readonly unhandledAfterMs?: number | undefined;
  readonly onRefused?: ((why: RefusedRequest) => void) | undefined;
  readonly onUnacknowledged?: (() => void) | undefined;
}

export function createHttpTransport(parts: HttpTransportParts): Transport {
  const { signingSecret, routes, log, now } = parts;
  const receiver = new HTTPReceiver({
    signingSecret,
    endpoints: ENDPOINT,
    // Its warnings are the refusals that are counted here.
    logger: Object.assign(boltLogger(log), { warn: () => {} }),
    customPropertiesExtractor: (request) => ({ slackSignature: request.headers['x-slack-signature'] }),
    unhandledRequestTimeoutMillis: parts.unhandledAfterMs ?? UNHANDLED_AFTER_MS,
    unhandledRequestHandler: ({ request, response }) => {
      parts.onUnacknowledged?.();
      log.error({ path: pathOf(request) }, 'a request from Slack was not acknowledged in time');
      if (!response.headersSent) answerUnhandled(request, response);
    },
  });
  const tally = new RefusalTally(log, now);
  const bodies = new Bodies();

  function note(why: RefusedRequest): void {
    tally.note(why);
    parts.onRefused?.(why);
  }

  function refuse(response: ServerResponse, status: number, why: RefusedRequest): void {
    note(why);
    response.writeHead(status, { connection: 'close' }).end();
  }

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const length = Number(request.headers['content-length'] ?? Number.NaN);
    const fault = headerFault(request.headers, now());
    if (fault !== null && !(length <= PROBE_AT_MOST_BYTES)) return refuse(response, 401, fault);
    const body = await bodies.read(request, length <= SMALL_BODY_BYTES ? 'small' : 'large');
    if (typeof body === 'number') return refuse(response, body, WHY_NOT_READ[body]);
    // The probe is not signed: Bolt answers it and looks at nothing else in it.
    if (fault !== null && !isProbe(body)) return refuse(response, 401, fault);
    toBolt(Object.assign(request, { rawBody: body }), response);
  }

  /** Bolt compares the media type as a whole, and its promise rejects without a handler when a body is not an object. */
  function toBolt(request: BufferedIncomingMessage, response: ServerResponse): void {
    const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
    request.headers['content-type'] = mediaType;
    if (!isInteraction(mediaType === 'application/x-www-form-urlencoded', request.rawBody.toString())) {
      log.warn({}, 'a request was not in the form of Slack');
      response.writeHead(400).end();
      return;
    }
    response.once('close', () => {
      if (response.statusCode === 401) note('signature mismatch');
    });
    receiver.requestListener(request, response);
  }

  const server = createRouteServer(
    routes,
    (request, response) => {
      if (request.method !== 'POST' || pathOf(request) !== ENDPOINT) {
        response.writeHead(404).end();
        return;
      }
      receive(request, response).catch((error: unknown) => {
        log.error(errorFields(error), 'a request from Slack could not be handed over');
        if (!response.headersSent) response.writeHead(500).end();
      });
    },
    parts.serverLimits,
  );
  return {
    receiver,
    server,
    open: (address) => listen(server, address),
    close: () => closeServer(server),
    isUp: () => server.listening,
  };
}

/** Null: it may be Slack. `nowMs` is UTC milliseconds. */
export function headerFault(headers: IncomingHttpHeaders, nowMs: number): HeaderFault | null {
  const timestamp = headers['x-slack-request-timestamp'];
  const signature = headers['x-slack-signature'];
  if (typeof timestamp !== 'string' || typeof signature !== 'string') return 'unsigned';
  if (!/^v0=[0-9a-f]{64}$/.test(signature) || !/^[0-9]{1,12}$/.test(timestamp)) return 'unsigned';
  const signedAtMs = Number(timestamp) * 1000;
  if (signedAtMs < nowMs - PAST_AT_MOST_MS) return 'stale';
  return signedAtMs > nowMs + FUTURE_AT_MOST_MS ? 'from the future' : null;
}

function isProbe(body: Buffer): boolean {
  return /(?:^|&)ssl_check=1(?:&|$)/.test(body.toString());
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
  #heldBytes = 0;

  /** The whole body, or the status that says why not. `size`: as its headers state it. */
  read(
    request: IncomingMessage,
    size: keyof typeof HELD_AT_MOST_BYTES,
  ): Promise<Buffer | keyof typeof WHY_NOT_READ> {
    const { promise, resolve } = Promise.withResolvers<Buffer | keyof typeof WHY_NOT_READ>();
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (result: Buffer | keyof typeof WHY_NOT_READ): void => {
      this.#heldBytes -= bytes;
      bytes = 0;
      chunks.length = 0;
      request.removeAllListeners('data').pause();
      resolve(result);
    };
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      this.#heldBytes += chunk.length;
      chunks.push(chunk);
      if (bytes > BODY_AT_MOST_BYTES) end(413);
      else if (this.#heldBytes > HELD_AT_MOST_BYTES[size]) end(503);
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

/**
 * A command is answered with text. For a click or a form the person must see that nothing came of it: Slack shows that
 * for any status but 200, and leaves a form open.
 */
function answerUnhandled(request: IncomingMessage, response: ServerResponse): void {
  const body = 'rawBody' in request && Buffer.isBuffer(request.rawBody) ? request.rawBody.toString() : '';
  if (!/(?:^|&)command=/.test(body)) {
    response.writeHead(503).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(
    JSON.stringify({
      response_type: 'ephemeral',
      text: "Loandesk didn't get to this command in time. If no answer follows, try again in a minute; `/loandesk requests` shows what was recorded.",
    }),
  );
}
