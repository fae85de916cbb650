/**
 * The audit trail: one chain of sealed entries a request, and a chain through all first entries. Each seal is an
 * HMAC-SHA-256 over the entry and the seal before it, so an altered, removed or reordered entry is found and named.
 * What a chain cannot show by itself, a cut-off end, is shown by the head that is posted outside.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { LongId } from '../amount.ts';
import type { CloseState, RequestEvent } from './close-request.ts';

/** Who, what, when, on which facts, with which result; no secret is ever in an event. */
export interface AuditBody {
  readonly requestId: string;
  readonly groupId: LongId;
  /** 1 for the first entry of a request, then one more each. */
  readonly sequence: number;
  /** For sequence 1: the seal of the first entry of the request opened before ("" for the very first). */
  readonly previousOpening: string | null;
  readonly stateAfter: CloseState;
  readonly version: number;
  readonly factsDigest: string;
  readonly event: RequestEvent;
}

export interface AuditEntry {
  readonly body: AuditBody;
  readonly previousSeal: string;
  readonly seal: string;
}

/** The seal before the first entry of a request. */
export const FIRST_SEAL = '';

/** `body` is written to JSON once, by the caller's order of keys; the same text is stored, sealed and verified. */
export function sealEntry(body: AuditBody, previousSeal: string, key: Uint8Array): AuditEntry {
  return { body, previousSeal, seal: sealOf(body, previousSeal, key) };
}

function sealOf(body: AuditBody, previousSeal: string, key: Uint8Array): string {
  return createHmac('sha256', key)
    .update(previousSeal)
    .update('\n')
    .update(JSON.stringify(body))
    .digest('hex');
}

export interface AuditFault {
  /** Position in the trail, from 1. */
  readonly position: number;
  readonly requestId: string;
  readonly sequence: number;
  readonly what: string;
}

export interface AuditVerdict {
  readonly entries: number;
  readonly requests: number;
  /** Rolling SHA-256 over all seals in order: posted outside, it shows later whether the end was cut off. */
  readonly head: string;
  readonly fault: AuditFault | null;
}

/** The newest entry of each request as its stored record names it. */
export type NewestEntries = ReadonlyMap<string, { readonly sequence: number; readonly seal: string }>;

export interface AuditVerifierOptions {
  /** False when only one request's entries are read: the chain through all openings cannot be checked then. */
  readonly whole: boolean;
  /** What must have come by at the end. */
  readonly newest?: NewestEntries;
  /** Whose chains are judged; default everybody's. Those of others are only counted, so nothing is kept of them. */
  readonly judges?: (requestId: string) => boolean;
}

/** Reads the trail entry by entry; stops judging at the first fault. Keeps one seal for each request it judges. */
export class AuditVerifier {
  readonly #key: Uint8Array;
  readonly #whole: boolean;
  readonly #judges: (requestId: string) => boolean;
  /** What the records named before the trail was read, and has not come by yet: entries written later may follow. */
  readonly #awaited: Map<string, { readonly sequence: number; readonly seal: string }>;
  readonly #last = new Map<string, { sequence: number; seal: string }>();
  #lastOpening = FIRST_SEAL;
  #entries = 0;
  #head = '';
  #fault: AuditFault | null = null;

  constructor(key: Uint8Array, { whole, newest, judges = () => true }: AuditVerifierOptions) {
    this.#key = key;
    this.#whole = whole;
    this.#judges = judges;
    this.#awaited = new Map(newest);
  }

  read(entry: AuditEntry): void {
    this.#entries += 1;
    this.#head = createHash('sha256').update(this.#head).update(entry.seal).digest('hex');
    if (this.#fault !== null) return;
    const { requestId, sequence } = entry.body;
    const judged = this.#judges(requestId);
    const what = (judged ? this.#faultOf(entry) : null) ?? this.#openingFaultOf(entry);
    if (what !== null) {
      this.#fault = { position: this.#entries, requestId, sequence, what };
      return;
    }
    if (sequence === 1) this.#lastOpening = entry.seal;
    if (!judged) return;
    this.#last.set(requestId, { sequence, seal: entry.seal });
    const awaited = this.#awaited.get(requestId);
    if (awaited?.sequence === sequence && awaited.seal === entry.seal) this.#awaited.delete(requestId);
  }

  /** Of the entries read so far; `result` judges the end, too. */
  get fault(): AuditFault | null {
    return this.#fault;
  }

  result(): AuditVerdict {
    const [missing] = this.#awaited;
    const fault = this.#fault ?? (missing === undefined ? null : this.#cutOff(...missing));
    return { entries: this.#entries, requests: this.#last.size, head: this.#head, fault };
  }

  #cutOff(requestId: string, { sequence }: { readonly sequence: number }): AuditFault {
    const ends = this.#last.get(requestId)?.sequence ?? 'none';
    const what = `the record names entry ${sequence} as its newest, the trail has ended at ${ends} or holds another`;
    return { position: this.#entries, requestId, sequence, what };
  }

  #faultOf(entry: AuditEntry): string | null {
    const { body, previousSeal, seal } = entry;
    const last = this.#last.get(body.requestId) ?? { sequence: 0, seal: FIRST_SEAL };
    if (!equal(seal, sealOf(body, previousSeal, this.#key))) return 'altered: its seal does not fit its text';
    if (body.sequence !== last.sequence + 1) {
      return `removed or reordered: entry ${last.sequence + 1} of this request was expected here`;
    }
    return previousSeal === last.seal ? null : 'does not follow the entry before it';
  }

  #openingFaultOf({ body }: AuditEntry): string | null {
    if (!this.#whole || body.sequence !== 1 || body.previousOpening === this.#lastOpening) return null;
    return 'a request opened before this one is missing from the trail';
  }
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
