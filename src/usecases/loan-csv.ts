/** A unit's records and a statement with every digit, for a spreadsheet. Times are UTC. */
import { type Amount, exactText } from '../domain/amount.ts';
import { isWithin, type Span } from '../domain/loan/loan-records.ts';
import { outstanding } from '../domain/unit/risk-unit.ts';
import { csvText, csvTime } from './csv.ts';
import type { StatementView } from './loan-desk.ts';
import type { LoanReading } from './loan-readings.ts';
import { roundingText, uncheckedText, verdictOf } from './statement-verdict.ts';

const LOAN_COLUMNS = [
  'kind',
  'at',
  'asset',
  'amount',
  'principal',
  'interest',
  'hourlyRate',
  'type',
  'status',
  'id',
  'from',
  'to',
  'ltvBefore',
  'ltvAfter',
  'endedAt',
  'text',
] as const;

type LoanRow = { readonly [Column in (typeof LOAN_COLUMNS)[number]]?: string };

/** What wasn't read, what is owed; borrows and repays, hourly interest, forced liquidations, transfers, rebates: newest first. */
export function loanCsv(reading: LoanReading, span: Span): string {
  const { owed, asOfMs } = reading.unit;
  const rows: LoanRow[] = [
    ...unreadRows(
      reading.missing.map(({ text }) => text),
      reading.flaws,
    ),
    ...outstanding({ liabilities: owed ?? [] }).map(({ asset, principal, interest }) => ({
      ...{ kind: 'owed', at: csvTime(asOfMs ?? reading.asOfMs), asset },
      ...{ principal: exactText(principal), interest: exactText(interest) },
    })),
    ...reading.records.map((record) => ({
      ...{ kind: 'record', at: csvTime(record.atMs), asset: record.asset, amount: exactText(record.amount) },
      ...{ principal: stated(record.principal), interest: stated(record.interest) },
      ...{ type: record.type, status: record.status, id: record.transactionId },
    })),
    ...(reading.interest ?? [])
      .filter(({ atMs }) => isWithin(atMs, span))
      .map(({ atMs, asset, principal, interest, hourlyRate }) => ({
        ...{ kind: 'interest', at: csvTime(atMs), asset, principal: exactText(principal) },
        ...{ interest: exactText(interest), hourlyRate: exactText(hourlyRate) },
      })),
    ...(reading.liquidations ?? []).map(({ startedAtMs, endedAtMs, startLtv, endLtv, totalLiability }) => ({
      ...{ kind: 'liquidation', at: csvTime(startedAtMs), amount: exactText(totalLiability) },
      ...{ ltvBefore: exactText(startLtv), ltvAfter: stated(endLtv) },
      endedAt: endedAtMs === null ? '' : csvTime(endedAtMs),
    })),
    ...(reading.transfers ?? []).flatMap((transfer) =>
      transfer.assets.map(({ asset, amount }) => ({
        ...{ kind: 'transfer', at: csvTime(transfer.atMs), asset, amount: exactText(amount) },
        ...{ status: transfer.status, id: transfer.liquidationId },
        from: `${transfer.fromUid} ${transfer.fromAccountType}`,
        to: `${transfer.toUid} ${transfer.toAccountType}`,
      })),
    ),
    ...(reading.offsets ?? []).map(({ atMs, asset, delta, type, deductedInterest, liabilityAsset }) => ({
      ...{ kind: 'rebate', at: csvTime(atMs), asset, amount: exactText(delta), type },
      ...{ interest: stated(deductedInterest), to: liabilityAsset ?? '' },
    })),
  ];
  return csvText(
    LOAN_COLUMNS,
    rows.map((row) => LOAN_COLUMNS.map((column) => row[column] ?? '')),
  );
}

const STATEMENT_COLUMNS = [
  'kind',
  'asset',
  'day',
  'opening',
  'borrowed',
  'repaid',
  'forcedRepaid',
  'computedClosing',
  'statedClosing',
  'interest',
  'interestRows',
  'text',
  'asOf',
] as const;

type StatementRow = { readonly [Column in (typeof STATEMENT_COLUMNS)[number]]?: string };

/** First whether it adds up and what wasn't read or checked; then a line for each asset and each of its days with interest. */
export function statementCsv(view: StatementView): string {
  const { assets, differences, interestUnchecked, missing, missingForInterest, flaws, asOfMs } = view;
  const rounding = roundingText(view);
  const rows: StatementRow[] = [
    { kind: 'verdict', text: verdictOf(view).text, asOf: csvTime(asOfMs) },
    ...differences.map((text) => ({ kind: 'difference', text })),
    ...unreadRows([...missing, ...missingForInterest], flaws),
    ...interestUnchecked.flatMap(({ asset, why }) =>
      why.map((each) => ({ kind: 'unchecked', asset, text: `Interest paid: ${uncheckedText(each, view)}` })),
    ),
    ...(rounding === null ? [] : [{ kind: 'rounding', text: rounding }]),
    ...assets.flatMap((each): StatementRow[] => [
      {
        ...{ kind: 'asset', asset: each.asset, opening: exactText(each.opening) },
        ...{ borrowed: exactText(each.borrowed), repaid: exactText(each.repaid) },
        ...{ forcedRepaid: exactText(each.forcedRepaid), interest: exactText(each.interest) },
        computedClosing: exactText(each.computedClosing),
        statedClosing: exactText(each.statedClosing),
      },
      ...each.interestByDay.map(({ day, interest, rows: count }) => ({
        ...{
          kind: 'day',
          asset: each.asset,
          day,
          interest: exactText(interest),
          interestRows: String(count),
        },
      })),
    ]),
  ];
  return csvText(
    STATEMENT_COLUMNS,
    rows.map((row) => STATEMENT_COLUMNS.map((column) => row[column] ?? '')),
  );
}

/** A file is passed on without its message. */
function unreadRows(missing: readonly string[], flaws: readonly string[]) {
  return [
    ...missing.map((text) => ({ kind: 'missing', text })),
    ...flaws.map((text) => ({ kind: 'flaw', text })),
  ];
}

function stated(value: Amount | null): string {
  return value === null ? '' : exactText(value);
}
