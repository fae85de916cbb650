/**
 * Socket Mode: the connections of the bot, and the payloads that travel over them.
 * Source: docs.slack.dev/apis/events-api/using-socket-mode; the form of the envelopes also from the
 * recorded messages in the tests of Slack's Python SDK.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { isObject, type JsonObject, parseJson } from './json.ts';
import type { OpenConnection, Store } from './store.ts';

/** More than these get `too_many_websockets`. */
const MAX_CONNECTIONS = 10;
/** `approximate_connection_time` */
const LIFE_S = 3_600;
/** A warning comes about this long before the refresh. */
const WARNING_MS = 10_000;
/** Slack pings every few seconds; Bolt gives up after 30 s without one. */
const PING_MS = 5_000;
const HOST = 'applink-sandbox';
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** RFC 6455, section 7.4.1. */
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;

export type PayloadKind = 'slash_commands' | 'interactive' | 'events_api';

/** How the bot answered. */
export interface Ack {
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly bodyText: string;
  /** The parsed JSON body, where it is JSON. */
  readonly body: unknown;
  readonly elapsedMs: number;
  /** Why there was no answer. */
  readonly noAnswer?: 'timeout' | 'connection_failed';
}

/** What goes to the bot, however it travels. */
export interface Outgoing {
  readonly kind: PayloadKind;
  readonly payload: JsonObject;
}

/** How a payload is wrapped in Socket Mode: docs.slack.dev/apis/events-api/using-socket-mode */
export interface Envelope {
  readonly envelope_id: string;
  readonly type: PayloadKind;
  readonly accepts_response_payload: boolean;
  readonly retry_attempt?: number;
  readonly retry_reason?: string;
  readonly payload: JsonObject;
}

export interface RetryOptions {
  readonly retryNum?: number;
  readonly retryReason?: string;
}

/** Events always carry the retry fields, 0 the first time; commands and interactions only when redelivered. */
export function createEnvelope({ kind, payload }: Outgoing, options: RetryOptions): Envelope {
  const first = {
    envelope_id: randomUUID(),
    payload,
    type: kind,
    accepts_response_payload: kind !== 'events_api',
    ...(kind === 'events_api' ? { retry_attempt: 0, retry_reason: '' } : {}),
  };
  return markRetry(first, options);
}

/** The same envelope, marked as a redelivery. */
export function markRetry(envelope: Envelope, { retryNum, retryReason = 'timeout' }: RetryOptions): Envelope {
  return retryNum === undefined
    ? envelope
    : { ...envelope, retry_attempt: retryNum, retry_reason: retryReason };
}

type Reason = 'warning' | 'refresh_requested' | 'link_disabled' | 'too_many_websockets';

export interface SocketParts {
  readonly store: Store;
  readonly now: () => number;
  readonly appId: string;
  readonly ackTimeoutMs: number;
}

interface Connection extends OpenConnection {
  readonly socket: WebSocket;
  readonly timers: Set<NodeJS.Timeout>;
  /** False leaves pings without a pong, as a peer that hangs does. */
  answersPings: boolean;
  /** False once it got a disconnect message: no new payloads. */
  takesPayloads: boolean;
}

interface Pending {
  readonly connection: Connection;
  readonly envelopeId: string;
  readonly settle: (answer: JsonObject | 'timeout' | 'connection_failed') => void;
}

export interface RefreshOptions {
  /** Which one; all by default. */
  readonly connection?: number;
  /** Milliseconds between the warning and the refresh; 0 refreshes without a warning. 10,000 by default. */
  readonly warningMs?: number;
}

/** The open connections, in the order they were opened. */
export class SocketConnections {
  readonly #parts: SocketParts;
  readonly #tickets = new Set<string>();
  readonly #connections: Connection[] = [];
  readonly #pending = new Set<Pending>();
  /** Pongs are sent here, or not. */
  readonly #server = new WebSocketServer({ noServer: true, autoPong: false, maxPayload: MAX_MESSAGE_BYTES });
  #ids = 0;
  #turn = 0;
  /** `ws://127.0.0.1:port`; set once the port is known. */
  baseUrl = '';
  /**
   * Whether this side ends the TCP connection after the closing handshake. Slack does not (release notes of
   * @slack/socket-mode 3.2.0), which makes older clients wait for their pong timeout.
   */
  endsTcp = false;
  /** Whether Socket Mode is switched on for the app. */
  isEnabled = true;

