import { EventEmitter, setMaxListeners } from 'node:events';
import type { EndpointName } from './endpoints.ts';

/** What is known of a request when it arrives. */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly rawQuery: string;
  readonly rawBody: string;
  readonly endpoint: EndpointName | null;
  readonly account: string | null;
  readonly groupId: string | null;
  readonly hasApiKey: boolean;
  readonly contentType: string | null;
  readonly receivedAtMs: number;
}

/** How it ended. `status` null: no answer was written (reset, hang, the client left). */
export interface Outcome {
  readonly status: number | null;
  readonly code: number | null;
  readonly fault: string | null;
  readonly answeredAtMs: number;
}

/**
 * One request as received. Printing it, as JSON or to a console, shows neither key nor signature: the bytes that
 * held them sit in two accessors that are not enumerable.
 */
export class WireRecord {
  readonly seq: number;
  readonly method: string;
  readonly path: string;
  /** The raw query, its signature struck out. */
  readonly query: string;
  readonly endpoint: EndpointName | null;
  /** Name of the account whose key was sent, if it is a known one. */
  readonly account: string | null;
  readonly groupId: string | null;
  readonly hasApiKey: boolean;
  readonly hasSignature: boolean;
  readonly contentType: string | null;
  /** Machine clock, without skew. */
  readonly receivedAtMs: number;
  /** Weight that was counted for it. */
  weight = 0;
  /** Whether it changed the exchange's state. */
  effect = false;
  done = false;
  status: number | null = null;
  code: number | null = null;
  fault: string | null = null;
  answeredAtMs: number | null = null;
  readonly #rawQuery: string;
  readonly #rawBody: string;

  constructor(seq: number, { rawQuery, rawBody, ...arrival }: Arrival) {
    this.seq = seq;
    ({
      method: this.method,
      path: this.path,
      endpoint: this.endpoint,
      account: this.account,
      groupId: this.groupId,
      hasApiKey: this.hasApiKey,
      contentType: this.contentType,
      receivedAtMs: this.receivedAtMs,
    } = arrival);
    this.query = rawQuery.replace(/(^|&)signature=[^&]*/g, '$1signature=[redacted]');
    this.hasSignature = /(^|&)signature=/.test(`${rawQuery}&${rawBody}`);
    this.#rawQuery = rawQuery;
    this.#rawBody = rawBody;
  }

  /** For checks only, never to be printed. */
  get rawQueryWithSignature(): string {
    return this.#rawQuery;
  }

  get rawBodyWithSignature(): string {
    return this.#rawBody;
  }
}

/** Every given field has to be equal. */
export type WireFilter = Partial<
  Pick<
    WireRecord,
    'method' | 'path' | 'endpoint' | 'account' | 'groupId' | 'status' | 'code' | 'effect' | 'done' | 'fault'
  >
>;

export interface NextOptions {
  /** `received` (default): as soon as it has arrived; `answered`: when its outcome is known. */
  readonly stage?: 'received' | 'answered';
  readonly signal?: AbortSignal;
}

/** The newest requests, and a way to wait for the next one. */
export class WireLog {
  readonly #capacity: number;
  readonly #events = new EventEmitter<{ received: [WireRecord]; answered: [WireRecord] }>();
  readonly #closed = new AbortController();
  #records: WireRecord[] = [];
  #seq = 0;
  readonly #deletes = new Map<string, number>();

  constructor(capacity: number) {
    this.#capacity = capacity;
    setMaxListeners(0, this.#events, this.#closed.signal);
  }

  received(arrival: Arrival): WireRecord {
    const record = new WireRecord(this.#seq, arrival);
    this.#records.push(record);
    this.#seq += 1;
    if (this.#records.length >= 2 * this.#capacity) this.#records = this.#kept();
    if (record.endpoint === 'close') {
      const groupId = record.groupId ?? '';
      this.#deletes.set(groupId, (this.#deletes.get(groupId) ?? 0) + 1);
    }
    this.#events.emit('received', record);
    return record;
  }

  answered(record: WireRecord, outcome: Outcome): void {
    if (record.done) return;
    Object.assign(record, outcome, { done: true });
    this.#events.emit('answered', record);
  }

  /** The kept requests that match, oldest first. */
  requests(filter: WireFilter = {}): WireRecord[] {
    return this.#kept().filter((record) => matches(record, filter));
  }

  #kept(): WireRecord[] {
    return this.#records.slice(-this.#capacity);
  }

  /** How many DELETEs of each groupId ever arrived, whatever became of them. */
  deletes(): Map<string, number> {
    return new Map(this.#deletes);
  }

  /** The next request that matches, from now on. Rejects when the signal fires or the stand-in closes. */
  next(filter: WireFilter = {}, { stage = 'received', signal }: NextOptions = {}): Promise<WireRecord> {
    const stops = signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]);
    const promise = new Promise<WireRecord>((resolve, reject) => {
      const see = (record: WireRecord) => {
        if (matches(record, filter)) settle(() => resolve(record));
      };
      const fail = () => settle(() => reject(stops.reason));
      const settle = (how: () => void) => {
        this.#events.off(stage, see);
        stops.removeEventListener('abort', fail);
        how();
      };
      this.#events.on(stage, see);
      stops.addEventListener('abort', fail);
      if (stops.aborted) fail();
    });
    // An abandoned waiter must not end the process by an unhandled rejection.
    promise.catch(() => {});
    return promise;
  }

  /** Calls back for every request whose outcome is known. Returns the way to stop it. */
  onAnswered(see: (record: WireRecord) => void): () => void {
    this.#events.on('answered', see);
    return () => this.#events.off('answered', see);
  }

  close(): void {
    this.#closed.abort(new Error('the exchange stand-in closed'));
  }
}

function matches(record: WireRecord, filter: WireFilter): boolean {
  const wanted: [string, unknown][] = Object.entries(filter);
  const have = new Map<string, unknown>(Object.entries(record));
  return wanted.every(([field, value]) => value === undefined || have.get(field) === value);
}
