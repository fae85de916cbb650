/**
 * Spans over `@opentelemetry/api`. Without an SDK, which operators preload (docs/operations.md), all of this does
 * nothing. The span around is that of OpenTelemetry's active context.
 */
import {
  type Span,
  SpanKind,
  type SpanOptions,
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
}

/**
 * Whatever `work` starts, awaited or not, belongs to its span, as long as that has not ended: a timer that was set
 * meanwhile and goes off later starts outside. A throw marks the span with the error's name, never with its message.
 */
export interface Spans {
  /** A trace of its own. */
  trace<Value>(name: string, attributes: Attributes, work: () => Promise<Value>): Promise<Value>;
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

export function createSpans(tracer: Tracer): Spans {
  const now = steadyClock();

  function run<Value>(name: string, options: SpanOptions, work: () => Promise<Value>): Promise<Value> {
    return tracer.startActiveSpan(name, { ...options, startTime: now() }, async (span) => {
      try {
        return await work();
      } catch (error) {
        markFailed(span, error instanceof Error ? error.name : 'error');
        throw error;
      } finally {
        span.end(now());
      }
    });
  }

  return {
    trace: (name, attributes, work) => run(name, { kind: SpanKind.SERVER, attributes, root: true }, work),
    span: (name, attributes, work) => run(name, { attributes, root: hasSpanAroundEnded() }, work),
    ended({ name, attributes, durationMs, failure }) {
      if (spanAround() === null) return;
      const endMs = now();
      const startTime = endMs - durationMs;
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes, startTime });
      if (failure !== null) markFailed(span, failure);
      span.end(endMs);
    },
    note({ attributes, name, failure }) {
      const span = spanAround()?.setAttributes(attributes);
      if (name !== undefined) span?.updateName(name);
      if (span !== undefined && typeof failure === 'string') markFailed(span, failure);
    },
    logFields() {
      const span = spanAround();
      if (span === null) return {};
      const { traceId, spanId } = span.spanContext();
      return { trace_id: traceId, span_id: spanId };
    },
  };
}

/** Null: none, or it has ended or is not sampled. */
function spanAround(): Span | null {
  const span = trace.getActiveSpan();
  return span?.isRecording() === true ? span : null;
}

function hasSpanAroundEnded(): boolean {
  const span = trace.getActiveSpan();
  if (span === undefined || span.isRecording()) return false;
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** How far it may be off the machine's clock, which others set. */
const OFF_AT_MOST_MS = 1_000;

/** UTC milliseconds with fractions, for parts that add up: the machine's clock may jump within a trace. */
function steadyClock(): () => number {
  let offsetMs = Date.now() - performance.now();
  return () => {
    const nowMs = performance.now() + offsetMs;
    if (Math.abs(Date.now() - nowMs) > OFF_AT_MOST_MS) offsetMs = Date.now() - performance.now();
    return performance.now() + offsetMs;
  };
}

function markFailed(span: Span, failure: string): void {
  span.setAttribute('error.type', failure).setStatus({ code: SpanStatusCode.ERROR, message: failure });
}