  constructor(parts: SocketParts) {
    this.#parts = parts;
  }

  get open(): readonly OpenConnection[] {
    return this.#connections.map(tell);
  }

  /** True once a connection was ever opened. */
  get wasUsed(): boolean {
    return this.#ids > 0;
  }

  /** A URL for one connection. Slack's are short-lived; how long is undocumented. */
  createUrl(): string {
    const ticket = randomUUID();
    this.#tickets.add(ticket);
    return `${this.baseUrl}/link/?ticket=${ticket}&app_id=${this.#parts.appId}`;
  }

  /** Handles an upgrade request. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname !== '/link/') {
      refuseUpgrade(socket, '404 Not Found');
      return;
    }
    // Which status Slack gives a used ticket was not seen.
    if (!this.#tickets.delete(searchParams.get('ticket') ?? '')) {
      refuseUpgrade(socket, '403 Forbidden');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => {});
      if (this.#connections.length >= MAX_CONNECTIONS) {
        sendDisconnect(webSocket, 'too_many_websockets');
        webSocket.close(NORMAL_CLOSURE);
        return;
      }
      const connection = this.#add(webSocket);
      webSocket.on('message', (data, isBinary) => {
        if (isBinary) webSocket.close(UNSUPPORTED_DATA);
        else this.#receive(connection, String(data));
      });
      webSocket.on('ping', (data) => {
        if (connection.answersPings) webSocket.pong(data);
      });
      webSocket.on('close', () => this.#remove(connection));
      this.#watchEnd(connection, socket);
    });
  }

  /**
   * Sends an envelope over one connection and waits for its ack. A connection that breaks first, or none
   * at all, is `connection_failed`. Throws if `connectionId` names none that is open.
   */
  deliver(envelope: Envelope, connectionId?: number): Promise<Ack> {
    const connection = this.#choose(connectionId);
    const startedAt = performance.now();
    return new Promise((resolve) => {
      if (connection === undefined) {
        resolve(toAck('connection_failed', startedAt));
        return;
      }
      const pending: Pending = {
        connection,
        envelopeId: envelope.envelope_id,
        settle: (answer) => {
          clearTimeout(timer);
          this.#pending.delete(pending);
          resolve(toAck(answer, startedAt));
        },
      };
      const timer = setTimeout(() => pending.settle('timeout'), this.#parts.ackTimeoutMs);
      this.#pending.add(pending);
      connection.socket.send(JSON.stringify(envelope));
    });
  }

  /** Refreshes connections as Slack does every few hours: a warning, `refresh_requested`, the end. */
  refresh({ connection: id, warningMs = WARNING_MS }: RefreshOptions = {}): void {
    for (const connection of this.#select(id)) {
      if (warningMs === 0) this.#dismiss(connection, 'refresh_requested');
      else {
        sendDisconnect(connection.socket, 'warning');
        this.#later(connection, warningMs, () => this.#dismiss(connection, 'refresh_requested'));
      }
    }
  }

  /** Cuts one connection, or all, without a word. */
  drop(id?: number): void {
    for (const connection of this.#select(id)) {
      connection.socket.terminate();
      this.#remove(connection);
    }
  }

  /** One connection, or all: no more pings and no more pongs, as when Slack's side hangs. */
  silence(id?: number): void {
    for (const connection of this.#select(id)) {
      connection.answersPings = false;
      for (const timer of connection.timers) clearInterval(timer);
    }
  }

  /** Switches Socket Mode off in the app's settings: every connection gets `link_disabled`. */
  disable(): void {
    this.isEnabled = false;
    for (const connection of this.#select()) this.#dismiss(connection, 'link_disabled');
  }

  enable(): void {
    this.isEnabled = true;
  }

  /** Ends everything when the workspace closes. */
  close(): void {
    this.#tickets.clear();
    for (const socket of this.#server.clients) socket.terminate();
  }

  /** `ws` ends the TCP connection after the closing handshake: the moment is ours, the end may be the client's. */
  #watchEnd(connection: Connection, socket: Duplex): void {
    const { endsTcp } = this;
    const end = socket.end.bind(socket);
    socket.end = () => {
      this.#remove(connection);
      return endsTcp || socket.readableEnded ? end() : socket;
    };
  }

  #add(socket: WebSocket): Connection {
    this.#ids += 1;
    const openedAtMs = this.#parts.now();
    const connection: Connection = {
      id: this.#ids,
      openedAtMs,
      socket,
      timers: new Set(),
      answersPings: true,
      takesPayloads: true,
    };
    this.#connections.push(connection);
    const hello = {
      type: 'hello',
      num_connections: this.#connections.length,
      debug_info: { host: HOST, build_number: 10, approximate_connection_time: LIFE_S },
      connection_info: { app_id: this.#parts.appId },
    };
    socket.send(JSON.stringify(hello));
    connection.timers.add(setInterval(() => socket.ping(`Ping from ${HOST}`), PING_MS).unref());
    this.#later(connection, LIFE_S * 1_000 - WARNING_MS, () => this.refresh({ connection: connection.id }));
    this.#parts.store.addConnectionEvent('connection_opened', tell(connection));
    return connection;
  }

  #remove(connection: Connection): void {
    const at = this.#connections.indexOf(connection);
    if (at < 0) return;
    for (const timer of connection.timers) clearInterval(timer);
    this.#connections.splice(at, 1);
    for (const pending of [...this.#pending])
      if (pending.connection === connection) pending.settle('connection_failed');
    this.#parts.store.addConnectionEvent('connection_closed', tell(connection));
  }

  #dismiss(connection: Connection, reason: Reason): void {
    connection.takesPayloads = false;
    sendDisconnect(connection.socket, reason);
    connection.socket.close(NORMAL_CLOSURE);
  }

  #later(connection: Connection, ms: number, run: () => void): void {
    connection.timers.add(setTimeout(run, ms).unref());
  }

  #receive(connection: Connection, text: string): void {
    const message = parseJson(text);
    if (!isObject(message)) return;
    const found = [...this.#pending].find(
      (pending) => pending.connection === connection && pending.envelopeId === message.envelope_id,
    );
    // An ack that comes too late, twice or for nothing changes nothing.
    found?.settle(isObject(message.payload) ? message.payload : {});
  }

