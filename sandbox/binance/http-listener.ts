/**
 * One call's way through the exchange in a real one's order: edge, IP weight, key, timestamp, signature, role, UID
 * weight, the window once more, effect. Refused calls count against the IP, as documented; the UID's weight is counted
 * once the signature proved the UID.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBody } from '../http.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { type FaultStage, type Faults, faultReply } from './faults.ts';
import { checkSigned, checkWindow, identify, type SignedCall, type SignedWindow } from './gate.ts';
import type { Backend } from './history.ts';
import type { Account, KeyRing } from './key-ring.ts';
import { parseParams } from './params.ts';
import { jsonReply, overLimit, REFUSALS, Refusal, type Reply, refusalReply, withHeaders } from './reply.ts';
import { WEIGHT_HEADERS, type Weights } from './weight-counter.ts';
import type { WireLog, WireRecord } from './wire-log.ts';

/** The parts that a call passes through. */
export interface Machine extends Backend {
  readonly keyRing: KeyRing;
  readonly weights: Weights;
  readonly faults: Faults;
  readonly log: WireLog;
  /** Fires when the stand-in closes; ends every wait. */
  readonly closing: AbortSignal;
}

interface Call extends SignedCall {
  readonly endpoint: Endpoint;
  readonly record: WireRecord;
  /** What the answer says of the weight used. */
  readonly headers: Record<string, string>;
}

/** Every endpoint under /sapi has its own pool; everything under /api shares one. */
export function poolOf({ scope, name }: Endpoint): string {
  return scope === 'mbx' ? '/api' : name;
}

function findEndpoint(method: string, path: string): Endpoint | undefined {
  return ENDPOINTS.find((endpoint) => endpoint.path === path && endpoint.method === method);
}

