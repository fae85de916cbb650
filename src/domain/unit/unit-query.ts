/** What a person typed to name units: nothing, an id, a part of an e-mail, or a filter. */
import { type Amount, amount, type LongId, parseAmount, parseLongId } from '../amount.ts';
import { done, type Result, refuse } from '../refusal.ts';
import { decisiveLtv, type Level, levelOf, type RiskUnit, type Thresholds } from './risk-unit.ts';

export type UnitQuery =
  | { readonly kind: 'all' }
  | { readonly kind: 'id'; readonly groupId: LongId }
  | { readonly kind: 'name'; readonly part: string }
  | { readonly kind: 'ltv'; readonly comparison: '>' | '>=' | '<' | '<='; readonly bound: Amount }
  | { readonly kind: 'level'; readonly level: Level };

const LEVELS: readonly Level[] = ['normal', 'initial', 'transfer-out', 'margin-call', 'liquidation'];

export function parseUnitQuery(text: string): Result<UnitQuery> {
  const typed = text.trim();
  if (typed === '') return done({ kind: 'all' });
  const groupId = parseLongId(typed);
  if (groupId !== null) return done({ kind: 'id', groupId });
  const comparison = /^(>=|<=|>|<)\s*(\d{1,6}(?:\.\d{1,18})?)\s*(%?)$/.exec(typed);
  if (comparison) return done(ltvFilter(comparison));
  const level = LEVELS.find((each) => each === typed.toLowerCase().replace(/\s+/g, '-'));
  if (level) return done({ kind: 'level', level });
  // A name has a letter in it and only what e-mails have; everything else is a mistyped id ("072", "1.5", "1; DROP").
  if (/^[\p{L}\d@._+-]{2,254}$/u.test(typed) && /\p{L}/u.test(typed))
    return done({ kind: 'name', part: typed });
  return refuse({ code: 'bad-unit-id', input: typed });
}

/** "> 70%" and "> 0.7" mean the same; without a percent sign, numbers from 2 on can only be percentages. */
function ltvFilter(match: RegExpExecArray): UnitQuery {
  const number = parseAmount(match[2] ?? '') ?? amount('0');
  const isPercent = match[3] === '%' || number.gte('2');
  const bound = isPercent ? number.div('100') : number;
  return { kind: 'ltv', comparison: match[1] as '>' | '>=' | '<' | '<=', bound };
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
      return (
        levelOf(unit, thresholds) === query.level ||
        (query.level === 'liquidation' && levelOf(unit, thresholds) === 'undefined-ltv')
      );
    case 'ltv':
      return compares(decisiveLtv(unit), query.comparison, query.bound);
  }
}

/** A unit whose LTV is undefined is beyond every bound. */
function compares(ltv: Amount | null, comparison: '>' | '>=' | '<' | '<=', bound: Amount): boolean {
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
      return `level ${query.level}`;
    case 'ltv':
      return `LTV ${query.comparison} ${query.bound.times('100').toFixed()} %`;
  }
}
