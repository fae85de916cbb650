/**
 * What the bot's spans are called and what they carry: names, codes, ids that the log carries too, and times. Nothing
 * that people typed, no query, amount, address or key comes near them.
 */
import { EVENTS } from '../../slack/ids.ts';
import type { Desk } from '../../usecases/desk.ts';
import type { Attributes, Tracer } from './tracer.ts';
import type { Tracing } from './tracing.ts';

/** Outcomes of an interaction that are the bot's trouble, not a person's: all others are answers. */
const TROUBLE: ReadonlySet<string> = new Set([
  'error',
  'store-unavailable',
  'restarting',
  'too-much-at-once',
  'not-acked',
  'modal-not-opened',
]);

export function createTracing(tracer: Tracer): Tracing {
  return {
    interaction: (reference, work) => tracer.trace('interaction', { 'loandesk.reference': reference }, work),
    round: (what, reference, work) =>
      tracer.round(`round ${what}`, { 'loandesk.reference': reference }, work),
    task: (what, work) => tracer.span(`task ${what}`, {}, work),
    request: (requestId, work) => tracer.span('request', { 'loandesk.request_id': requestId }, work),
    desk: (desk) => tracedDesk(desk, tracer),
    interactionHandled({ listener, actor, outcome, requestId }) {
      tracer.note({
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
      tracer.ended({
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
        idle: false,
      });
    },
    redisAnswered({ command, durationMs, ok }) {
      tracer.ended({
        name: `redis ${command}`,
        attributes: { 'db.system.name': 'redis', 'db.operation.name': command },
        durationMs,
        failure: ok ? null : 'store-unavailable',
        idle: true,
      });
    },
    slackCalled({ method, outcome, durationMs }) {
      tracer.ended({
        name: `slack ${method}`,
        attributes: { 'loandesk.slack_method': method, 'loandesk.outcome': outcome },
        durationMs,
        failure: outcome === 'ok' ? null : outcome,
        idle: false,
      });
    },
    changed({ request, event }) {
      tracer.note({
        attributes: {
          'loandesk.request_id': request.id,
          'loandesk.unit_id': request.groupId,
          'loandesk.request_event': event,
          'loandesk.request_state': request.state,
        },
      });
    },
    logFields: () => tracer.logFields(),
    stop: () => tracer.stop(),
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
function tracedDesk(desk: Desk, tracer: Tracer): Desk {
  return new Proxy(desk, {
    get(target, name) {
      const verb: unknown = Reflect.get(target, name);
      if (typeof verb !== 'function' || NOT_DRAWN.has(String(name))) return verb;
      return (...parameters: unknown[]) =>
        tracer.span(`desk ${String(name)}`, {}, async () => {
          const answer: unknown = await Reflect.apply(verb, target, parameters);
          const refusal = refusalOf(answer);
          if (refusal !== null) tracer.note({ attributes: refusal });
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
