import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { performance } from 'node:perf_hooks';
import { parseJson } from './json.ts';
import {
  type Ack,
  createEnvelope,
  type Envelope,
  markRetry,
  type Outgoing,
  type RetryOptions,
  type SocketConnections,
} from './socket-connections.ts';

export type Transport = 'http' | 'socket';

/** What was sent in Socket Mode; it can be delivered again. */
export interface SentEnvelope {
  readonly envelope: Envelope;
  /** The envelope as it went over the wire. */
  readonly body: string;
}

export type SentRequest = SignedRequest | SentEnvelope;

export interface Delivered extends Ack {
  /** To send the same again. */
  readonly request: SentRequest;
}

export interface ResendOptions extends RetryOptions {
  /** Socket Mode: over which connection. */
  readonly connection?: number;
}

export interface SenderParts {
  readonly sockets: SocketConnections;
  readonly now: () => number;
  readonly signingSecret: string;
  readonly ackTimeoutMs: number;
  /** Fixed, or else: sockets once a connection was opened, unless a URL was set. */
  readonly transport: Transport | undefined;
  readonly botUrl: string | undefined;
}

const DEFAULT_BOT_URL = 'http://127.0.0.1:3000/slack/events';

/** The one place that knows how payloads travel to the bot: signed over HTTP, or through Socket Mode. */
export class PayloadSender {
  readonly #parts: SenderParts;
  /** Where the bot listens; undefined until it is set. */
  botUrl: string | undefined;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.botUrl = parts.botUrl;
  }

  get transport(): Transport {
    const { transport, sockets } = this.#parts;
    return transport ?? (this.botUrl === undefined && sockets.wasUsed ? 'socket' : 'http');
  }

  /** Sends a payload and waits for its ack. */
  async send(outgoing: Outgoing, options: SendOptions): Promise<Delivered> {
    if (this.transport === 'http') return this.#post(outgoing, options);
    const envelope = createEnvelope(outgoing, options);
    const ack = await this.#parts.sockets.deliver(envelope, options.connection);
    return { ...ack, request: { envelope, body: JSON.stringify(envelope) } };
  }

  /** Sends a request again byte by byte, or delivers the same envelope once more. */
  resend(request: SentRequest, options: ResendOptions = {}): Promise<Ack> {
    if ('envelope' in request)
      return this.#parts.sockets.deliver(markRetry(request.envelope, options), options.connection);
    return deliver(request, this.#parts.ackTimeoutMs);
  }

  async #post({ kind, payload }: Outgoing, options: SendOptions): Promise<Delivered> {
    const { signingSecret, now, ackTimeoutMs } = this.#parts;
    const json = JSON.stringify(payload);
    const fields = kind === 'slash_commands' ? payload : { payload: json };
    const form = new URLSearchParams();
    for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
    const [type, body] =
      kind === 'events_api' ? ([JSON_TYPE, json] as const) : ([FORM, form.toString()] as const);
    const request = signRequest(this.botUrl ?? DEFAULT_BOT_URL, type, body, signingSecret, now(), options);
    return { ...(await deliver(request, ackTimeoutMs)), request };
  }
}

/** Ways to send what Slack would not have sent, or not so. The first three and `to` are for HTTP only. */
export interface SendOptions {
  /** A signature made with another secret, or none at all. */
  readonly signature?: 'wrong' | 'missing';
  /** Moves the signed timestamp, in seconds: negative is stale, positive in the future. */
  readonly timestampOffsetS?: number;
  /** Changes the body after it was signed. */
  readonly alter?: (body: string) => string;
  /** Headers of a redelivered event, or its fields in the envelope. */
  readonly retryNum?: number;
  readonly retryReason?: string;
  /** Another replica than the workspace's usual one. */
  readonly to?: string;
  /** Socket Mode: the connection it goes over, by id. */
  readonly connection?: number;
}

/** A request as it was sent; it can be sent again byte by byte. */
export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `v0=` and the HMAC-SHA256 of `v0:timestamp:body`: docs.slack.dev/authentication/verifying-requests-from-slack */
export function signBody(signingSecret: string, timestampS: number, body: string): string {
  return `v0=${createHmac('sha256', signingSecret).update(`v0:${timestampS}:${body}`).digest('hex')}`;
}

export const FORM = 'application/x-www-form-urlencoded';
export const JSON_TYPE = 'application/json';

/** Signs a request as Slack does. `nowMs` is UTC milliseconds. */
export function signRequest(
  url: string,
  contentType: typeof FORM | typeof JSON_TYPE,
  body: string,
  signingSecret: string,
  nowMs: number,
  options: SendOptions,
): SignedRequest {
  const timestampS = Math.floor(nowMs / 1000) + (options.timestampOffsetS ?? 0);
  const secret = options.signature === 'wrong' ? `${signingSecret} but not quite` : signingSecret;
  const headers: Record<string, string> = {
    'content-type': contentType,
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    accept: 'application/json,*/*',
    'x-slack-request-timestamp': String(timestampS),
  };
  if (options.signature !== 'missing') headers['x-slack-signature'] = signBody(secret, timestampS, body);
  if (options.retryNum !== undefined) {
    headers['x-slack-retry-num'] = String(options.retryNum);
    headers['x-slack-retry-reason'] = options.retryReason ?? 'http_timeout';
  }
  return { url: options.to ?? url, headers, body: options.alter?.(body) ?? body };
}

/** Sends a signed request and waits for the ack at most `timeoutMs`. Never throws. */
export function deliver(signed: SignedRequest, timeoutMs: number): Promise<Ack> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const finish = (status: number, bodyText: string, noAnswer?: 'timeout' | 'connection_failed') => {
      clearTimeout(timer);
      resolve({
        status,
        bodyText,
        body: parseJson(bodyText),
        elapsedMs: performance.now() - startedAt,
        ...(noAnswer === undefined ? {} : { noAnswer }),
      });
    };
    const headers = { ...signed.headers, 'content-length': String(Buffer.byteLength(signed.body)) };
    // One connection each: nothing keeps the bot's server open when it stops.
    const request = httpRequest(signed.url, { method: 'POST', headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => finish(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8')));
      response.on('error', () => finish(0, '', 'connection_failed'));
    });
    const timer = setTimeout(() => {
      finish(0, '', 'timeout');
      request.destroy();
    }, timeoutMs);
    request.on('error', () => finish(0, '', 'connection_failed'));
    request.end(signed.body);
  });
}