/** Answers the API calls and keeps the wire log. */
export function apiListener(machine: Machine): RequestListener {
  return (request, response) => {
    serve(request, response, machine).catch((error: unknown) => {
      // The client left in the middle, or the stand-in closed while a call was waiting: no answer is possible.
      if (machine.closing.aborted || response.destroyed || response.headersSent) response.destroy();
      else response.writeHead(500).end(`the exchange stand-in failed: ${String(error)}`);
    });
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, machine: Machine): Promise<void> {
  // Bytes as latin1 characters: nothing is lost.
  const rawBody = (await readBody(request)).toString('latin1');
  const { method = '', url = '', headers } = request;
  const [path, rawQuery] = splitOnce(url, '?');
  const header = headers['x-mbx-apikey'];
  const apiKey = typeof header === 'string' ? header : undefined;
  const params = attempt(() => parseParams(rawQuery, rawBody));
  const endpoint = findEndpoint(method, path);
  const record = machine.log.received({
    ...{ method, path, rawQuery, rawBody, endpoint: endpoint?.name ?? null },
    account: apiKey === undefined ? null : (machine.keyRing.byApiKey(apiKey)?.name ?? null),
    groupId: params instanceof Refusal ? null : (params.get('groupId') ?? null),
    hasApiKey: apiKey !== undefined,
    contentType: headers['content-type'] ?? null,
    receivedAtMs: machine.clock.realMs(),
  });
  const finish = (status: number | null, code: number | null) =>
    machine.log.answered(record, {
      ...{ status, code, fault: record.fault, answeredAtMs: machine.clock.realMs() },
    });
  response.once('close', () => finish(null, null));
  const remoteAddress = request.socket.remoteAddress ?? '';
  const signed = { apiKey, remoteAddress, rawQuery, rawBody, params };
  const reply =
    endpoint === undefined
      ? refusalReply(REFUSALS.noSuchPath(path, method))
      : await answerCall({ ...signed, endpoint, record, headers: {} }, machine);
  if (reply.kind === 'http') {
    finish(reply.status, reply.code);
    const length = { 'Content-Length': Buffer.byteLength(reply.body) };
    if (!response.destroyed)
      response.writeHead(reply.status, { ...reply.headers, ...length }).end(reply.body);
  } else if (reply.kind === 'reset') {
    finish(null, null);
    response.socket?.resetAndDestroy();
  }
}

async function answerCall(call: Call, machine: Machine): Promise<Reply> {
  const struck = await strike('edge', call, machine);
  if (struck !== null) return struck;
  const passed = attempt(() => passGate(call, machine));
  if (passed instanceof Refusal) return withHeaders(refusalReply(passed), call.headers);
  const before = await strike('before', call, machine);
  if (before !== null) return withHeaders(before, call.headers);
  const answer = attempt(() => takeEffect(call, passed, machine));
  const reply = answer instanceof Refusal ? refusalReply(answer) : jsonReply(answer);
  return withHeaders((await strike('after', call, machine, reply)) ?? reply, call.headers);
}

interface Passed {
  readonly account: Account;
  readonly window: SignedWindow;
}

/** Weight, key, permissions; null for a call that needs no key. */
function passGate(call: Call, machine: Machine): Passed | null {
  const { endpoint } = call;
  if (endpoint.scope !== 'uid') countWeight(call, call.remoteAddress, machine);
  if (!endpoint.signed) return null;
  if (machine.settings.maintenance) throw REFUSALS.shuttingDown();
  const account = identify(call, machine.keyRing);
  const window = checkSigned(call, account, machine.clock.serverMs());
  const isPermitted = endpoint.trade ? account.enableSpotAndMarginTrading : account.enableReading;
  if (!isPermitted || !endpoint.roles.includes(account.role)) throw REFUSALS.keyNotPermitted();
  if (endpoint.scope === 'uid') countWeight(call, account.uid, machine);
  return { account, window };
}

/** The window is asked again just before the effect, as the real one does. */
function takeEffect({ endpoint, params, record }: Call, passed: Passed | null, machine: Machine): object {
  if (!endpoint.signed) return endpoint.answer(machine);
  // The gate lets nothing through that is signed and has no account or no parameters.
  if (passed === null || params instanceof Refusal) throw new Error('the gate is open');
  checkWindow(passed.window, machine.clock.serverMs());
  const answer = endpoint.answer(params, passed.account, machine);
  record.effect = endpoint.method === 'DELETE';
  return answer;
}

function countWeight({ endpoint, record, headers }: Call, subject: string, machine: Machine): void {
  const { scope, weight } = endpoint;
  const count = machine.weights.count(poolOf(endpoint), scope, subject, weight, machine.clock.serverMs());
  record.weight = weight;
  headers[WEIGHT_HEADERS[scope]] = String(count.shown);
  if (!count.admitted) throw overLimit(count.limit, count.retryAfterS);
}

async function strike(
  stage: FaultStage,
  { endpoint, record }: Call,
  machine: Machine,
  answer: Reply | null = null,
): Promise<Reply | null> {
  const { latencyMs, effect } = machine.faults.take(stage, endpoint);
  if (latencyMs > 0) {
    record.fault = 'latency';
    await sleep(latencyMs, undefined, { signal: machine.closing });
  }
  if (effect === null) return null;
  record.fault = effect.kind;
  return faultReply(effect, answer);
}

/** The value, or the refusal that was thrown in its place. */
function attempt<Value>(run: () => Value): Value | Refusal {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/**
 * Bytes that are no HTTP: raw non-ASCII in the query never reaches the listener, so it is refused here with the
 * code that the signing rule names.
 */
export function answerBadBytes(
  error: Error & { code?: string; rawPacket?: Buffer },
  socket: Duplex,
  { log, clock }: Machine,
): void {
  if (error.code !== 'HPE_INVALID_URL' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [method = '', url = ''] = (error.rawPacket?.toString('latin1') ?? '').split(' ');
  const [path, rawQuery] = splitOnce(url, '?');
  const nowMs = clock.realMs();
  const record = log.received({
    ...{ method, path, rawQuery, rawBody: '', endpoint: findEndpoint(method, path)?.name ?? null },
    ...{ account: null, groupId: null, hasApiKey: false, contentType: null, receivedAtMs: nowMs },
  });
  const { status, code, message } = REFUSALS.badSignature();
  const body = JSON.stringify({ code, msg: message });
  log.answered(record, { status, code, fault: null, answeredAtMs: nowMs });
  socket.end(
    `HTTP/1.1 ${status} Bad Request\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
