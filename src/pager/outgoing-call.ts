/**
 * The one way in which the pager, the webhook and the heartbeat leave this process: to a configured address, within a
 * few seconds, no redirect followed. What went wrong is said without the address, which may hold a secret.
 */
import { Agent, type Dispatcher, request } from 'undici';

export type Called = { readonly ok: true } | { readonly ok: false; readonly why: string };

export interface OutgoingCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type Call = (call: OutgoingCall) => Promise<Called>;

export interface OutgoingOptions {
  /** Sends through a proxy; absent: direct connections. */
  readonly dispatcher?: Dispatcher | undefined;
  /** For the whole call; default 5 s. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
/** Answers are read to free the connection, and not otherwise used. */
const LARGEST_ANSWER_BYTES = 65_536;

const direct = new Agent({ connect: { timeout: TIMEOUT_MS }, connections: 8 });

export function createCall({ dispatcher = direct, timeoutMs = TIMEOUT_MS }: OutgoingOptions = {}): Call {
  return async ({ method, url, headers = {}, body }) => {
    const late = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await request(url, { dispatcher, method, headers, body: body ?? null, signal: late });
      const { statusCode } = answer;
      await answer.body.dump({ limit: LARGEST_ANSWER_BYTES, signal: late }).catch(() => {});
      if (statusCode >= 200 && statusCode < 300) return { ok: true };
      const what = statusCode >= 300 && statusCode < 400 ? 'a redirect, which is not followed' : 'an error';
      return { ok: false, why: `it answered with ${what} (HTTP ${statusCode})` };
    } catch (error) {
      if (late.aborted) return { ok: false, why: `no answer within ${timeoutMs / 1000} s` };
      return { ok: false, why: `it couldn't be reached (${codeOf(error)})` };
    }
  };
}

/** ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED: never a message, which quotes addresses. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : 'unknown error';
}
