/**
 * The server side of RFC 6455, small: text messages (whole or in fragments), pings, closing.
 * No extensions, no subprotocols, no binary messages. There is no WebSocket server in Node itself.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  CLOSE_CODES,
  encodeFrame,
  type Frame,
  FrameReader,
  OPCODES,
  WebSocketError,
} from './websocket-frames.ts';

const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** How long the client may take to answer a close frame and to end the connection. */
const CLOSE_TIMEOUT_MS = 1_000;
const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export interface WebSocketEvents {
  readonly onText: (text: string) => void;
  /** Nothing comes any more. Called once, with the code of RFC 6455 section 7.1.5. */
  readonly onClose: (code: number) => void;
}

/** One connection, after the handshake. */
export class WebSocketConnection {
  readonly #socket: Duplex;
  readonly #events: WebSocketEvents;
  readonly #reader = new FrameReader(MAX_MESSAGE_BYTES);
  #fragments: Buffer[] = [];
  #closeTimer: NodeJS.Timeout | undefined;
  #isCloseSent = false;
  #isGone = false;
  /** False leaves pings without a pong, as a peer that hangs does. */
  answersPings = true;
  /** False leaves the TCP connection open after the closing handshake, until the client ends it. */
  endsTcp = true;

  constructor(socket: Duplex, events: WebSocketEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      clearTimeout(this.#closeTimer);
      this.#finish(CLOSE_CODES.abnormal);
    });
  }

  /** Takes bytes from the client: those of the socket, and those that came with the handshake. */
  receive(chunk: Buffer): void {
    if (this.#isGone) return;
    try {
      for (const frame of this.#reader.read(chunk)) this.#handle(frame);
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      this.close(error.code, error.message);
      this.#finish(error.code);
      this.#socket.end();
    }
  }

  sendText(text: string): void {
    this.#send(OPCODES.text, Buffer.from(text));
  }

  ping(data: string): void {
    this.#send(OPCODES.ping, Buffer.from(data));
  }

  /** Begins the closing handshake; a client that does not end the connection is cut off a second later. */
  close(code: number, reason = ''): void {
    if (this.#isCloseSent) return;
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code, 0);
    payload.write(reason, 2);
    this.#send(OPCODES.close, payload);
    this.#isCloseSent = true;
    this.#closeTimer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS).unref();
  }

  /** Cuts the connection without a word. */
  drop(): void {
    this.#socket.destroy();
    this.#finish(CLOSE_CODES.abnormal);
  }

  #send(opcode: number, payload: Buffer): void {
    if (!this.#isCloseSent && this.#socket.writable) this.#socket.write(encodeFrame(opcode, payload));
  }

  #handle({ opcode, payload, isFinal }: Frame): void {
    if (this.#isGone) return;
    switch (opcode) {
      case OPCODES.ping:
        if (this.answersPings) this.#send(OPCODES.pong, payload);
        return;
      case OPCODES.pong:
        return;
      case OPCODES.close:
        this.#answerClose(payload);
        return;
      case OPCODES.binary:
        throw new WebSocketError(CLOSE_CODES.unsupportedData, 'Text messages only');
      default:
        this.#addFragment(opcode === OPCODES.continuation, payload, isFinal);
    }
  }

  #addFragment(continues: boolean, payload: Buffer, isFinal: boolean): void {
    if (continues !== this.#fragments.length > 0)
      throw new WebSocketError(CLOSE_CODES.protocolError, 'Fragments out of order');
    this.#fragments.push(payload);
    const size = this.#fragments.reduce((sum, { length }) => sum + length, 0);
    if (size > MAX_MESSAGE_BYTES) throw new WebSocketError(CLOSE_CODES.tooBig, 'Message too big');
    if (!isFinal) return;
    const text = decodeText(Buffer.concat(this.#fragments));
    this.#fragments = [];
    this.#events.onText(text);
  }

  #answerClose(payload: Buffer): void {
    if (payload.length === 1) throw new WebSocketError(CLOSE_CODES.protocolError, 'Half a close code');
    const code = payload.length === 0 ? CLOSE_CODES.noStatus : payload.readUInt16BE(0);
    this.close(code === CLOSE_CODES.noStatus ? CLOSE_CODES.normal : code);
    this.#finish(code);
    if (this.endsTcp) this.#socket.end();
    else clearTimeout(this.#closeTimer);
  }

  #finish(code: number): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#events.onClose(code);
  }
}

function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new WebSocketError(CLOSE_CODES.invalidText, 'Not UTF-8');
  }
}

/** Refuses an upgrade with an HTTP status. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Answers the handshake of RFC 6455 section 4.2; undefined where the request is none and was refused. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  events: WebSocketEvents,
): WebSocketConnection | undefined {
  const { upgrade = '', 'sec-websocket-key': key = '', 'sec-websocket-version': version } = request.headers;
  const isHandshake =
    request.method === 'GET' &&
    upgrade.toLowerCase() === 'websocket' &&
    Buffer.from(key, 'base64').length === 16;
  if (!isHandshake || version !== '13') {
    refuseUpgrade(socket, isHandshake ? '426 Upgrade Required' : '400 Bad Request');
    return undefined;
  }
  const accept = createHash('sha1').update(`${key}${HANDSHAKE_GUID}`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  const connection = new WebSocketConnection(socket, events);
  // What came with the handshake is read once the caller holds the connection.
  if (head.length > 0) setImmediate(() => connection.receive(head));
  return connection;
}
