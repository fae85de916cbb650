/** The audit stream in memory, for the entries of every subject. */
import {
  type AuditBody,
  type AuditEntry,
  FIRST_SEAL,
  sealEntry,
  subjectOf,
} from '../../src/domain/audit-chain.ts';
import type { AuditLog } from '../../src/usecases/ports.ts';

export class MemoryTrail implements AuditLog {
  readonly #auditKey: Uint8Array;
  readonly #entries: AuditEntry[] = [];
  #lastOpening = FIRST_SEAL;

  constructor(auditKey: Uint8Array) {
    this.#auditKey = auditKey;
  }

  /** Gives the seal. `bodyOf` is told the newest opening where this entry is one, else null. */
  write(bodyOf: (opening: string | null) => AuditBody, sequence: number, previousSeal: string): string {
    const opens = sequence === 1;
    const entry = sealEntry(bodyOf(opens ? this.#lastOpening : null), previousSeal, this.#auditKey);
    this.#entries.push(structuredClone(entry));
    if (opens) this.#lastOpening = entry.seal;
    return entry.seal;
  }

  async *entries(subjectId?: string): AsyncGenerator<AuditEntry> {
    for (const entry of this.#entries) {
      if (subjectId === undefined || subjectOf(entry.body) === subjectId) yield structuredClone(entry);
    }
  }

  /** Remembers where it ends; the function that it answers goes back to that. */
  snapshot(): () => void {
    const [entries, lastOpening] = [this.#entries.length, this.#lastOpening];
    return () => {
      this.#entries.length = entries;
      this.#lastOpening = lastOpening;
    };
  }
}
