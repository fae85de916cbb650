import { z } from 'zod';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';

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
