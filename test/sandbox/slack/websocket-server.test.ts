import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { WebSocket } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFrame, FrameReader, OPCODES } from '../../../sandbox/slack/websocket-frames.ts';
import { acceptWebSocket, type WebSocketConnection } from '../../../sandbox/slack/websocket-server.ts';

/** A server that gives every text back and remembers how connections ended. */
let server: Server;
let port: number;
const connections: WebSocketConnection[] = [];
const closeCodes: number[] = [];

beforeEach(async () => {
  connections.length = 0;
  closeCodes.length = 0;
  server = createServer();
  server.on('upgrade', (request, socket, head) => {
    const connection = acceptWebSocket(request, socket, head, {
      onText: (text) => connection?.sendText(text),
      onClose: (code) => closeCodes.push(code),
    });
    if (connection !== undefined) connections.push(connection);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  port = address.port;
});

afterEach(async () => {
  for (const connection of connections) connection.drop();
  await new Promise((resolve) => server.close(resolve));
});

interface ClientFrame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly isFinal?: boolean;
  readonly mask?: Buffer;
}

/** A frame as a client sends it: masked. */
function clientFrame({
  opcode,
  payload,
  isFinal = true,
  mask = Buffer.from([1, 2, 3, 4]),
}: ClientFrame): Buffer {
  const plain = encodeFrame(opcode, payload);
  const head = Buffer.from(plain.subarray(0, plain.length - payload.length));
  head[0] = (isFinal ? 0x80 : 0) | opcode;
  head[1] = (head[1] ?? 0) | 0x80;
  return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

const text = (said: string, more: Partial<ClientFrame> = {}) =>
  clientFrame({ opcode: OPCODES.text, payload: Buffer.from(said), ...more });

const HANDSHAKE = [
  'GET /link/ HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

interface RawClient {
  readonly socket: Socket;
  readonly received: () => Buffer;
  readonly ended: Promise<unknown>;
}

async function rawClient(
  lines: readonly string[] = HANDSHAKE,
  more: Buffer = Buffer.alloc(0),
): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(socket, 'close');
  await once(socket, 'connect');
  socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), more]));
  const received = () => Buffer.concat(chunks);
  await expect.poll(() => received().includes('\r\n\r\n')).toBe(true);
  return { socket, ended, received };
}

/** What came after the handshake. */
const framesOf = (client: RawClient) => client.received().subarray(client.received().indexOf('\r\n\r\n') + 4);

describe('handshake', () => {
  it("answers with the key's digest, as in the example of RFC 6455", async () => {
    const client = await rawClient();
    expect(client.received().toString()).toContain('HTTP/1.1 101 ');
    expect(client.received().toString()).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
    client.socket.destroy();
  });

  it.each([
    ['another version', HANDSHAKE.with(4, 'Sec-WebSocket-Version: 8'), '426'],
    ['a short key', HANDSHAKE.with(5, 'Sec-WebSocket-Key: c2hvcnQ='), '400'],
    ['no key', HANDSHAKE.toSpliced(5, 1), '400'],
    ['another protocol', HANDSHAKE.with(2, 'Upgrade: h2c'), '400'],
    ['another method', HANDSHAKE.with(0, 'POST /link/ HTTP/1.1'), '400'],
  ])('refuses %s', async (_name, lines, status) => {
    const client = await rawClient(lines);
    expect(client.received().toString()).toContain(`HTTP/1.1 ${status} `);
    await client.ended;
    expect(connections).toEqual([]);
  });

  it('reads what came together with the handshake', async () => {
    const client = await rawClient(HANDSHAKE, text('early'));
    await expect.poll(() => framesOf(client)).toEqual(encodeFrame(OPCODES.text, Buffer.from('early')));
    client.socket.destroy();
  });
});

