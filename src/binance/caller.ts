/**
 * One call to the exchange, from its parameters to its result: key and role, clock, weight, signature, HTTP, and the
 * limits in the answer. Sends at most once; read-caller.ts retries reads.
 */
import type { Log } from '../usecases/ports.ts';
import type { Account } from './accounts.ts';
import type { ExchangeClock } from './clock.ts';
import { type Endpoint, LIMIT_PER_MINUTE, type LimitScope } from './endpoints.ts';
import { parseExactJson } from './exact-json.ts';
import { type Http, type HttpResult, headerOf, type NetworkFault } from './http.ts';
import { type Rejection, readRejection, stopExtent } from './rejection.ts';
import { buildQuery, type QueryParameter, signedQuery } from './signing.ts';
import type { Busy, Priority, WeightLimiter } from './weight-limiter.ts';

export interface Call {
  readonly endpoint: Endpoint;
  /** Whose key signs; null for unsigned endpoints. */
  readonly account: Account | null;
  readonly parameters: readonly QueryParameter[];
  readonly priority: Priority;
  readonly patienceMs: number;
  /** True: refuse rather than send without the shared count. */
  readonly mustCount?: boolean;
  /** For the HTTP exchange; default: the client's. */
  readonly timeoutMs?: number;
}

/** The result of one call. Free of keys, signatures and URLs. */
export type CallResult = Answered | FailedCall;

export interface Answered {
  readonly kind: 'answered';
  readonly json: unknown;
  /** Exchange time at which the call was sent; the answer is not older. */
  readonly asOfMs: number;
}

export type FailedCall =
  | Rejection
  /** 200 with an undocumented answer. */
  | { readonly kind: 'unreadable'; readonly detail: string }
  | { readonly kind: 'network'; readonly fault: NetworkFault; readonly written: boolean }
  /** Not sent: our own limits. */
  | Busy
  /** Not sent: the shared count doesn't answer, and this call must be counted. */
  | { readonly kind: 'uncounted' }
  /** Not sent: the exchange's time is unknown. */
  | { readonly kind: 'no-clock' }
  /** Not sent: the exchange is under maintenance. */
  | { readonly kind: 'maintenance' }
  /** Not sent: no key, or a key of the wrong role. */
  | { readonly kind: 'no-account'; readonly endpoint: Endpoint; readonly account: Account | null }
  /** Not sent: a parameter that the exchange would refuse. */
  | { readonly kind: 'bad-request'; readonly detail: string };

/** For metrics, traces and logs: one finished call. */
export interface CallRecord {
  readonly endpoint: string;
  readonly method: string;
  /** HTTP status, or the failure without one ("timeout", "reset", …). */
  readonly status: number | string;
  /** The exchange's error code; null: none. */
  readonly code: number | null;
  readonly weight: number;
  readonly waitMs: number;
  readonly durationMs: number;
  /** Configured name, null for unsigned calls. */
  readonly account: string | null;
}

export interface ReadyCall {
  readonly kind: 'ready';
  /** Exchange time, as signed. */
  readonly timestampMs: number;
  /** Sends it. Call it once. */
  send(): Promise<CallResult>;
}

export interface CallerOptions {
  readonly http: Http;
  readonly clock: ExchangeClock;
  readonly limiter: WeightLimiter;
  readonly log: Log;
  /** Monotonic milliseconds, for durations. */
  readonly monotonic: () => number;
  /** Why a signed call can't be sent now; null: it can. */
  readonly whyNotNow: () => Promise<FailedCall | null>;
  /** All buckets, to stop them when the exchange bans this machine's address. */
  readonly buckets: () => readonly string[];
  readonly onCall?: (record: CallRecord) => void;
}

export const RECV_WINDOW_MS = 5_000;

const USED_HEADER: Readonly<Record<LimitScope, string>> = {
  ip: 'x-sapi-used-ip-weight-1m',
  uid: 'x-sapi-used-uid-weight-1m',
  api: 'x-mbx-used-weight-1m',
};

/** UID limits are counted per configured account, because Binance doesn't state the UID. */
export function bucketOf(endpoint: Endpoint, account: Account | null): string {
  switch (endpoint.scope) {
    case 'api':
      return 'ip/api';
    case 'ip':
      return `ip/${endpoint.name}`;
    case 'uid':
      return `uid/${account?.name ?? ''}/${endpoint.name}`;
  }
}

export class Caller {
  readonly #options: CallerOptions;
  #lastSuccessAtMs: number | null = null;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** Exchange time of the last 200. */
  get lastSuccessAtMs(): number | null {
    return this.#lastSuccessAtMs;
  }

  async call(call: Call): Promise<CallResult> {
    const ready = await this.prepare(call);
    return ready.kind === 'ready' ? ready.send() : ready;
  }

