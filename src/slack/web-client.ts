/**
 * Web API clients with explicit limits. The library's defaults are wrong for us: no timeout, ten retries over half an
 * hour (a repeated chat.postMessage posts twice), and one 429 stops every method of the client.
 */
import { type WebAPICallResult, WebClient, type WebClientOptions } from '@slack/web-api';
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import type { ProxyAddresses } from '../shared/proxy.ts';
import type { Log } from '../usecases/ports.ts';
import type { SlackSettings } from './adapter-settings.ts';
import { type OnSlackCall, observedCall } from './slack-call.ts';
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

export function createWebClient(
  settings: Pick<SlackSettings, 'apiUrl' | 'botToken' | 'dispatcher'>,
  log: Log,
  onCall?: OnSlackCall,
): WebClient {
  const options = webClientOptions(settings, log);
  if (onCall === undefined) return new WebClient(settings.botToken, options);
  return new ObservedWebClient(settings.botToken, options, onCall);
}

/** The library binds each of its methods to `apiCall`: the one place that sees them all. */
class ObservedWebClient extends WebClient {
  readonly #onCall: OnSlackCall;

  constructor(botToken: string, options: WebClientOptions, onCall: OnSlackCall) {
    super(botToken, options);
    this.#onCall = onCall;
  }

  override apiCall(method: string, options?: Record<string, unknown>): Promise<WebAPICallResult> {
    return observedCall(method, this.#onCall, () => super.apiCall(method, options));
  }
}

/** For a whole call, its answer's body included. */
const TIMEOUT_MS = 5_000;

type Fetch = NonNullable<WebClientOptions['fetch']>;
type FetchResponse = Awaited<ReturnType<Fetch>>;

const CONNECTIONS = { connect: { timeout: TIMEOUT_MS }, connections: 128 } as const;

const direct = new Agent(CONNECTIONS);

/** The way to Slack: its Web API, response URLs, uploads, and the sockets of Socket Mode. Undefined: no proxy. */
export function dispatcherThrough(proxy: ProxyAddresses): Dispatcher | undefined {
  const { httpProxy = '', httpsProxy = '', noProxy = '' } = proxy;
  if (httpProxy === '' && httpsProxy === '') return undefined;
  // Empty texts, not absent ones: absent ones would make undici read the environment by itself. A tunnel also where
  // nothing is encrypted (a sandbox): a proxy that only passes requests on carries no socket.
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
      // What comes back is read as it is.
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
