/**
 * Spans over `@opentelemetry/api`. Without an SDK, which operators preload (docs/operations.md), all of this does
 * nothing. The span around is the one of OpenTelemetry's active context; all times of one trace come from one steady
 * clock.
 */
import {
  type Context,
  context,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';

export type Attributes = Readonly<Record<string, string | number>>;

/** A call that is over and had nothing inside. */
export interface EndedCall {
  readonly name: string;
  readonly attributes: Attributes;
  readonly durationMs: number;
  /** A short word for what went wrong, never free text; null: nothing. */
  readonly failure: string | null;
  /** True: happens in every round, also in one that finds nothing to do. */
  readonly idle: boolean;
}

/**
 * Whatever `work` starts, awaited or not, belongs to its span, as long as that has not ended: a timer that was set
 * meanwhile and goes off later starts outside. A throw marks the span with the error's name, never with its message.
 */
export interface Spans {
  /** A trace of its own. */
  trace<Value>(name: string, attributes: Attributes, work: () => Promise<Value>): Promise<Value>;
  /** The same, but drawn only if something besides idle calls happens in it. */
  round<Value>(name: string, attributes: Attributes, work: () => Promise<Value>): Promise<Value>;
  /** A part of the span around; without one, a trace of its own. */
  span<Value>(name: string, attributes: Attributes, work: () => Promise<Value>): Promise<Value>;
  /** Drawn into the span around; without one it is left out. */
  ended(call: EndedCall): void;
  /** Adds to the span around, if there is one. */
  note(note: {
    readonly attributes: Attributes;
    readonly name?: string;
    readonly failure?: string | null;
  }): void;
  /** Ids of the span around, for a line of log; empty outside of one, and for what is not sampled. */
  logFields(): { readonly trace_id?: string; readonly span_id?: string };
}

interface Scope {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly parent: Scope | null;
  /** UTC milliseconds minus the steady clock's. */
  readonly clockOffsetMs: number;
  readonly startMs: number;
  /** Null: a round in which only idle calls happened so far. */
  span: Span | null;
  /** Those calls. */
  readonly held: TimedCall[];
  endMs: number | null;
}

interface TimedCall extends EndedCall {
  readonly endMs: number;
}

const SCOPE = createContextKey('loandesk scope');
/** A round makes a few calls before it knows whether there is anything to do. */
const HELD_AT_MOST = 20;

export function createSpans(tracer: Tracer): Spans {
  function newScope(name: string, kind: SpanKind, attributes: Attributes, parent: Scope | null): Scope {
    const clockOffsetMs = parent?.clockOffsetMs ?? Date.now() - performance.now();
    const startMs = performance.now() + clockOffsetMs;
    return { name, kind, attributes, parent, clockOffsetMs, startMs, span: null, held: [], endMs: null };
  }

  function spanOf(scope: Scope): Span {
    if (scope.span !== null) return scope.span;
    const { name, kind, attributes, startMs, parent } = scope;
    const around = parent === null ? ROOT_CONTEXT : within(spanOf(parent));
    const span = tracer.startSpan(name, { kind, attributes, startTime: startMs }, around);
    scope.span = span;
    for (const call of scope.held.splice(0)) draw(call, span);
    return span;
  }

  function draw({ name, attributes, durationMs, endMs, failure }: TimedCall, parent: Span): void {
    const startTime = endMs - durationMs;
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes, startTime }, within(parent));
    if (failure !== null) markFailed(span, failure);
    span.end(endMs);
  }

  async function run<Value>(scope: Scope, work: () => Promise<Value>): Promise<Value> {
    const base = scope.span === null ? ROOT_CONTEXT : within(scope.span);
    try {
      return await context.with(base.setValue(SCOPE, scope), work);
    } catch (error) {
      markFailed(spanOf(scope), error instanceof Error ? error.name : 'error');
      throw error;
    } finally {
      scope.endMs = nowIn(scope);
      scope.span?.end(scope.endMs);
    }
  }

  function runOpened<Value>(scope: Scope, work: () => Promise<Value>): Promise<Value> {
    spanOf(scope);
    return run(scope, work);
  }

  return {
    trace: (name, attributes, work) => runOpened(newScope(name, SpanKind.SERVER, attributes, null), work),
    round: (name, attributes, work) => run(newScope(name, SpanKind.INTERNAL, attributes, null), work),
    span: (name, attributes, work) =>
      runOpened(newScope(name, SpanKind.INTERNAL, attributes, openScope()), work),
    ended(call) {
      const scope = scopeAround();
      if (scope === null) return;
      const endMs = nowIn(scope);
      // Calls that nobody waits for may end after the span in which they started.
      if (scope.endMs !== null && endMs - call.durationMs > scope.endMs) return;
      if (scope.span !== null) draw({ ...call, endMs }, scope.span);
      else if (!call.idle && scope.endMs === null) draw({ ...call, endMs }, spanOf(scope));
      else if (scope.held.length < HELD_AT_MOST) scope.held.push({ ...call, endMs });
    },
    note({ attributes, name, failure }) {
      const scope = openScope();
      if (scope === null) return;
      const span = spanOf(scope).setAttributes(attributes);
      if (name !== undefined) span.updateName(name);
      if (typeof failure === 'string') markFailed(span, failure);
    },
    logFields() {
      const span = openScope()?.span;
      if (span === null || span === undefined) return {};
      const { traceId, spanId, traceFlags } = span.spanContext();
      return (traceFlags & TraceFlags.SAMPLED) === 0 ? {} : { trace_id: traceId, span_id: spanId };
    },
  };
}

function scopeAround(): Scope | null {
  // Only `run` sets this key.
  return (context.active().getValue(SCOPE) as Scope | undefined) ?? null;
}

/** The scope around, unless it has ended. */
function openScope(): Scope | null {
  const scope = scopeAround();
  return scope?.endMs === null ? scope : null;
}

function within(span: Span): Context {
  return trace.setSpan(ROOT_CONTEXT, span);
}

function nowIn({ clockOffsetMs }: Scope): number {
  return performance.now() + clockOffsetMs;
}

function markFailed(span: Span, failure: string): void {
  span.setAttribute('error.type', failure).setStatus({ code: SpanStatusCode.ERROR, message: failure });
}
