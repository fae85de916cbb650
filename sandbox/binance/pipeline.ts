import { setTimeout as sleep } from 'node:timers/promises';
import { type Backend, ENDPOINTS, type Endpoint } from './endpoints.ts';
import type { FaultStage, Faults } from './faults.ts';
import { checkSigned, checkWindow, identify, type SignedCall, type SignedWindow } from './gate.ts';
import type { Account, KeyRing } from './key-ring.ts';
import { isRefusal, overLimit, REFUSALS, type Refusal } from './refusal.ts';
import { faultReply, jsonReply, type Reply, refusalReply } from './reply.ts';
import { WEIGHT_HEADERS, type Weights } from './weights.ts';
import type { WireRecord } from './wire-log.ts';

/** The parts that a call passes through. */
export interface Machine extends Backend {
  readonly keyRing: KeyRing;
  readonly weights: Weights;
  readonly faults: Faults;
  /** Fires when the stand-in closes: nothing waits any longer. */
  readonly closing: AbortSignal;
}

export interface Call extends SignedCall {
  readonly method: string;
  readonly path: string;
  readonly endpoint: Endpoint | undefined;
  readonly record: WireRecord;
}

interface Passed {
  readonly account: Account;
  readonly window: SignedWindow;
}

export function findEndpoint(method: string, path: string): Endpoint | undefined {
  return ENDPOINTS.find((endpoint) => endpoint.path === path && endpoint.method === method);
}

/**
 * Takes one call through the exchange in a real one's order: edge, IP weight, key, timestamp, signature, role,
 * UID weight, the window once more, effect. Refused calls count against the IP, as documented; the UID's weight
 * is counted once the signature proved the UID.
 */
export async function answerCall(call: Call, machine: Machine): Promise<Reply> {
  const { endpoint } = call;
  if (endpoint === undefined) return refusalReply(REFUSALS.noSuchPath(call.path, call.method));
  const headers: Record<string, string> = {};
  const reply = await throughEdge(call, endpoint, machine, headers);
  return reply.kind === 'http' ? { ...reply, headers: { ...headers, ...reply.headers } } : reply;
}

type Headers = Record<string, string>;

async function throughEdge(
  call: Call,
  endpoint: Endpoint,
  machine: Machine,
  headers: Headers,
): Promise<Reply> {
  const struck = await strike('edge', call, endpoint, machine, null);
  if (struck !== null) return struck;
  if (endpoint.scope !== 'uid') {
    const refusal = countWeight(call, endpoint, call.remoteAddress, machine, headers);
    if (refusal !== null) return refusalReply(refusal);
  }
  if (!endpoint.signed) return withFaults(call, endpoint, machine, null, () => endpoint.answer(machine));
  if (machine.settings.maintenance) return refusalReply(REFUSALS.shuttingDown());
  const passed = passGate(call, endpoint, machine);
  if (isRefusal(passed)) return refusalReply(passed);
  if (endpoint.scope === 'uid') {
    const refusal = countWeight(call, endpoint, passed.account.uid, machine, headers);
    if (refusal !== null) return refusalReply(refusal);
  }
  return withFaults(call, endpoint, machine, passed.window, () => {
    // The gate refuses parameters that do not decode.
    const params = isRefusal(call.params) ? new Map<string, string>() : call.params;
    const answer = endpoint.answer(params, passed.account, machine);
    if (isRefusal(answer)) return answer;
    call.record.effect = answer.effect;
    return answer.body;
  });
}

function passGate(call: Call, endpoint: Endpoint & { signed: true }, machine: Machine): Passed | Refusal {
  const account = identify(call, machine.keyRing);
  if (isRefusal(account)) return account;
  const window = checkSigned(call, account, machine.clock.serverMs());
  if (isRefusal(window)) return window;
  const permitted = endpoint.trade ? account.enableSpotAndMarginTrading : account.enableReading;
  if (!permitted || !endpoint.roles.includes(account.role)) return REFUSALS.keyNotPermitted();
  return { account, window };
}

/** Runs the effect between its two faults; the window is asked again just before it, as the real one does. */
async function withFaults(
  call: Call,
  endpoint: Endpoint,
  machine: Machine,
  window: SignedWindow | null,
  effect: () => object | Refusal,
): Promise<Reply> {
  const before = await strike('before', call, endpoint, machine, null);
  if (before !== null) return before;
  const late = window === null ? null : checkWindow(window, machine.clock.serverMs());
  if (late !== null) return refusalReply(late);
  const result = effect();
  const reply = isRefusal(result) ? refusalReply(result) : jsonReply(result);
  return (await strike('after', call, endpoint, machine, reply)) ?? reply;
}

async function strike(
  stage: FaultStage,
  call: Call,
  endpoint: Endpoint,
  machine: Machine,
  answer: Reply | null,
): Promise<Reply | null> {
  const { latencyMs, effect } = machine.faults.take(stage, endpoint);
  if (latencyMs > 0) {
    call.record.fault = 'latency';
    await sleep(latencyMs, undefined, { signal: machine.closing });
  }
  if (effect === null) return null;
  call.record.fault = effect.kind;
  return faultReply(effect, answer);
}

function countWeight(
  call: Call,
  endpoint: Endpoint,
  subject: string,
  machine: Machine,
  headers: Headers,
): Refusal | null {
  const { scope, weight } = endpoint;
  const count = machine.weights.count(poolOf(endpoint), scope, subject, weight, machine.clock.serverMs());
  call.record.weight = weight;
  headers[WEIGHT_HEADERS[scope]] = String(count.shown);
  return count.admitted ? null : overLimit(count.limit, count.retryAfterS);
}

/** Every endpoint under /sapi has its own pool; everything under /api shares one. */
export function poolOf(endpoint: Endpoint): string {
  return endpoint.scope === 'mbx' ? '/api' : endpoint.name;
}
