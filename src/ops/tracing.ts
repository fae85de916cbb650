/**
 * Traces: what the bot's spans are called and what they carry: names, codes, ids that the log carries too, and times.
 * Nothing that people typed, no query, amount, address or key is in them.
 */
import { trace } from '@opentelemetry/api';
import { EVENTS } from '../slack/ids.ts';
import type { Desk } from '../usecases/desk.ts';
import type { LoanDesk } from '../usecases/loan-desk.ts';
import type { WithRequest } from '../usecases/ports.ts';
import type { TracedEvents } from './events.ts';
import { type Attributes, createSpans, type Spans } from './spans.ts';

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
