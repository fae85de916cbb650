import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { parseParams } from './params.ts';
import { answerCall, type Call, findEndpoint, type Machine } from './pipeline.ts';
import { isRefusal, REFUSALS } from './refusal.ts';
import type { Reply } from './reply.ts';
import type { WireLog, WireRecord } from './wire-log.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** Reads a whole body, bytes as latin1 characters so that nothing is lost; null when it is too long. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}

/** Answers the API calls and keeps the wire log. */
export function apiListener(machine: Machine, log: WireLog): RequestListener {
  return (request, response) => {
    serve(request, response, machine, log).catch((error: unknown) => {
      // A client that left in the middle, or the stand-in closing while a call waits: nobody is there to answer.
      if (machine.closing.aborted || response.destroyed || response.headersSent) response.destroy();
      else response.writeHead(500).end(`the exchange stand-in failed: ${String(error)}`);
    });
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  machine: Machine,
  log: WireLog,
): Promise<void> {
  const rawBody = await readBody(request);
  if (rawBody === null) {
    response.writeHead(413).end();
    return;
  }
  const call = toCall(request, rawBody, machine, log);
  const finish = (status: number | null, code: number | null) =>
    log.answered(call.record, {
      status,
      code,
      fault: call.record.fault,
      answeredAtMs: machine.clock.realMs(),
    });
  response.once('close', () => finish(null, null));
  const reply = await answerCall(call, machine);
  if (reply.kind === 'http') {
    finish(reply.status, reply.code);
    write(response, reply);
  } else if (reply.kind === 'reset') {
    finish(null, null);
    response.socket?.resetAndDestroy();
  }
}

function toCall(request: IncomingMessage, rawBody: string, machine: Machine, log: WireLog): Call {
  const [path = '', rawQuery = ''] = splitOnce(request.url ?? '', '?');
  const method = request.method ?? '';
  const header = request.headers['x-mbx-apikey'];
  const apiKey = typeof header === 'string' ? header : undefined;
  const params = parseParams(rawQuery, rawBody);
  const endpoint = findEndpoint(method, path);
  const record = log.received({
    method,
    path,
    rawQuery,
    rawBody,
    endpoint: endpoint?.name ?? null,
    account: apiKey === undefined ? null : (machine.keyRing.byApiKey(apiKey)?.name ?? null),
    groupId: isRefusal(params) ? null : (params.get('groupId') ?? null),
    hasApiKey: apiKey !== undefined,
    contentType: request.headers['content-type'] ?? null,
    receivedAtMs: machine.clock.realMs(),
  });
  const remoteAddress = request.socket.remoteAddress ?? '';
  return { apiKey, remoteAddress, rawQuery, rawBody, params, method, path, endpoint, record };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function write(response: ServerResponse, reply: Reply & { kind: 'http' }): void {
  if (response.destroyed) return;
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status, {
    ...reply.headers,
    'Content-Type': reply.contentType,
    'Content-Length': body.length,
  });
  response.end(body);
}

/**
 * Bytes that are no HTTP: raw non-ASCII in the query never reaches the listener, so it is refused here with the
 * code that the signing rule names.
 */
export function answerBadBytes(
  error: Error & { code?: string; rawPacket?: Buffer },
  socket: Duplex,
  log: WireLog,
  nowMs: number,
): void {
  if (error.code !== 'HPE_INVALID_URL' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [method = '', url = ''] = (error.rawPacket?.toString('latin1') ?? '').split(' ');
  const [path, rawQuery] = splitOnce(url, '?');
  const record: WireRecord = log.received({
    method,
    path,
    rawQuery,
    rawBody: '',
    endpoint: findEndpoint(method, path)?.name ?? null,
    account: null,
    groupId: null,
    hasApiKey: false,
    contentType: null,
    receivedAtMs: nowMs,
  });
  const { status, code, msg } = REFUSALS.badSignature();
  const body = JSON.stringify({ code, msg });
  log.answered(record, { status, code, fault: null, answeredAtMs: nowMs });
  socket.end(
    `HTTP/1.1 ${status} Bad Request\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
