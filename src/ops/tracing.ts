/**
 * Traces: what the bot's spans are called and what they carry: names, codes, ids that the log carries too, and times.
 * Nothing that people typed, no query, amount, address or key is in them. Without an SDK, which operators preload
 * (docs/operations.md), all of this does nothing.
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
import { EVENTS } from '../slack/ids.ts';
import type { Desk } from '../usecases/desk.ts';
import type { LoanDesk } from '../usecases/loan-desk.ts';
import type { WithRequest } from '../usecases/ports.ts';
import type { TracedEvents } from './events.ts';

export interface Tracing extends TracedEvents {
  /** One command, button, form or event from Slack. `reference`: the one its log lines carry. */
  interaction<Value>(reference: string, work: () => Promise<Value>): Promise<Value>;
  /** Work that outlives the click or the round that set it off. */
  task<Value>(what: string, work: () => Promise<Value>): Promise<Value>;
  readonly request: WithRequest;
  /** The same verbs, each a span. */
  desk<Verbs extends Desk | LoanDesk>(desk: Verbs): Verbs;
  /** Trace and span id, for log lines. */
  readonly logFields: Spans['logFields'];
}

/** Outcomes of an interaction that are the bot's trouble, not a person's: all others are answers. */
const TROUBLE: ReadonlySet<string> = new Set([
  'error',
  'store-unavailable',
  'restarting',
  'too-much-at-once',
  'not-acked',
  'modal-not-opened',
]);

export function createTracing(version: string): Tracing {
  const spans = createSpans(trace.getTracer('loandesk', version));
  return {
    interaction: (reference, work) => spans.trace('interaction', { 'loandesk.reference': reference }, work),
    task: (what, work) => spans.span(`task ${what}`, {}, work),
    request: (requestId, work) => spans.span('request', { 'loandesk.request_id': requestId }, work),
    desk: (desk) => tracedDesk(desk, spans),
    interactionHandled({ listener, actor, outcome, requestId }) {
      spans.note({
        name: `interaction ${listener}`,
        attributes: {
          'loandesk.listener': listener,
          'loandesk.kind': kindOf(listener),
          'loandesk.actor': actor,
          'loandesk.outcome': outcome,
          ...(requestId !== null && { 'loandesk.request_id': requestId }),
        },
        failure: TROUBLE.has(outcome) ? outcome : null,
      });
    },
    exchangeCalled({ endpoint, method, status, code, weight, waitMs, durationMs }) {
      const answered = typeof status === 'number';
      const failed = status !== 200;
      spans.ended({
        name: `exchange ${endpoint}`,
        attributes: {
          'loandesk.endpoint': endpoint,
          'http.request.method': method,
          'loandesk.weight': weight,
          'loandesk.wait_ms': waitMs,
          ...(answered && { 'http.response.status_code': status }),
          ...(code !== null && { 'loandesk.exchange_code': code }),
        },
        durationMs,
        failure: failed ? String(code ?? status) : null,
      });
    },
    redisAnswered({ command, durationMs, ok }) {
      spans.ended({
        name: `redis ${command}`,
        attributes: { 'db.system.name': 'redis', 'db.operation.name': command },
        durationMs,
        failure: ok ? null : 'store-unavailable',
      });
    },
    slackCalled({ method, outcome, durationMs }) {
      spans.ended({
        name: `slack ${method}`,
        attributes: { 'loandesk.slack_method': method, 'loandesk.outcome': outcome },
        durationMs,
        failure: outcome === 'ok' ? null : outcome,
      });
    },
    requestChanged({ request, event }) {
      spans.note({
        attributes: {
          'loandesk.request_id': request.id,
          'loandesk.unit_id': request.groupId,
          'loandesk.request_event': event,
          'loandesk.request_state': request.state,
        },
      });
    },
    logFields: () => spans.logFields(),
  };
}

function kindOf(listener: string): string {
  if (listener.startsWith('/')) return 'command';
  if (listener.startsWith('modal:')) return 'form';
  return listener === EVENTS.homeOpened ? 'event' : 'action';
}

/** Asked by every round of a Home that somebody has open, with the same answer nearly always. */
const NOT_DRAWN: ReadonlySet<string> = new Set<keyof Desk>(['requestsMark']);

/** A Proxy, so that a verb that is added is a span without anybody thinking of it. */
function tracedDesk<Verbs extends Desk | LoanDesk>(desk: Verbs, spans: Spans): Verbs {
  return new Proxy(desk, {
    get(target, name) {
      const verb: unknown = Reflect.get(target, name);
      if (typeof verb !== 'function' || NOT_DRAWN.has(String(name))) return verb;
      return (...parameters: unknown[]) =>
        spans.span(`desk ${String(name)}`, {}, async () => {
          const answer: unknown = await Reflect.apply(verb, target, parameters);
          const refusal = refusalOf(answer);
          if (refusal !== null) spans.note({ attributes: refusal });
          return answer;
        });
    },
  });
}

function refusalOf(answer: unknown): Attributes | null {
  if (typeof answer !== 'object' || answer === null || !('refusal' in answer)) return null;
  const { refusal } = answer;
  if (typeof refusal !== 'object' || refusal === null || !('code' in refusal)) return null;
  return { 'loandesk.refusal': String(refusal.code) };
}

/** What an SDK registers; its copy of the API may be another one than ours, so its shape is looked at, not its class. */
function preloadedSdk(): { forceFlush(): Promise<void> } | null {
  const provider: object = trace.getTracerProvider();
  const registered: unknown =
    'getDelegate' in provider && typeof provider.getDelegate === 'function'
      ? provider.getDelegate()
      : provider;
  return hasForceFlush(registered) ? registered : null;
}

function hasForceFlush(value: unknown): value is { forceFlush(): Promise<void> } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'forceFlush' in value &&
    typeof value.forceFlush === 'function'
  );
}

/** Why no traces are sent although a variable asks for them; null: none asks, or an SDK is there. */
export function missingSdk(askedForBy: string | null): string | null {
  if (askedForBy === null || preloadedSdk() !== null) return null;
  return `${askedForBy} asks for traces, but no OpenTelemetry SDK is preloaded: none are sent`;
}

/** Delivers what is left. Never rejects; may take as long as the receiver does. */
export async function flushTraces(): Promise<void> {
  // The SDK tells of what it could not deliver.
  await preloadedSdk()
    ?.forceFlush()
    .catch(() => {});
}

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
