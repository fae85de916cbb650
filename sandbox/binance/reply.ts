import type { FaultEffect } from './faults.ts';
import { bareNumber } from './json.ts';
import type { Refusal } from './refusal.ts';

/** What is written back: an HTTP answer, a reset connection, or nothing at all. */
export type Reply =
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly contentType: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly code: number | null;
    }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

const JSON_TYPE = 'application/json;charset=UTF-8';

export function jsonReply(body: object, status = 200): Reply {
  return {
    kind: 'http',
    status,
    contentType: JSON_TYPE,
    headers: {},
    body: JSON.stringify(body),
    code: null,
  };
}

export function refusalReply({ status, code, msg, retryAfterS }: Refusal): Reply {
  const headers: Record<string, string> =
    retryAfterS === undefined ? {} : { 'Retry-After': String(retryAfterS) };
  return { kind: 'http', status, contentType: JSON_TYPE, headers, body: JSON.stringify({ code, msg }), code };
}

function textReply(status: number, contentType: string, body: string): Reply {
  return { kind: 'http', status, contentType, headers: {}, body, code: null };
}

const WAF_PAGE =
  '<!DOCTYPE html><html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1>' +
  '<p>Request blocked. We can not connect to the server for this app or website at this time.</p></body></html>';

/** The answer that a fault puts in place of `answer`, which is null where the call has none yet. */
export function faultReply(effect: Exclude<FaultEffect, { kind: 'latency' }>, answer: Reply | null): Reply {
  switch (effect.kind) {
    case 'rate-limited':
      return refusalReply(
        withRetryAfter({ status: 429, code: -1003, msg: 'Too many requests queued.' }, effect),
      );
    case 'ip-banned': {
      const msg = `Way too much request weight used; IP banned until ${effect.untilMs}. Please use WebSocket Streams for live updates to avoid bans.`;
      return refusalReply(withRetryAfter({ status: 418, code: -1003, msg }, effect));
    }
    case 'waf':
      return textReply(403, 'text/html', WAF_PAGE);
    case 'region-blocked':
      return jsonReply({ code: 0, msg: 'Service unavailable from a restricted location.' }, 451);
    case 'error':
      return effect.code === undefined
        ? textReply(effect.status, 'text/plain', effect.msg)
        : refusalReply({ status: effect.status, code: effect.code, msg: effect.msg });
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

function withRetryAfter(refusal: Refusal, { retryAfterS }: { retryAfterS?: number | undefined }): Refusal {
  return retryAfterS === undefined ? refusal : { ...refusal, retryAfterS };
}
