/**
 * Spans over OpenTelemetry's API. Which span is around is kept here, not in OpenTelemetry's global context: nothing
 * is registered, and several apps in one process do not meet. All times of one trace come from one steady clock.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  type Tracer as OpenTelemetryTracer,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Attributes, EndedCall, TraceFields, Tracer } from './tracer.ts';

interface Scope {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly parent: Scope | null;
  /** UTC milliseconds minus the steady clock's. */
  readonly clockOffsetMs: number;
  readonly startMs: number;
  /** Null: a round in which nothing but idle calls happened so far. */
  span: Span | null;
  /** Those calls. */
  readonly held: TimedCall[];
  endMs: number | null;
}

interface TimedCall extends EndedCall {
  readonly endMs: number;
}

/** A round makes a few calls before it knows whether there is anything to do. */
const HELD_AT_MOST = 20;
const OUTSIDE: TraceFields = {};

export function createOpenTelemetryTracer(tracer: OpenTelemetryTracer): Omit<Tracer, 'stop'> {
  const scopes = new AsyncLocalStorage<Scope>();

  function scopeAround(): Scope | null {
    const scope = scopes.getStore();
    return scope === undefined || scope.endMs !== null ? null : scope;
  }

  function newScope(name: string, kind: SpanKind, attributes: Attributes, parent: Scope | null): Scope {
    const clockOffsetMs = parent?.clockOffsetMs ?? Date.now() - performance.now();
    const startMs = performance.now() + clockOffsetMs;
    return { name, kind, attributes, parent, clockOffsetMs, startMs, span: null, held: [], endMs: null };
  }

  function spanOf(scope: Scope): Span {
    if (scope.span !== null) return scope.span;
    const { name, kind, attributes, startMs } = scope;
    const context = scope.parent === null ? ROOT_CONTEXT : within(spanOf(scope.parent));
    const span = tracer.startSpan(name, { kind, attributes, startTime: startMs }, context);
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
    try {
      return await scopes.run(scope, work);
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
      runOpened(newScope(name, SpanKind.INTERNAL, attributes, scopeAround()), work),
    ended(call) {
      const scope = scopes.getStore();
      if (scope === undefined) return;
      const endMs = nowIn(scope);
      // Nobody waits for some calls, so they may end after the span in which they started.
      if (scope.endMs !== null && endMs - call.durationMs > scope.endMs) return;
      if (scope.span !== null) draw({ ...call, endMs }, scope.span);
      else if (!call.idle && scope.endMs === null) draw({ ...call, endMs }, spanOf(scope));
      else if (scope.held.length < HELD_AT_MOST) scope.held.push({ ...call, endMs });
    },
    note({ attributes, name, failure }) {
      const scope = scopeAround();
      if (scope === null) return;
      const span = spanOf(scope).setAttributes(attributes);
      if (name !== undefined) span.updateName(name);
      if (typeof failure === 'string') markFailed(span, failure);
    },
    logFields() {
      const span = scopeAround()?.span;
      if (span === null || span === undefined) return OUTSIDE;
      const { traceId, spanId, traceFlags } = span.spanContext();
      return (traceFlags & TraceFlags.SAMPLED) === 0 ? OUTSIDE : { trace_id: traceId, span_id: spanId };
    },
  };
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
