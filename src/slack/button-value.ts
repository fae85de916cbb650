/** What buttons and modals carry: which request at which version, or which query at which page. */
import { z } from 'zod';
import { TREND_SPANS } from '../domain/unit/unit-query.ts';
import type { LevelKey } from '../domain/watch/levels.ts';

const requestValue = z.strictObject({
  requestId: z.string().min(1).max(200),
  version: z.int().min(0),
});

export type RequestValue = z.infer<typeof requestValue>;

const pageValue = z.strictObject({ query: z.string().max(1_000), page: z.int().min(1).max(1_000_000) });

export type PageValue = z.infer<typeof pageValue>;

const ballotMetadata = z.strictObject({
  requestId: z.string().min(1).max(200),
  version: z.int().min(0),
  digest: z.string().max(200),
  groupId: z.string().max(30),
});

/** What the ballot modal keeps until it is sent: the digest of the facts that it showed. */
export type BallotMetadata = z.infer<typeof ballotMetadata>;

const unitValue = z.strictObject({ unit: z.string().min(1).max(200) });

export type UnitValue = z.infer<typeof unitValue>;

const caseValue = z.strictObject({
  caseId: z.string().min(1).max(40),
  /** What the person saw. */
  level: z.custom<LevelKey>((given) => typeof given === 'string' && given.length <= 60),
});

export type CaseValue = z.infer<typeof caseValue>;

const trendValue = z.strictObject({ unit: z.string().min(1).max(200), span: z.enum(TREND_SPANS) });

export type TrendValue = z.infer<typeof trendValue>;

const readingValue = z.strictObject({ readingId: z.string().min(1).max(60), query: z.string().max(1_000) });

/** A reading that is under way, and what it was asked for. */
export type ReadingValue = z.infer<typeof readingValue>;

/** The JSON in `text`; undefined for a value that Loandesk didn't write. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function read<Value>(schema: z.ZodType<Value>, text: string): Value | null {
  const parsed = schema.safeParse(readJson(text));
  return parsed.success ? parsed.data : null;
}

export const readRequestValue = (text: string): RequestValue | null => read(requestValue, text);
export const readPageValue = (text: string): PageValue | null => read(pageValue, text);
/** "" for a value that Loandesk didn't write. */
export const readQuery = (text: string): string => readPageValue(text)?.query ?? '';
export const readBallotMetadata = (text: string): BallotMetadata | null => read(ballotMetadata, text);
export const readUnitValue = (text: string): UnitValue | null => read(unitValue, text);
export const readCaseValue = (text: string): CaseValue | null => read(caseValue, text);
export const readTrendValue = (text: string): TrendValue | null => read(trendValue, text);

export const readReadingValue = (text: string): ReadingValue | null => read(readingValue, text);

export function writeRequestValue({ requestId, version }: RequestValue): string {
  return JSON.stringify({ requestId, version });
}

/** A query that is too long for a filter is cut; the desk refuses it in any case. */
export function writePageValue({ query, page }: PageValue): string {
  return JSON.stringify({ query: query.slice(0, 300), page });
}

export function writeBallotMetadata(metadata: BallotMetadata): string {
  return JSON.stringify(metadata);
}

export function writeUnitValue({ unit }: UnitValue): string {
  return JSON.stringify({ unit });
}

export function writeCaseValue({ caseId, level }: CaseValue): string {
  return JSON.stringify({ caseId, level });
}

export function writeTrendValue({ unit, span }: TrendValue): string {
  return JSON.stringify({ unit, span });
}

export function writeReadingValue({ readingId, query }: ReadingValue): string {
  return JSON.stringify({ readingId, query: query.slice(0, 300) });
}
