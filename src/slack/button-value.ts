/** What buttons and modals carry: which request at which version, or which query at which page. */
import { z } from 'zod';
import { TREND_SPANS } from '../domain/unit/unit-query.ts';
import type { LevelKey } from '../domain/watch/levels.ts';

/** The JSON in `text`; undefined for a value that Loandesk didn't write. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is read is what was written: null for anything else. What else `write` is given is left out. */
function carried<Shape extends z.ZodRawShape>(shape: Shape) {
  const schema = z.strictObject(shape);
  type Value = z.output<typeof schema>;
  return {
    read(text: string): Value | null {
      const parsed = schema.safeParse(readJson(text));
      return parsed.success ? parsed.data : null;
    },
    write(value: Value): string {
      return JSON.stringify(value, Object.keys(shape));
    },
  };
}

type Carried<Codec extends { read(text: string): unknown }> = NonNullable<ReturnType<Codec['read']>>;

const requestId = z.string().min(1).max(200);
const version = z.int().min(0);
const query = z.string().max(1_000);
const unit = z.string().min(1).max(200);

const requestValue = carried({ requestId, version });
export type RequestValue = Carried<typeof requestValue>;
export const { read: readRequestValue, write: writeRequestValue } = requestValue;

/** What the ballot modal keeps until it is sent: the digest of the facts that it showed. */
export const { read: readBallotMetadata, write: writeBallotMetadata } = carried({
  requestId,
  version,
  digest: z.string().max(200),
  groupId: z.string().max(30),
});

export const { read: readUnitValue, write: writeUnitValue } = carried({ unit });
export const { read: readTrendValue, write: writeTrendValue } = carried({ unit, span: z.enum(TREND_SPANS) });

export const { read: readCaseValue, write: writeCaseValue } = carried({
  caseId: z.string().min(1).max(40),
  /** What the person saw. */
  level: z.custom<LevelKey>((given) => typeof given === 'string' && given.length <= 60),
});

const pageValue = carried({ query, page: z.int().min(1).max(1_000_000) });
export const readPageValue = pageValue.read;
/** "" for a value that Loandesk didn't write. */
export const readQuery = (text: string): string => readPageValue(text)?.query ?? '';
const LONGEST_QUERY = 300;
/** A query that is too long for a filter is cut; the desk refuses it in any case. */
export function writePageValue(value: Carried<typeof pageValue>): string {
  return pageValue.write({ ...value, query: value.query.slice(0, LONGEST_QUERY) });
}

const readingValue = carried({ readingId: z.string().min(1).max(60), query });
/** A reading that is under way, and what it was asked for. */
export type ReadingValue = Carried<typeof readingValue>;
export const readReadingValue = readingValue.read;
export function writeReadingValue(value: ReadingValue): string {
  return readingValue.write({ ...value, query: value.query.slice(0, LONGEST_QUERY) });
}
