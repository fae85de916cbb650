/** The frames of RFC 6455, as far as a server without extensions needs them. */

export const OPCODES = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** Close codes of RFC 6455 section 7.4.1. */
export const CLOSE_CODES = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  noStatus: 1005,
  abnormal: 1006,
  invalidText: 1007,
  tooBig: 1009,
} as const;

export interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  /** Unmasked. */
  readonly payload: Buffer;
}

/** The peer broke the protocol: the connection has to be closed with this code. */
export class WebSocketError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'WebSocketError';
    this.code = code;
  }
}

/** A frame from a server: never masked, one frame a message. */
export function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** Cuts what a client sent into frames. Frames may arrive in any number of pieces. */
export class FrameReader {
  readonly #maxBytes: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The frames that are complete now. Throws a `WebSocketError` where the client broke the protocol. */
  *read(chunk: Buffer): Generator<Frame> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) yield frame;
  }

  #take(): Frame | undefined {
    const rest = this.#rest;
    const [first, second] = rest;
    if (first === undefined || second === undefined) return undefined;
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    const short = second & 0x7f;
    checkHead(first, second);
    const maskAt = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (rest.length < maskAt) return undefined;
    const length =
      short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
    if (length > this.#maxBytes) throw new WebSocketError(CLOSE_CODES.tooBig, 'Message too big');
    const end = maskAt + 4 + length;
    if (rest.length < end) return undefined;
    const mask = rest.subarray(maskAt, maskAt + 4);
    const payload = Buffer.from(rest.subarray(maskAt + 4, end));
    for (let at = 0; at < length; at += 1) payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0);
    this.#rest = rest.subarray(end);
    return { isFinal, opcode, payload };
  }
}

function checkHead(first: number, second: number): void {
  const opcode = first & 0x0f;
  const isControl = (opcode & 0x8) !== 0;
  const isFinal = (first & 0x80) !== 0;
  const known: readonly number[] = Object.values(OPCODES);
  const fault = (message: string) => new WebSocketError(CLOSE_CODES.protocolError, message);
  if ((first & 0x70) !== 0) throw fault('Reserved bits without an extension');
  if (!known.includes(opcode)) throw fault(`Unknown opcode ${opcode}`);
  if ((second & 0x80) === 0) throw fault('A client has to mask its frames');
  if (isControl && (!isFinal || (second & 0x7f) > 125)) throw fault('Control frames are short and whole');
}
