/**
 * Web API clients with explicit limits. The library's defaults don't fit: no timeout, ten retries over half an hour (a
 * repeated chat.postMessage posts twice), and one 429 stops every method of the client.
 */
import {
  type WebAPICallResult,
  WebAPIRateLimitedError,
  WebClient,
  type WebClientOptions,
} from '@slack/web-api';
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import type { ProxyAddresses } from '../shared/proxy.ts';
import type { Log } from '../usecases/ports.ts';
import type { SlackSettings } from './adapter-settings.ts';
import { failureOf, type OnSlackCall, observedCall } from './slack-call.ts';
import { boltLogger } from './slack-log.ts';

export function webClientOptions(
  settings: Pick<SlackSettings, 'apiUrl' | 'dispatcher'>,
  log: Log,
): WebClientOptions {
  return {
    slackApiUrl: settings.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: boltLogger(log),
    fetch: fetchThrough(settings.dispatcher),
  };
}

/** `pauses`: shared by the clients of one bot token; default: for this client alone. */
export function createWebClient(
  settings: Pick<SlackSettings, 'apiUrl' | 'botToken' | 'dispatcher'>,
  log: Log,
  onCall?: OnSlackCall,
  pauses = new RateLimitPauses(),
): WebClient {
  return new PausingWebClient(settings.botToken, webClientOptions(settings, log), onCall, pauses);
}

/** The library binds each of its methods to `apiCall`: the one place that sees them all. */
class PausingWebClient extends WebClient {
  readonly #onCall: OnSlackCall | undefined;
  readonly #pauses: RateLimitPauses;

  constructor(
    botToken: string,
    options: WebClientOptions,
    onCall: OnSlackCall | undefined,
    pauses: RateLimitPauses,
  ) {
    super(botToken, options);
    this.#onCall = onCall;
    this.#pauses = pauses;
  }

  override apiCall(method: string, options?: Record<string, unknown>): Promise<WebAPICallResult> {
    // Slack limits each method for the whole workspace, and posting for each channel as well
    // (docs.slack.dev/apis/web-api/rate-limits): one busy channel must not hold up direct messages.
    const limit = method === 'chat.postMessage' ? `${method} ${String(options?.channel)}` : method;
    return this.#pauses.run(limit, () =>
      observedCall(method, this.#onCall, () => super.apiCall(method, options)),
    );
  }
}

/** Slack names seconds. What something in between names for longer is tried again after this. */
const LONGEST_PAUSE_MS = 5 * 60_000;

/** Which of Slack's limits were reached, so that nothing is sent against one again before its Retry-After. */
export class RateLimitPauses {
  readonly #now: () => number;
  readonly #untilMs = new Map<string, number>();

  /** `now`: milliseconds of a clock that is never set back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Makes the call; during a pause it rejects as Slack would, with the time that is left. */
  async run<Value>(limit: string, call: () => Promise<Value>): Promise<Value> {
    const leftMs = (this.#untilMs.get(limit) ?? 0) - this.#now();
    if (leftMs > 0) throw new WebAPIRateLimitedError(leftMs / 1000);
    this.#untilMs.delete(limit);
    try {
      return await call();
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === 'rate-limited')
        this.#untilMs.set(limit, this.#now() + Math.min(failure.retryAfterMs, LONGEST_PAUSE_MS));
      throw error;
    }
  }
}

/** For a whole call, its answer's body included. */
const TIMEOUT_MS = 5_000;

type Fetch = NonNullable<WebClientOptions['fetch']>;
type FetchResponse = Awaited<ReturnType<Fetch>>;

const CONNECTIONS = { connect: { timeout: TIMEOUT_MS }, connections: 128 } as const;

const direct = new Agent(CONNECTIONS);

/** For the Web API, response URLs, uploads and the sockets of Socket Mode. Undefined: no proxy. */
export function dispatcherThrough(proxy: ProxyAddresses): Dispatcher | undefined {
  const { httpProxy = '', httpsProxy = '', noProxy = '' } = proxy;
  if (httpProxy === '' && httpsProxy === '') return undefined;
  // Empty texts, because undici reads the environment where one is absent. A tunnel for http: as well (the sandbox):
  // a proxy that only forwards requests can't carry a socket.
  return new EnvHttpProxyAgent({ ...CONNECTIONS, httpProxy, httpsProxy, noProxy, proxyTunnel: true });
}

export function fetchThrough(dispatcher: Dispatcher = direct): Fetch {
  return (url, init) => fetchText(dispatcher, url, init);
}

/** Sends text only, follows no redirect. Rejects when no whole answer came within 5 s; any status resolves. */
async function fetchText(
  dispatcher: Dispatcher,
  url: Parameters<Fetch>[0],
  { method = 'GET', headers = {}, body, signal }: NonNullable<Parameters<Fetch>[1]> = {},
): Promise<FetchResponse> {
  if (body !== undefined && typeof body !== 'string') throw new TypeError('only text is sent to Slack here');
  const giveUp = new AbortController();
  const late = setTimeout(() => giveUp.abort(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  try {
    const answer = await request(url, {
      dispatcher,
      method,
      // The answer isn't decompressed here.
      headers: { ...headers, 'accept-encoding': 'identity' },
      body: body ?? null,
      signal: signal === undefined ? giveUp.signal : AbortSignal.any([signal, giveUp.signal]),
    });
    return answered(
      String(url),
      answer.statusCode,
      answer.statusText,
      answer.headers,
      await answer.body.text(),
    );
  } finally {
    clearTimeout(late);
  }
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function answered(
  url: string,
  status: number,
  statusText: string,
  headers: Headers,
  text: string,
): FetchResponse {
  const header = (name: string) => {
    const value = headers[name.toLowerCase()];
    return value === undefined ? null : [value].flat().join(', ');
  };
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText,
    url,
    headers: {
      get: header,
      entries: () => Object.keys(headers).map((name): [string, string] => [name, header(name) ?? '']),
    },
    arrayBuffer: async () => new TextEncoder().encode(text).buffer,
    json: async () => JSON.parse(text),
    text: async () => text,
  };
}
