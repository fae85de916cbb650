/** The text after `/ltv`: nothing, an id, a part of an e-mail, or a filter. */
import { type Amount, type LongId, parseAmount, parseLongId } from '../amount.ts';
import { done, type Result, refuse } from '../refusal.ts';
import { decisiveLtv, isAtLeast, type Level, levelOf, type RiskUnit, type Thresholds } from './risk-unit.ts';

type Comparison = '>' | '>=' | '<' | '<=';

export type UnitQuery =
  | { readonly kind: 'all' }
  | { readonly kind: 'id'; readonly groupId: LongId }
  | { readonly kind: 'name'; readonly part: string }
  | { readonly kind: 'ltv'; readonly comparison: Comparison; readonly bound: Amount }
  /** This level or a worse one. */
  | { readonly kind: 'level'; readonly level: Level };

const LEVELS: readonly Level[] = ['normal', 'initial', 'transfer-out', 'margin-call', 'liquidation'];

const UNIT_QUERY_EXPECTED =
  'a unit id (`12`), a part of a credit account (`fund-a`), an LTV (`> 80`, `above 80%`, `below 70%`, `80%` for 80% and above), or a level (`initial`, `transfer-out`, `margin-call`, `liquidation`: this one and worse)';

export function parseUnitQuery(text: string): Result<UnitQuery> {
  const typed = text.trim();
  if (typed === '') return done({ kind: 'all' });
  const groupId = parseLongId(typed);
  if (groupId !== null) return done({ kind: 'id', groupId });
  const ltv = ltvFilter(typed);
  if (ltv !== null) return done(ltv);
  const level = LEVELS.find((each) => each === typed.toLowerCase().replace(/\s+/g, '-'));
  if (level) return done({ kind: 'level', level });
  // A name has a letter in it and only what e-mails have; everything else is a mistyped id ("072", "1.5", "1; DROP").
  if (/^[\p{L}\d@._+-]{2,254}$/u.test(typed) && /\p{L}/u.test(typed))
    return done({ kind: 'name', part: typed });
  return refuse({ code: 'bad-filter', input: typed, expected: UNIT_QUERY_EXPECTED });
}

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  above: '>',
  over: '>',
  below: '<',
  under: '<',
  '≥': '>=',
  '≤': '<=',
};

/**
 * "> 70%", "above 70" and "> 0.7" mean the same: without a percent sign, numbers from 2 on can only be percentages.
 * "80%" alone is 80% and above; "80" alone is a unit.
 */
function ltvFilter(typed: string): UnitQuery | null {
  const match = /^(>=|<=|[><≥≤]|above |over |below |under )?\s*(\d{1,6}(?:\.\d{1,18})?)\s*(%?)$/i.exec(typed);
  const [, said, digits = '', percent] = match ?? [];
  const number = parseAmount(digits);
  if (number === null || (said === undefined && percent !== '%')) return null;
  const sign = said?.trim().toLowerCase() ?? '>=';
  const isPercent = percent === '%' || number.gte('2');
  return {
    kind: 'ltv',
    comparison: COMPARISONS[sign] ?? (sign as Comparison),
    bound: isPercent ? number.div('100') : number,
  };
}

export const TREND_SPANS = ['24h', '7d', '30d'] as const;

/** How far back `/ltv <unit> trend` looks. */
export type TrendSpan = (typeof TREND_SPANS)[number];

export interface TrendQuery {
  /** What names the unit. */
  readonly unit: string;
  readonly span: TrendSpan;
}

/** "12 trend", "12 trend 7d". Null: the text asks for no trend. */
export function parseTrend(text: string): Result<TrendQuery | null> {
  const match = /^(\S+)\s+trend(?:\s+(.*))?$/i.exec(text.trim());
  if (match === null) return done(null);
  const [, unit = '', typed = TREND_SPANS[0]] = match;
  const span = TREND_SPANS.find((each) => each === typed.toLowerCase().replace(/\s+/g, ''));
  if (span !== undefined) return done({ unit, span });
  return refuse({
    code: 'bad-filter',
    input: text.trim(),
    expected: '`12 trend`, `12 trend 7d` or `12 trend 30d`',
  });
}

export function parseUnitId(text: string): Result<LongId> {
  const typed = text.trim();
  if (typed === '') return refuse({ code: 'unit-id-missing' });
  const groupId = parseLongId(typed);
  return groupId === null ? refuse({ code: 'bad-unit-id', input: typed }) : done(groupId);
}

export function matches(unit: RiskUnit, query: UnitQuery, thresholds: Thresholds): boolean {
  switch (query.kind) {
    case 'all':
      return true;
    case 'id':
      return unit.groupId === query.groupId;
    case 'name':
      return unit.creditEmail.toLowerCase().includes(query.part.toLowerCase());
    case 'level':
      return isAtLeast(levelOf(unit, thresholds), query.level);
    case 'ltv':
      return compares(decisiveLtv(unit), query.comparison, query.bound);
  }
}

/** A unit whose LTV is undefined is beyond every bound. */
function compares(ltv: Amount | null, comparison: Comparison, bound: Amount): boolean {
  if (ltv === null) return comparison.startsWith('>');
  switch (comparison) {
    case '>':
      return ltv.gt(bound);
    case '>=':
      return ltv.gte(bound);
    case '<':
      return ltv.lt(bound);
    case '<=':
      return ltv.lte(bound);
  }
}

/** The filter as understood, for the answer's heading. */
export function describeQuery(query: UnitQuery): string | null {
  switch (query.kind) {
    case 'all':
    case 'id':
      return null;
    case 'name':
      return `credit account contains "${query.part}"`;
    case 'level':
      return `level ${query.level.replaceAll('-', ' ')} or worse`;
    case 'ltv':
      return `LTV ${query.comparison} ${query.bound.times('100').toFixed()}%`;
  }
}