describe('messages', () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('of %d bytes go both ways', async (length) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    const answer = new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)));
    socket.send('x'.repeat(length));
    expect(await answer).toBe('x'.repeat(length));
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
    socket.close(1000);
    await closed;
    expect(closeCodes).toEqual([1000]);
  });

  it('come in fragments, with a ping between them that is answered at once', async () => {
    const client = await rawClient();
    client.socket.write(
      Buffer.concat([
        text('LT', { isFinal: false }),
        clientFrame({ opcode: OPCODES.ping, payload: Buffer.from('still there?') }),
        clientFrame({ opcode: OPCODES.continuation, payload: Buffer.from('V '), isFinal: false }),
        clientFrame({ opcode: OPCODES.continuation, payload: Buffer.from('½') }),
      ]),
    );
    const expected = Buffer.concat([
      encodeFrame(OPCODES.pong, Buffer.from('still there?')),
      encodeFrame(OPCODES.text, Buffer.from('LTV ½')),
    ]);
    await expect.poll(() => framesOf(client)).toEqual(expected);
    client.socket.destroy();
  });

  it('are read the same however the bytes are cut', () => {
    const frame = fc.record({
      opcode: fc.constantFrom(...Object.values(OPCODES)),
      payload: fc.uint8Array({ maxLength: 125 }).map((bytes) => Buffer.from(bytes)),
      mask: fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
    });
    const property = fc.property(
      fc.array(frame),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (frames, sizes) => {
        const bytes = Buffer.concat(frames.map(clientFrame));
        const reader = new FrameReader(1_000);
        const read: unknown[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          read.push(...reader.read(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(read).toEqual(frames.map(({ opcode, payload }) => ({ isFinal: true, opcode, payload })));
      },
    );
    fc.assert(property);
  });

  it('pings get no pong from a connection that plays dead', async () => {
    const client = await rawClient();
    const [connection] = connections;
    if (connection === undefined) throw new Error('no connection');
    connection.answersPings = false;
    client.socket.write(clientFrame({ opcode: OPCODES.ping, payload: Buffer.alloc(0) }));
    client.socket.write(text('x'));
    await expect.poll(() => framesOf(client)).toEqual(encodeFrame(OPCODES.text, Buffer.from('x')));
    connection.ping('hello');
    await expect
      .poll(() => framesOf(client).subarray(3))
      .toEqual(encodeFrame(OPCODES.ping, Buffer.from('hello')));
    client.socket.destroy();
  });
});

describe('closing', () => {
  it.each([
    ['no mask', encodeFrame(OPCODES.text, Buffer.from('x')), 1002],
    ['a reserved bit', Buffer.concat([Buffer.from([0xc1]), text('x').subarray(1)]), 1002],
    ['an unknown opcode', clientFrame({ opcode: 0x3, payload: Buffer.alloc(0) }), 1002],
    ['a long ping', clientFrame({ opcode: OPCODES.ping, payload: Buffer.alloc(126) }), 1002],
    [
      'a ping in pieces',
      clientFrame({ opcode: OPCODES.ping, payload: Buffer.alloc(0), isFinal: false }),
      1002,
    ],
    ['the end of no message', clientFrame({ opcode: OPCODES.continuation, payload: Buffer.alloc(0) }), 1002],
    ['a message inside a message', Buffer.concat([text('a', { isFinal: false }), text('b')]), 1002],
    ['half a close code', clientFrame({ opcode: OPCODES.close, payload: Buffer.alloc(1) }), 1002],
    ['binary data', clientFrame({ opcode: OPCODES.binary, payload: Buffer.alloc(1) }), 1003],
    ['text that is not UTF-8', clientFrame({ opcode: OPCODES.text, payload: Buffer.from([0xff]) }), 1007],
    ['five megabytes', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x50, 0, 0]), 1009],
  ])('%s is a reason to', async (_name, bytes, code) => {
    const client = await rawClient();
    client.socket.write(bytes);
    await client.ended;
    const answer = framesOf(client);
    expect([answer[0], answer.readUInt16BE(2)]).toEqual([0x88, code]);
    expect(closeCodes).toEqual([code]);
  });

  it('by the client is answered with its code', async () => {
    const client = await rawClient();
    const payload = Buffer.from([0x0f, 0xa0]);
    client.socket.write(clientFrame({ opcode: OPCODES.close, payload }));
    await client.ended;
    expect(framesOf(client)).toEqual(encodeFrame(OPCODES.close, payload));
    expect(closeCodes).toEqual([4000]);
  });

  it('can leave the end of the TCP connection to the client', async () => {
    const client = await rawClient();
    const [connection] = connections;
    if (connection === undefined) throw new Error('no connection');
    connection.endsTcp = false;
    client.socket.write(clientFrame({ opcode: OPCODES.close, payload: Buffer.alloc(0) }));
    await expect.poll(() => closeCodes).toEqual([1005]);
    const first = await Promise.race([
      client.ended.then(() => 'ended'),
      // Past the second after which a client that does not answer is cut off.
      new Promise((resolve) => setTimeout(() => resolve('open'), 1_200)),
    ]);
    expect(first).toBe('open');
    client.socket.end();
    await client.ended;
  });

  it('by the server waits a second for the answer, then ends hard', async () => {
    const client = await rawClient();
    connections[0]?.close(1001, 'bye');
    connections[0]?.sendText('nothing after a close frame');
    await client.ended;
    expect(framesOf(client)).toEqual(
      encodeFrame(OPCODES.close, Buffer.concat([Buffer.from([0x03, 0xe9]), Buffer.from('bye')])),
    );
    await expect.poll(() => closeCodes).toEqual([1006]);
  });

  it('without a word is abnormal', async () => {
    const client = await rawClient();
    client.socket.destroy();
    await expect.poll(() => closeCodes).toEqual([1006]);
  });
});
