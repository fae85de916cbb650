/**
 * The audit trail: one chain of sealed entries per request, and a chain through all first entries. Each seal is an
 * HMAC-SHA-256 over the entry and the seal before it, so an altered, removed or reordered entry is found and named.
 * A chain cannot show that its end was cut off; a head that was kept outside can. docs/audit.md has the algorithm.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { LongId } from '../amount.ts';
import type { RequestEvent } from './close-request.ts';
import type { CloseState } from './close-state.ts';

/** What seals are made with. An entry from before a key change is checked with the key it was sealed with. */
export interface AuditKeys {
  /** Seals everything new. */
  readonly current: Uint8Array;
  /** Only for checking; newest first. */
  readonly previous: readonly Uint8Array[];
}

/** Who, what, when, on which facts, with which result; no secret is ever in an event. */
export interface AuditBody {
  readonly requestId: string;
  readonly groupId: LongId;
  /** 1 for the first entry of a request, then rising by one. */
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

/** Whether an entry's seal fits its text under any of these keys. */
export function sealFits(entry: AuditEntry, keys: AuditKeys): boolean {
  return keyOfSeal(entry, keys) !== -1;
}

/** Which key sealed this entry: 0 the current one, then the previous ones, newest first; -1: none of them. */
function keyOfSeal({ body, previousSeal, seal }: AuditEntry, { current, previous }: AuditKeys): number {
  return [current, ...previous].findIndex((key) => equal(seal, sealOf(body, previousSeal, key)));
}

export interface AuditFault {
  /** Position in the trail, from 1. */
  readonly position: number;
  readonly requestId: string;
  readonly sequence: number;
  readonly what: string;
}

/** A head of the trail as it was posted or printed before, and how many entries had been read then. */
export interface KeptHead {
  readonly entries: number;
  /** 64 lower-case hex digits. */
  readonly head: string;
}

/** As typed; null when it is not a count from 1 on and a head. */
export function parseKeptHead(entries: string, head: string): KeptHead | null {
  const isOne = /^[1-9]\d{0,11}$/.test(entries) && /^[0-9a-f]{64}$/i.test(head);
  return isOne ? { entries: Number(entries), head: head.toLowerCase() } : null;
}

/** What the trail of now shows about a kept head; `entries` is how many that one counted. */
export type KeptHeadFinding = { readonly entries: number } & (
  | /** The first entries are the same as then; so many were added since. */
  { readonly kind: 'same'; readonly since: number }
  /** Among the first entries something was removed, changed or reordered. */
  | { readonly kind: 'different' }
  /** The trail has fewer entries than it had then. */
  | { readonly kind: 'fewer'; readonly missing: number }
  /** An entry before that place cannot be read, so no head could be computed. */
  | { readonly kind: 'not-reached' }
);

export interface AuditVerdict {
  readonly entries: number;
  readonly requests: number;
  /** Rolling SHA-256 over all seals in order, '' for no entries. */
  readonly head: string;
  readonly fault: AuditFault | null;
  /** Null: no kept head was given to compare with. */
  readonly kept: KeptHeadFinding | null;
}

/** True only where everything that was asked for was looked at and nothing was found. */
export function isVerified({ fault, kept }: AuditVerdict): boolean {
  return fault === null && (kept === null || kept.kind === 'same');
}

/** The newest entry of a request. */
export type NewestEntry = { readonly sequence: number; readonly seal: string };

export interface AuditVerifierOptions {
  /** False when only one request's entries are read: the chain through all openings cannot be checked then. */
  readonly whole: boolean;
  /** Entries that the stored records name as their newest: each must have come by at the end. */
  readonly newest?: ReadonlyMap<string, NewestEntry>;
  readonly kept?: KeptHead | null;
}

/** Reads the trail entry by entry; stops judging at the first fault. Keeps one seal for each request. */
export class AuditVerifier {
  readonly #keys: AuditKeys;
  readonly #whole: boolean;
  /** What the records named before the trail was read, and has not come by yet: entries written later may follow. */
  readonly #awaited: Map<string, NewestEntry>;
  readonly #kept: KeptHead | null;
  readonly #last = new Map<string, NewestEntry & { readonly key: number }>();
  #lastOpening = FIRST_SEAL;
  #entries = 0;
  #head = '';
  /** The head after as many entries as the kept one counts; null: not that many were read. */
  #headThen: string | null = null;
  #isCutShort = false;
  #fault: AuditFault | null = null;

  constructor(keys: AuditKeys, { whole, newest, kept = null }: AuditVerifierOptions) {
    this.#keys = keys;
    this.#whole = whole;
    this.#awaited = new Map(newest);
    this.#kept = kept;
  }

  read(entry: AuditEntry): void {
    this.#entries += 1;
    this.#head = createHash('sha256').update(this.#head).update(entry.seal).digest('hex');
    this.#noteHead();
    if (this.#fault !== null) return;
    const { requestId, sequence } = entry.body;
    const key = keyOfSeal(entry, this.#keys);
    const what = this.#faultOf(entry, key) ?? this.#openingFaultOf(entry);
    if (what !== null) {
      this.#fault = { position: this.#entries, requestId, sequence, what };
      return;
    }
    if (sequence === 1) this.#lastOpening = entry.seal;
    this.#last.set(requestId, { sequence, seal: entry.seal, key });
    const awaited = this.#awaited.get(requestId);
    if (awaited?.sequence === sequence && awaited.seal === entry.seal) this.#awaited.delete(requestId);
  }

  /** An entry that is not what was written: the trail cannot be read past it. */
  readUnreadable(requestId: string, what: string): void {
    this.#fault ??= { position: this.#entries + 1, requestId, sequence: 0, what };
    this.#isCutShort = true;
  }

  /** Of the entries read so far; `result` judges the end, too. */
  get fault(): AuditFault | null {
    return this.#fault;
  }

  /** The newest entry read of each request. */
  get newest(): ReadonlyMap<string, NewestEntry> {
    return this.#last;
  }

  result(): AuditVerdict {
    const [missing] = this.#awaited;
    const fault = this.#fault ?? (missing === undefined ? null : this.#cutOff(...missing));
    return {
      entries: this.#entries,
      requests: this.#last.size,
      head: this.#head,
      fault,
      kept: this.#keptFinding(),
    };
  }

  #noteHead(): void {
    if (this.#entries === this.#kept?.entries) this.#headThen = this.#head;
  }

  #keptFinding(): KeptHeadFinding | null {
    if (this.#kept === null) return null;
    const { entries, head } = this.#kept;
    if (this.#headThen !== null) {
      return this.#headThen === head
        ? { kind: 'same', entries, since: this.#entries - entries }
        : { kind: 'different', entries };
    }
    return this.#isCutShort
      ? { kind: 'not-reached', entries }
      : { kind: 'fewer', entries, missing: entries - this.#entries };
  }

  #cutOff(requestId: string, { sequence }: NewestEntry): AuditFault {
    const ends = this.#last.get(requestId)?.sequence ?? 'none';
    const what = `the record names entry ${sequence} as its newest, the trail ends at ${ends} or holds another`;
    return { position: this.#entries, requestId, sequence, what };
  }

  #faultOf({ body, previousSeal }: AuditEntry, key: number): string | null {
    const last = this.#last.get(body.requestId) ?? { sequence: 0, seal: FIRST_SEAL, key };
    if (key === -1) return 'altered: its seal does not fit its text';
    // Somebody who has only a former key must not be able to add to what the current one has sealed.
    if (key > last.key) return 'altered: it is sealed with an older key than the entry before it';
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
