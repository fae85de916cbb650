/**
 * The audit trail: one chain of sealed entries per subject (a close request, an episode, the watch, the rules), and a chain through
 * all first entries. Each seal is an HMAC-SHA-256 over the entry and the seal before it, so an altered, removed or
 * reordered entry is found. The chain can't show that its end was cut off; a head kept elsewhere can. docs/audit.md has
 * the algorithm.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { RULES_ID, type SubjectKind, subjectKindOf, WATCH_ID } from './subject.ts';

/** An entry from before a key change is checked with the key it was sealed with. */
export interface AuditKeys {
  /** Seals new entries. */
  readonly current: Uint8Array;
  /** Only for checking; newest first. */
  readonly previous: readonly Uint8Array[];
}

/**
 * What the chain needs of a body: exactly one name of its subject, and its place. Whatever else belongs to the subject
 * (who, on which facts, with which result) is sealed with it; no secret is ever in an event.
 */
export interface AuditBody {
  readonly requestId?: string;
  readonly episodeId?: string;
  /** An entry of the watch itself. */
  readonly watch?: true;
  /** An entry about the firm's own rules for closes. */
  readonly rules?: true;
  /** 1 for the first entry of a subject, then rising by one. */
  readonly sequence: number;
  /** For sequence 1: the seal of the first entry of the subject that began before ("" for the very first). */
  readonly previousOpening: string | null;
  readonly stateAfter: string;
  readonly event: { readonly type: string; readonly atMs: number };
}

export interface AuditEntry<Body extends AuditBody = AuditBody> {
  readonly body: Body;
  readonly previousSeal: string;
  readonly seal: string;
}

/** The id of the subject that an entry belongs to. */
export function subjectOf({ requestId, episodeId, rules }: AuditBody): string {
  return requestId ?? episodeId ?? (rules === true ? RULES_ID : WATCH_ID);
}

/** The seal before the first entry of a subject. */
export const FIRST_SEAL = '';

/** The JSON of `body`, with the caller's key order, is stored, sealed and verified. */
export function sealEntry<Body extends AuditBody>(
  body: Body,
  previousSeal: string,
  key: Uint8Array,
): AuditEntry<Body> {
  return { body, previousSeal, seal: sealOf(body, previousSeal, key) };
}

function sealOf(body: AuditBody, previousSeal: string, key: Uint8Array): string {
  return createHmac('sha256', key)
    .update(previousSeal)
    .update('\n')
    .update(JSON.stringify(body))
    .digest('hex');
}

/** Where an entry is in the chains. */
export type Place = Pick<AuditBody, 'sequence' | 'previousOpening'>;

/** Seals the entries of one change, of one subject or several, in the order of writing. */
export class EntrySealer<Body extends AuditBody> {
  readonly #key: Uint8Array;
  readonly #entries: AuditEntry<Body>[] = [];
  #lastOpening: string;

  /** `lastOpening`: the newest opening of the whole trail before the change. */
  constructor(lastOpening: string, key: Uint8Array) {
    this.#lastOpening = lastOpening;
    this.#key = key;
  }

  /** The entry after `before`, the newest one of its subject; returns the newest one then. */
  seal(before: NewestEntry, bodyAt: (place: Place) => Body): NewestEntry {
    const sequence = before.sequence + 1;
    const previousOpening = sequence === 1 ? this.#lastOpening : null;
    const entry = sealEntry(bodyAt({ sequence, previousOpening }), before.seal, this.#key);
    this.#entries.push(entry);
    if (sequence === 1) this.#lastOpening = entry.seal;
    return { sequence, seal: entry.seal };
  }

  get entries(): readonly AuditEntry<Body>[] {
    return this.#entries;
  }

  /** The newest opening after the entries sealed so far. */
  get lastOpening(): string {
    return this.#lastOpening;
  }
}

/** Whether an entry's seal matches its text under any of these keys. */
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
  readonly subjectId: string;
  readonly sequence: number;
  readonly what: string;
}

/** A head of the trail that was posted or printed earlier, and the number of entries at that time. */
export interface KeptHead {
  readonly entries: number;
  /** 64 lower-case hex digits. */
  readonly head: string;
}

/** Parses what was typed; null unless it is a count from 1 and a head. */
export function parseKeptHead(entries: string, head: string): KeptHead | null {
  const isOne = /^[1-9]\d{0,11}$/.test(entries) && /^[0-9a-f]{64}$/i.test(head);
  return isOne ? { entries: Number(entries), head: head.toLowerCase() } : null;
}

/** How the current trail compares with a kept head; `entries`: the count given with it. */
export type KeptHeadFinding = { readonly entries: number } & (
  | /** The first entries are unchanged; `since`: how many were added. */
  { readonly kind: 'same'; readonly since: number }
  /** An entry among them was removed, changed or reordered. */
  | { readonly kind: 'different' }
  /** The trail has fewer entries than before. */
  | { readonly kind: 'fewer'; readonly missing: number }
  /** An earlier entry can't be read, so the head can't be computed. */
  | { readonly kind: 'not-reached' }
);

export interface AuditVerdict {
  readonly entries: number;
  readonly requests: number;
  readonly episodes: number;
  /** Rolling SHA-256 over all seals in order, '' for no entries. */
  readonly head: string;
  readonly fault: AuditFault | null;
  /** Null: no kept head was given to compare with. */
  readonly kept: KeptHeadFinding | null;
}