  /** Each in turn; Slack promises no pattern. */
  #choose(connectionId: number | undefined): Connection | undefined {
    if (connectionId !== undefined) return this.#select(connectionId)[0];
    const candidates = this.#connections.filter(({ takesPayloads }) => takesPayloads);
    if (candidates.length === 0) return undefined;
    this.#turn += 1;
    return candidates[(this.#turn - 1) % candidates.length];
  }

  #select(id?: number): readonly Connection[] {
    if (id === undefined) return [...this.#connections];
    const found = this.#connections.filter((connection) => connection.id === id);
    const open = this.#connections.map((connection) => connection.id).join(', ') || 'none';
    if (found.length === 0) throw new Error(`Connection ${id} is not open; open: ${open}`);
    return found;
  }
}

const tell = ({ id, openedAtMs }: OpenConnection): OpenConnection => ({ id, openedAtMs });

/** Refuses an upgrade with an HTTP status. */
function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function sendDisconnect(socket: WebSocket, reason: Reason): void {
  socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: HOST } }));
}

/** As an HTTP answer: an acked envelope is a 200 with the ack's payload for a body. */
function toAck(answer: JsonObject | 'timeout' | 'connection_failed', startedAt: number): Ack {
  const elapsedMs = performance.now() - startedAt;
  if (typeof answer === 'string')
    return { status: 0, bodyText: '', body: undefined, elapsedMs, noAnswer: answer };
  // Bolt sends `{}` for an ack that says nothing; over HTTP that is an empty body.
  return Object.keys(answer).length === 0
    ? { status: 200, bodyText: '', body: undefined, elapsedMs }
    : { status: 200, bodyText: JSON.stringify(answer), body: answer, elapsedMs };
}
