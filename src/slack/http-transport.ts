/**
 * HTTP mode. Bolt checks signatures and answers requests. In front of it: requests that can't be from Slack are refused
 * before their body is read, bodies are bounded, timestamps from the future are refused, and refusals are counted.
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
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Bodies are read before the sender is known, so the memory for all of them is bounded; for large ones, which Slack
 * doesn't send, the bound is lower.
 */
const SMALL_BODY_BYTES = 64 * 1024;
const MAX_HELD_BYTES = { large: 32 * 1024 * 1024, small: 128 * 1024 * 1024 };

/** Slack's probe of a certificate holds a token and a flag. */
const MAX_PROBE_BYTES = 1024;

/** Refused requests get one log line in this time, with their number. */
const REFUSALS_LOGGED_EVERY_MS = 60_000;

/** As Bolt's own rule, applied before the body is read. */
const MAX_AGE_MS = 5 * 60_000;

/** For clocks that differ. A signature from further ahead would be valid for longer than deliveries are remembered. */
const MAX_AHEAD_MS = 60_000;

/** Faults that the headers alone show. */
type HeaderFault = 'unsigned' | 'stale' | 'from the future';

/** Why a request was refused before its content was looked at. */
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
    // It warns of each refused request; they are counted here instead.
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
    if (fault !== null && !(length <= MAX_PROBE_BYTES)) return refuse(response, 401, fault);
    const body = await bodies.read(request, length <= SMALL_BODY_BYTES ? 'small' : 'large');
    if (typeof body === 'number') return refuse(response, body, WHY_NOT_READ[body]);
    // The probe isn't signed: Bolt answers it and ignores everything else in it.
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

/** Null: it may be from Slack. `nowMs` is UTC milliseconds. */
function headerFault(headers: IncomingHttpHeaders, nowMs: number): HeaderFault | null {
  const timestamp = headers['x-slack-request-timestamp'];
  const signature = headers['x-slack-signature'];
  if (typeof timestamp !== 'string' || typeof signature !== 'string') return 'unsigned';
  if (!/^v0=[0-9a-f]{64}$/.test(signature) || !/^[0-9]{1,12}$/.test(timestamp)) return 'unsigned';
  const signedAtMs = Number(timestamp) * 1000;
  if (signedAtMs < nowMs - MAX_AGE_MS) return 'stale';
  return signedAtMs > nowMs + MAX_AHEAD_MS ? 'from the future' : null;
}

function isProbe(body: Buffer): boolean {
  return /(?:^|&)ssl_check=1(?:&|$)/.test(body.toString());
}

/** Whether Bolt can read the body: a JSON object, or a form. */
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

/** Reads bodies within the bound for all of them. */
class Bodies {
  #heldBytes = 0;

  /** The whole body, or the HTTP status to refuse it with. `size`: as its headers state it. */
  read(
    request: IncomingMessage,
    size: keyof typeof MAX_HELD_BYTES,
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
      if (bytes > MAX_BODY_BYTES) end(413);
      else if (this.#heldBytes > MAX_HELD_BYTES[size]) end(503);
    });
    request.once('end', () => end(Buffer.concat(chunks)));
    request.once('error', () => end(400));
    request.once('close', () => end(400));
    return promise;
  }
}

/** Logs the first refused request at once, and then their number once per minute. */
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
    // If the clock was set back, log at once.
    if (nowMs < this.#nextLineAtMs && this.#nextLineAtMs - nowMs <= REFUSALS_LOGGED_EVERY_MS) return;
    this.#nextLineAtMs = nowMs + REFUSALS_LOGGED_EVERY_MS;
    this.#log.warn({ refused: Object.fromEntries(this.#counts) }, 'refused requests that Slack did not sign');
    this.#counts.clear();
  }
}

/**
 * A command is answered with text. For a click or a form, any status but 200 makes Slack show that it failed; a form
 * stays open.
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