/** True only if everything that was asked for was checked and no fault was found. */
export function isVerified({ fault, kept }: AuditVerdict): boolean {
  return fault === null && (kept === null || kept.kind === 'same');
}

/** The newest entry of a subject; sequence 0: it has none yet. */
export type NewestEntry = { readonly sequence: number; readonly seal: string };

export const NO_ENTRY: NewestEntry = { sequence: 0, seal: FIRST_SEAL };

export function isSameEntry(a: NewestEntry, b: NewestEntry = NO_ENTRY): boolean {
  return a.sequence === b.sequence && a.seal === b.seal;
}

export interface AuditVerifierOptions {
  /** False when only one subject's entries are read: the chain through all openings is then not checked. */
  readonly whole: boolean;
  /** Entries that the stored records name as their newest: each must be in the trail. */
  readonly newest?: ReadonlyMap<string, NewestEntry>;
  readonly kept?: KeptHead | null;
}

/** Verifies the trail entry by entry up to the first fault. Keeps one seal per subject in memory. */
export class AuditVerifier {
  readonly #keys: AuditKeys;
  readonly #whole: boolean;
  /** Newest entries named by the records and not read yet; entries written later may follow them. */
  readonly #awaited: Map<string, NewestEntry>;
  readonly #kept: KeptHead | null;
  readonly #last = new Map<string, NewestEntry & { readonly key: number }>();
  #lastOpening = FIRST_SEAL;
  #entries = 0;
  #head = '';
  /** The head after as many entries as the kept head counts; null: fewer were read. */
  #headThen: string | null = null;
  #isCutShort = false;
  #fault: AuditFault | null = null;

  constructor(keys: AuditKeys, { whole, newest, kept = null }: AuditVerifierOptions) {
    this.#keys = keys;
    this.#whole = whole;
    this.#awaited = new Map([...(newest ?? [])].filter(([, { sequence }]) => sequence > 0));
    this.#kept = kept;
  }

  read(entry: AuditEntry): void {
    this.#entries += 1;
    this.#head = createHash('sha256').update(this.#head).update(entry.seal).digest('hex');
    this.#noteHead();
    if (this.#fault !== null) return;
    const { sequence } = entry.body;
    const subjectId = subjectOf(entry.body);
    const key = keyOfSeal(entry, this.#keys);
    const what = this.#faultOf(entry, key) ?? this.#openingFaultOf(entry);
    if (what !== null) {
      this.#fault = { position: this.#entries, subjectId, sequence, what };
      return;
    }
    if (sequence === 1) this.#lastOpening = entry.seal;
    this.#last.set(subjectId, { sequence, seal: entry.seal, key });
    const awaited = this.#awaited.get(subjectId);
    if (awaited?.sequence === sequence && awaited.seal === entry.seal) this.#awaited.delete(subjectId);
  }

  /** A damaged entry: the trail can't be verified past it. */
  readUnreadable(subjectId: string, what: string): void {
    this.#fault ??= { position: this.#entries + 1, subjectId, sequence: 0, what };
    this.#isCutShort = true;
  }

  /** In the entries read so far; `result` also checks the end. */
  get fault(): AuditFault | null {
    return this.#fault;
  }

  /** The newest entry read of each subject. */
  get newest(): ReadonlyMap<string, NewestEntry> {
    return this.#last;
  }

  result(): AuditVerdict {
    const [missing] = this.#awaited;
    const fault = this.#fault ?? (missing === undefined ? null : this.#cutOff(...missing));
    const read = (kind: SubjectKind) =>
      [...this.#last.keys()].filter((subjectId) => subjectKindOf(subjectId) === kind).length;
    return {
      entries: this.#entries,
      requests: read('request'),
      episodes: read('episode'),
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

  #cutOff(subjectId: string, { sequence }: NewestEntry): AuditFault {
    const ends = this.#last.get(subjectId)?.sequence ?? 'none';
    const what = `the record's newest entry is ${sequence}, but the trail ends at ${ends} or has another one`;
    return { position: this.#entries, subjectId, sequence, what };
  }

  #faultOf({ body, previousSeal }: AuditEntry, key: number): string | null {
    const last = this.#last.get(subjectOf(body)) ?? { sequence: 0, seal: FIRST_SEAL, key };
    if (key === -1) return "altered: its seal doesn't match its text";
    // A former key must not be able to add entries after those sealed with the current key.
    if (key > last.key) return 'altered: it is sealed with an older key than the entry before it';
    if (body.sequence !== last.sequence + 1) {
      return `removed or reordered: entry ${last.sequence + 1} of this ${NOUNS[subjectKindOf(subjectOf(body))]} was expected here`;
    }
    return previousSeal === last.seal ? null : "doesn't follow the entry before it";
  }

  #openingFaultOf({ body }: AuditEntry): string | null {
    if (!this.#whole || body.sequence !== 1 || body.previousOpening === this.#lastOpening) return null;
    return 'what was opened before this one (a request, a case, the watch or the rules) is missing from the trail';
  }
}

const NOUNS = {
  request: 'request',
  episode: 'case',
  watch: 'watch',
  rules: 'trail of the rules',
} as const satisfies {
  [Kind in SubjectKind]: string;
};

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
