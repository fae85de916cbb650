/**
 * One HTTP exchange: never repeats, never follows a redirect, never rewrites the path, and reports for every failure
 * whether bytes may have been written. Its results contain nothing of the request (URL, key, signature).
 */
import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import type { ProxyAddresses } from '../shared/proxy.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'DELETE';
  /** Path and query, sent as they are. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Default: the client's. */
  readonly timeoutMs?: number;
  /** Which connections it uses: a close never waits for reads. Default `reads`. */
  readonly lane?: Lane;
}

export type Lane = 'reads' | 'close';

export type NetworkFault =
  | 'dns'
  | 'refused'
  | 'unreachable'
  | 'tls'
  | 'connect-timeout'
  | 'timeout'
  | 'reset'
  | 'too-large'
  | 'other';

/** Names in lower case; a repeated header has all its values. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The first value of a header. */
export function headerOf(headers: ResponseHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'object' ? value[0] : value;
}

export type HttpResult =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly headers: ResponseHeaders;
      readonly body: string;
    }
  | {
      readonly kind: 'failed';
      readonly fault: NetworkFault;
      /** False: no byte was or will be written. True: some bytes may have been. */
      readonly written: boolean;
    };

export interface HttpOptions {
  /** Scheme, host and port, and a path prefix if there is one. */
  readonly baseUrl: string;
  readonly proxy?: ProxyAddresses;
  /** For the whole call. Longer than the exchange's own 10 s, so that late answers are still received. */
  readonly timeoutMs?: number;
  /** Used instead of a pool made here, and not closed here. */
  readonly dispatcher?: Dispatcher;
}

export interface Http {
  exchange(request: HttpRequest): Promise<HttpResult>;
  close(): Promise<void>;
}

export const HTTP_TIMEOUT_MS = 13_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Opened on demand. */
const MAX_CONNECTIONS: Readonly<Record<Lane, number>> = { reads: 64, close: 8 };
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export function createHttp(options: HttpOptions): Http {
  const url = new URL(options.baseUrl);
  const prefix = url.pathname.replace(/\/$/, '');
  const timeoutMs = options.timeoutMs ?? HTTP_TIMEOUT_MS;
  const lanes = {
    reads: options.dispatcher ?? dispatcherTo(url.origin, options.proxy, MAX_CONNECTIONS.reads),
    close: options.dispatcher ?? dispatcherTo(url.origin, options.proxy, MAX_CONNECTIONS.close),
  };
  return {
    exchange: (request) =>
      new Promise((resolve) => {
        lanes[request.lane ?? 'reads'].dispatch(
          {
            origin: url.origin,
            path: prefix + request.target,
            method: request.method,
            headers: request.headers,
            // So that undici doesn't pipeline it behind another call.
            idempotent: false,
          },
          new OneExchange(resolve, request.timeoutMs ?? timeoutMs),
        );
      }),
    async close() {
      if (options.dispatcher === undefined) await Promise.all([lanes.reads.destroy(), lanes.close.destroy()]);
    },
  };
}

/** Keep-alive, no pipelining; TLS certificates are checked (Node's default). */
function dispatcherTo(origin: string, proxy: ProxyAddresses | undefined, connections: number): Dispatcher {
  const options = {
    connections,
    connectTimeout: CONNECT_TIMEOUT_MS,
    pipelining: 1,
    // Each call has its own timer.
    headersTimeout: 0,
    bodyTimeout: 0,
    // With HTTP/2, undici would resend a call after a GOAWAY.
    allowH2: false,
  };
  const { httpProxy = '', httpsProxy = '', noProxy = '' } = proxy ?? {};
  if (httpProxy === '' && httpsProxy === '') return new Pool(origin, options);
  // Empty, not absent: undici would read absent ones from the environment.
  return new EnvHttpProxyAgent({ ...options, httpProxy, httpsProxy, noProxy });
}

type Settle = (result: HttpResult) => void;

/** Our own handler, because undici's `request` doesn't say whether a byte was written before an error. */
class OneExchange implements Dispatcher.DispatchHandler {
  readonly #settle: Settle;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | null = null;
  #ended: Error | null = null;
  #settled = false;
  #status = 0;
  #headers: ResponseHeaders = {};
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(settle: Settle, timeoutMs: number) {
    this.#settle = settle;
    this.#timer = setTimeout(() => this.#give('timeout'), timeoutMs);
  }

  /** Called just before the first byte is written; aborting here prevents that. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#ended !== null) {
      controller.abort(this.#ended);
      return;
    }
    if (this.#controller !== null) {
      // undici must never send it twice, not even in a later version.
      controller.abort(new Error('a call is sent once'));
      return;
    }
    this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHeaders,
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > MAX_BODY_BYTES) this.#give('too-large');
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    const body = bytes.toString('utf8');
    this.#finish({ kind: 'response', status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#finish({ kind: 'failed', fault: faultOf(error), written: this.#controller !== null });
  }

  /** Gives up: a call that has not started yet never starts. */
  #give(fault: NetworkFault): void {
    const error = new Error(`given up: ${fault}`);
    this.#ended = error;
    this.#finish({ kind: 'failed', fault, written: this.#controller !== null });
    this.#controller?.abort(error);
  }

  #finish(result: HttpResult): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    // The pool frees the connection in the next turn of the event loop, and sees that it was closed one turn later. A
    // call before that would open another connection.
    const settle = () => this.#settle(result);
    const isClosing = headerOf(this.#headers, 'connection')?.toLowerCase() === 'close';
    queueMicrotask(() => setImmediate(isClosing ? () => setImmediate(settle) : settle));
  }
}

const FAULT_BY_CODE: Readonly<Record<string, NetworkFault>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ETIMEDOUT: 'connect-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  EPROTO: 'tls',
};

function faultOf(error: Error): NetworkFault {
  const code = codeOf(error);
  const known = FAULT_BY_CODE[code];
  if (known !== undefined) return known;
  return /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code) ? 'tls' : 'other';
}

/** If several addresses of a host fail, the error is an AggregateError: use the first. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return 'code' in error ? String(error.code) : '';
}
