import { z } from 'zod';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { bareNumber, jsonReply, Refusal, type Reply, refusalReply, textReply } from './reply.ts';

const when = z.enum(['before', 'after']).describe('before or after the effect').default('before');
const longText = z.string().regex(/^\d{1,19}$/);

/** What goes wrong. Times in milliseconds unless the name says seconds (`…S`). */
const effectSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('latency'), ms: z.number().min(0).max(600_000), when }),
  z.strictObject({ kind: z.literal('rate-limited'), retryAfterS: z.number().int().min(0).optional() }),
  z.strictObject({
    kind: z.literal('ip-banned'),
    untilMs: z.number().int(),
    retryAfterS: z.number().int().optional(),
  }),
  z.strictObject({ kind: z.literal('waf') }),
  z.strictObject({ kind: z.literal('region-blocked') }),
  z.strictObject({
    kind: z.literal('error'),
    when,
    status: z.number().int().min(400).max(599),
    code: z.number().int().optional(),
    msg: z.string().default('Unknown error, please check your request or try again later.'),
  }),
  z.strictObject({ kind: z.literal('reset'), when }),
  z.strictObject({ kind: z.literal('hang'), when }),
  z.strictObject({ kind: z.literal('truncated') }),
  z.strictObject({
    kind: z.literal('wrong-answer'),
    groupId: longText.optional(),
    status: z.string().optional(),
  }),
]);

/**
 * A fault to switch on: for one endpoint, one method or everything; for the next `count` calls that reach it, or
 * until it is cleared. An `error` without `code` answers its `msg` as plain text.
 */
export const faultOrderSchema = z.strictObject({
  effect: effectSchema,
  endpoint: z.enum(ENDPOINTS.map((endpoint) => endpoint.name)).optional(),
  method: z.enum(['GET', 'DELETE']).optional(),
  count: z.number().int().positive().optional(),
});

export type FaultOrder = z.input<typeof faultOrderSchema>;
export type FaultEffect = z.output<typeof effectSchema>;

/**
 * Where in a call a fault strikes: `edge` before key and limits are looked at, `before` when every check has
 * passed and nothing has happened yet, `after` when the effect is there and the answer is not.
 */
export type FaultStage = 'edge' | 'before' | 'after';

export interface Fault {
  readonly id: number;
  readonly effect: FaultEffect;
  readonly endpoint: string | null;
  readonly method: string | null;
  /** Calls left to strike; null = until cleared. */
  readonly remaining: number | null;
  readonly struck: number;
}

export interface Strike {
  readonly latencyMs: number;
  /** The first fault that is more than waiting. */
  readonly effect: Exclude<FaultEffect, { kind: 'latency' }> | null;
}

type MutableFault = { -readonly [Key in keyof Fault]: Fault[Key] };

/** The faults that are switched on, in the order in which they were. */
export class Faults {
  #faults: MutableFault[] = [];
  #nextId = 1;

  /** @throws ZodError when the order is none. */
  add(order: FaultOrder): number {
    const { effect, endpoint, method, count } = faultOrderSchema.parse(order);
    const id = this.#nextId++;
    this.#faults.push({
      id,
      effect,
      endpoint: endpoint ?? null,
      method: method ?? null,
      remaining: count ?? null,
      struck: 0,
    });
    return id;
  }

  /** Switches one off, or all. */
  clear(id?: number): void {
    this.#faults = id === undefined ? [] : this.#faults.filter((fault) => fault.id !== id);
  }

  list(): Fault[] {
    return this.#faults.map((fault) => ({ ...fault }));
  }

  /** What strikes a call at this stage; counts down. All latencies add up, of the rest the oldest strikes. */
  take(stage: FaultStage, endpoint: Endpoint): Strike {
    let latencyMs = 0;
    let struck: Strike['effect'] = null;
    for (const fault of this.#faults) {
      if (!concerns(fault, endpoint) || stageOf(fault.effect) !== stage) continue;
      if (fault.effect.kind === 'latency') latencyMs += fault.effect.ms;
      else if (struck === null) struck = fault.effect;
      else continue;
      fault.struck += 1;
      if (fault.remaining !== null) fault.remaining -= 1;
    }
    this.#faults = this.#faults.filter((fault) => fault.remaining !== 0);
    return { latencyMs, effect: struck };
  }
}

function concerns(fault: Fault, endpoint: Endpoint): boolean {
  return (
    (fault.endpoint === null || fault.endpoint === endpoint.name) &&
    (fault.method === null || fault.method === endpoint.method)
  );
}

function stageOf(effect: FaultEffect): FaultStage {
  if ('when' in effect) return effect.when;
  return effect.kind === 'truncated' || effect.kind === 'wrong-answer' ? 'after' : 'edge';
}

const WAF_PAGE =
  '<!DOCTYPE html><html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1>' +
  '<p>Request blocked. We can not connect to the server for this app or website at this time.</p></body></html>';

/** The answer that a fault puts in place of `answer`, which is null where the call has none yet. */
export function faultReply(effect: NonNullable<Strike['effect']>, answer: Reply | null): Reply {
  switch (effect.kind) {
    case 'rate-limited':
      return refusalReply(new Refusal(429, -1003, 'Too many requests queued.', effect.retryAfterS));
    case 'ip-banned': {
      const msg = `Way too much request weight used; IP banned until ${effect.untilMs}. Please use WebSocket Streams for live updates to avoid bans.`;
      return refusalReply(new Refusal(418, -1003, msg, effect.retryAfterS));
    }
    case 'waf':
      return textReply(403, 'text/html', WAF_PAGE);
    case 'region-blocked':
      return jsonReply({ code: 0, msg: 'Service unavailable from a restricted location.' }, 451);
    case 'error':
      return effect.code === undefined
        ? textReply(effect.status, 'text/plain', effect.msg)
        : refusalReply(new Refusal(effect.status, effect.code, effect.msg));
    case 'reset':
    case 'hang':
      return { kind: effect.kind };
    case 'truncated':
      return answer?.kind === 'http'
        ? { ...answer, body: answer.body.slice(0, answer.body.length / 2) }
        : { kind: 'reset' };
    case 'wrong-answer':
      return jsonReply({ groupId: bareNumber(effect.groupId ?? '1'), status: effect.status ?? 'CLOSED' });
  }
}
