/**
 * The stored form of a record: one JSON text, its schema version and its seal. A record that does not fit its seal,
 * cannot be read whole, or was written by a newer Loandesk is an error that names it: never half a record, never none.
 */
import { z } from 'zod';
import { type LongId, parseLongId } from '../domain/amount.ts';
import { UnreadableRecord } from '../usecases/ports.ts';
import type { Seals } from './seals.ts';

/** Fields of a record's hash as a script answers them; null where one is missing. */
export type StoredRecord = readonly [schema: string | null, record: string | null, seal: string | null];

export const NO_RECORD: StoredRecord = [null, null, null];

/** Whether a script found any of it: else there is no such record. */
export function isStored(record: StoredRecord): boolean {
  return record.some((field) => field !== null);
}

/** What `read` gives, or why the record can't be read. */
export function orUnreadable<Value>(read: () => Value): Value | UnreadableRecord {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableRecord) return error;
    throw error;
  }
}

/** For a list: each record's, or why it can't be read; null where there is none. */
export function eachOrUnreadable<Value>(
  ids: readonly string[],
  records: readonly StoredRecord[],
  read: (id: string, record: StoredRecord) => Value,
): (Value | UnreadableRecord | null)[] {
  return ids.map((id, index) => {
    const record = records[index] ?? NO_RECORD;
    return isStored(record) ? orUnreadable(() => read(id, record)) : null;
  });
}

/** Pieces of schemas. */
export const text = z.string();
export const ms = z.number().int();
export const count = z.number().int().min(0);
export const longId = z.custom<LongId>((value) => typeof value === 'string' && parseLongId(value) !== null);
export const person = z.strictObject({ teamId: text, userId: text });
export const audit = z.strictObject({ sequence: count, seal: text });
export const need = z.strictObject({ from: z.array(text), count });
export const cardLocation = z.strictObject({ channelId: text, messageTs: text, threadTs: text.optional() });

export interface RecordCodec<Value> {
  /** The version this code writes, and the only one it reads. */
  readonly schema: number;
  /** Throws UnreadableRecord for what could not be read again: such a record must never replace a good one. */
  encode(subjectId: string, value: Value): string;
  /** The one place where a stored record becomes a value. Throws UnreadableRecord. */
  decode(
    seals: Seals,
    subjectId: string,
    record: StoredRecord,
  ): { readonly value: Value; readonly stored: string };
}

/** `idOf`: the id that a record names itself. */
export function recordCodec<Value>(
  schema: number,
  shape: z.ZodType<Value>,
  idOf: (value: Value) => string,
): RecordCodec<Value> {
  function read(subjectId: string, version: string, stored: string): Value {
    if (!/^\d{1,6}$/.test(version)) throw new UnreadableRecord(subjectId, 'it has no schema version');
    if (Number(version) !== schema) {
      throw new UnreadableRecord(
        subjectId,
        `it has schema ${version}, this version of Loandesk reads schema ${schema}`,
      );
    }
    const read = shape.safeParse(parse(subjectId, stored));
    if (!read.success) {
      const where = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
      throw new UnreadableRecord(subjectId, where);
    }
    if (idOf(read.data) !== subjectId) throw new UnreadableRecord(subjectId, 'it belongs to another record');
    return read.data;
  }

  return {
    schema,
    encode(subjectId, value) {
      const stored = JSON.stringify(value);
      read(subjectId, String(schema), stored);
      return stored;
    },
    decode(seals, subjectId, [version, stored, seal]) {
      if (!stored) throw new UnreadableRecord(subjectId, 'it is missing');
      if (!seals.fits(seal ?? '', subjectId, stored))
        throw new UnreadableRecord(subjectId, "it doesn't match its seal");
      return { value: read(subjectId, version ?? '', stored), stored };
    },
  };
}

const object = z.record(z.string(), z.unknown());

function parse(subjectId: string, stored: string): Record<string, unknown> {
  try {
    return object.parse(JSON.parse(stored));
  } catch (cause) {
    throw new UnreadableRecord(subjectId, 'it is not a JSON object', cause);
  }
}
