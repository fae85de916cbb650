/** One call to Slack, with its failure as a value, because the kind of failure decides what to do next. */
import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from '@slack/web-api';
import { redact } from './slack-log.ts';

export type SlackFailure =
  | { readonly kind: 'rate-limited'; readonly retryAfterMs: number }
  /**
   * No answer from Slack: network, timeout, an HTTP error, or a page instead of JSON (a filter, a proxy). The call may
   * have had its effect.
   */
  | { readonly kind: 'unreachable'; readonly why: string }
  /** Slack answered no: its error code, and its details where it gives any. */
  | { readonly kind: 'refused'; readonly error: string; readonly details: readonly string[] };

export type SlackAnswer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: SlackFailure };

/** For traces: one finished call. */
export interface SlackCallRecord {
  /** Of the Web API; or "response_url", "file upload". */
  readonly method: string;
  /** "ok", "rate-limited", "unreachable", or Slack's error code. */
  readonly outcome: string;
  readonly durationMs: number;
}

export type OnSlackCall = (record: SlackCallRecord) => void;

/**
 * Slack no longer accepts the bot token, for any call (docs.slack.dev, the common errors of each Web API method). Only a
 * person can fix that, and everything refused until then still has to be delivered.
 */
export const TOKEN_REFUSED: ReadonlySet<string> = new Set([
  'not_authed',
  'invalid_auth',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'org_login_required',
  'team_access_not_granted',
  'accesslimited',
  'enterprise_is_restricted',
  'two_factor_setup_required',
]);

/** Makes the call and reports how it ended. */
export async function observedCall<Value>(
  method: string,
  onCall: OnSlackCall | undefined,
  call: () => Promise<Value>,
): Promise<Value> {
  if (onCall === undefined) return call();
  const startedMs = performance.now();
  const report = (outcome: string) => onCall({ method, outcome, durationMs: performance.now() - startedMs });
  try {
    const value = await call();
    report('ok');
    return value;
  } catch (error) {
    const failure = failureOf(error);
    report(failure.kind === 'refused' ? failure.error : failure.kind);
    throw error;
  }
}

export async function slackCall<Value>(call: () => Promise<Value>): Promise<SlackAnswer<Value>> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}

/** For the log; never holds a URL or a token. */
export function failureText(failure: SlackFailure): string {
  switch (failure.kind) {
    case 'rate-limited':
      return `rate limited for ${failure.retryAfterMs} ms`;
    case 'unreachable':
      return `Slack was not reached: ${failure.why}`;
    case 'refused': {
      const details = failure.details.length === 0 ? '' : ` (${failure.details.join('; ')})`;
      return `Slack refused: ${failure.error}${details}`;
    }
  }
}

export function failureOf(error: unknown): SlackFailure {
  if (error instanceof WebAPIRateLimitedError)
    return { kind: 'rate-limited', retryAfterMs: Math.ceil(error.retryAfter * 1000) };
  if (error instanceof WebAPIPlatformError) {
    if (error.data.error === 'ratelimited' || error.data.error === 'rate_limited')
      return { kind: 'rate-limited', retryAfterMs: (error.data.response_metadata?.retryAfter ?? 1) * 1000 };
    // The library reports an answer that isn't JSON as if it were an error code.
    if (!CODE.test(error.data.error))
      return { kind: 'unreachable', why: "the answer isn't in Slack's format" };
    if (TRANSIENT.has(error.data.error)) return { kind: 'unreachable', why: error.data.error };
    const details = (error.data.response_metadata?.messages ?? []).slice(0, 5).map(redact);
    return { kind: 'refused', error: error.data.error, details };
  }
  // Slack refuses with HTTP 200, so any other status comes from something in between.
  if (error instanceof WebAPIHTTPError) return { kind: 'unreachable', why: `HTTP ${error.statusCode}` };
  if (error instanceof WebAPIRequestError)
    return { kind: 'unreachable', why: redact(error.original.message || error.original.name) };
  const status = statusOf(error);
  if (status !== null && status < 500)
    return status === 429
      ? { kind: 'rate-limited', retryAfterMs: 1_000 }
      : { kind: 'refused', error: `http_${status}`, details: [] };
  return { kind: 'unreachable', why: redact(error instanceof Error ? error.message : String(error)) };
}

const CODE = /^[a-z][a-z0-9_]{0,79}$/;

/** Slack's own errors, which pass. */
const TRANSIENT: ReadonlySet<string> = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

/** Bolt's RespondError: what a response_url answered. */
function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('statusCode' in error)) return null;
  return typeof error.statusCode === 'number' ? error.statusCode : null;
}
