import {
  type Ack,
  deliver,
  FORM,
  JSON_TYPE,
  type SendOptions,
  type SignedRequest,
  signRequest,
} from './signed-sender.ts';
import {
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