  /** Everything before the HTTP exchange. The timestamp is taken after the wait for weight. */
  async prepare(call: Call): Promise<ReadyCall | FailedCall> {
    const { endpoint, account } = call;
    const { limiter } = this.#options;
    const signed = endpoint.roles.length > 0;
    if (signed && (account === null || !endpoint.roles.includes(account.role))) {
      return { kind: 'no-account', endpoint, account };
    }
    const whyNot = signed ? await this.#options.whyNotNow() : null;
    if (whyNot !== null) return whyNot;
    const admitted = await limiter.admit({
      bucket: bucketOf(endpoint, account),
      weight: endpoint.weight,
      limit: LIMIT_PER_MINUTE[endpoint.scope],
      priority: call.priority,
      patienceMs: call.patienceMs,
      mustCount: call.mustCount ?? false,
    });
    return admitted.kind === 'admitted' ? this.#sign(call, admitted.waitMs) : admitted;
  }

  #sign(call: Call, waitMs: number): ReadyCall {
    const { account, parameters } = call;
    const timestampMs = this.#options.clock.timestampMs();
    const query =
      account === null
        ? buildQuery(parameters)
        : signedQuery(
            [...parameters, ['recvWindow', String(RECV_WINDOW_MS)], ['timestamp', String(timestampMs)]],
            (payload) => account.sign(payload),
          );
    const target = query === '' ? call.endpoint.path : `${call.endpoint.path}?${query}`;
    return { kind: 'ready', timestampMs, send: () => this.#send(call, target, timestampMs, waitMs) };
  }

  async #send(call: Call, target: string, timestampMs: number, waitMs: number): Promise<CallResult> {
    const { http, monotonic, clock } = this.#options;
    const { endpoint, account } = call;
    const headers: Record<string, string> =
      account === null ? {} : { 'X-MBX-APIKEY': account.apiKeyHeader() };
    const sentMs = clock.nowMs();
    const startedMs = monotonic();
    const answer = await http.exchange({
      method: endpoint.method,
      target,
      headers,
      lane: call.priority === 'close' ? 'close' : 'reads',
      ...(call.timeoutMs !== undefined && { timeoutMs: call.timeoutMs }),
    });
    const rejection =
      answer.kind === 'response' && answer.status !== 200
        ? readRejection(answer.status, answer.headers, answer.body, clock.nowMs())
        : null;
    this.#options.onCall?.({
      endpoint: endpoint.name,
      method: endpoint.method,
      status: answer.kind === 'response' ? answer.status : answer.fault,
      code: rejection?.code ?? null,
      weight: endpoint.weight,
      waitMs: Math.round(waitMs),
      durationMs: Math.round(monotonic() - startedMs),
      account: account?.name ?? null,
    });
    if (answer.kind === 'failed') return { kind: 'network', fault: answer.fault, written: answer.written };
    this.#noteWeight(call, answer, sentMs);
    if (rejection === null) return this.#read(answer, timestampMs);
    await this.#stopFor(call, rejection);
    return rejection;
  }

  #noteWeight(call: Call, answer: HttpResult & { kind: 'response' }, sentMs: number): void {
    const { scope } = call.endpoint;
    const header = headerOf(answer.headers, USED_HEADER[scope]);
    if (header === undefined || !/^\d{1,9}$/.test(header)) return;
    const bucket = bucketOf(call.endpoint, call.account);
    // Not awaited, because the answer doesn't depend on it; noteHeader never rejects.
    void this.#options.limiter.noteHeader(bucket, LIMIT_PER_MINUTE[scope], Number(header), sentMs);
  }

  #read(answer: HttpResult & { kind: 'response' }, asOfMs: number): CallResult {
    try {
      const json = parseExactJson(answer.body);
      this.#lastSuccessAtMs = this.#options.clock.nowMs();
      return { kind: 'answered', json, asOfMs };
    } catch {
      // The parser's message quotes the body, so it is dropped.
      return { kind: 'unreadable', detail: "it isn't valid JSON" };
    }
  }

  async #stopFor(call: Call, rejection: Rejection): Promise<void> {
    const extent = stopExtent(rejection);
    if (extent === null || rejection.retryAtMs === null) return;
    const bucket = bucketOf(call.endpoint, call.account);
    const buckets = extent === 'bucket' ? [bucket] : [...new Set([...this.#options.buckets(), bucket])];
    const cause = { httpStatus: rejection.httpStatus, exchangeCode: rejection.code };
    this.#options.log.warn(
      { endpoint: call.endpoint.name, extent, untilMs: rejection.retryAtMs, ...cause },
      'exchange calls stopped',
    );
    await this.#options.limiter.stops.stop(buckets, rejection.retryAtMs, cause);
  }
}
