/** A loan in words: rates per year, kinds of records, forced liquidations and what they moved. mrkdwn, escaped. */

import { type Amount, ZERO } from '../../domain/amount.ts';
import type { RateStep } from '../../domain/loan/interest.ts';
import {
  isConfirmed,
  kindOf,
  type LiquidationTransfer,
  type LoanRecord,
} from '../../domain/loan/loan-records.ts';
import type { LoanView } from '../../usecases/loan-desk.ts';
import { fitItems } from './blocks.ts';
import { walletKind } from './collateral.ts';
import { type Audience, account, dateToken, moneyText, plural, secondsToken } from './format.ts';
import { escapeMrkdwn, shorten, withoutMarks } from './limits.ts';

/** A word of Binance's own, so that nothing in it is drawn. */
export function exchangeWord(word: string, max: number): string {
  return escapeMrkdwn(withoutMarks(shorten(word, max)));
}

export function assetName(asset: string): string {
  return exchangeWord(asset, 20);
}

/** What isn't shown is in the CSV file; only the asker has the button for it. */
export function moreText(what: string, audience: Audience): string {
  return `… and ${what}${audience === 'private' ? ' in the CSV file' : ''}`;
}

/** The small print of every view of a loan: whose it is, and when it was read. */
export function sourceTexts(
  { creditEmail, asOfMs }: Pick<LoanView, 'creditEmail' | 'asOfMs'>,
  audience: Audience,
): readonly string[] {
  const asOf = `as of ${secondsToken(asOfMs)}`;
  if (creditEmail === null) return [asOf];
  return [`Credit account ${shorten(account(creditEmail, audience), 300)}`, asOf];
}

const HALF_EVEN = 2;
const FEWEST_DECIMALS = 2;
const MOST_DECIMALS = 8;

function percent(rate: Amount, decimals: number): string {
  return `${rate.times(100).toFixed(decimals, HALF_EVEN)}%`;
}

/** A rate per year: "7.30%"; a small one with as many decimals as it needs not to read as nothing. */
export function rateText(rate: Amount): string {
  const decimals = decimalsFor((each) => rate.eq(ZERO) || !/^-?0\.0*%$/.test(percent(rate, each)));
  return percent(rate, decimals);
}

function decimalsFor(isEnough: (decimals: number) => boolean): number {
  for (let decimals = FEWEST_DECIMALS; decimals < MOST_DECIMALS; decimals += 1)
    if (isEnough(decimals)) return decimals;
  return MOST_DECIMALS;
}

/** "Rate of USDT rose from 5.00% to 7.30% per year <when>", with as many decimals as tell the two apart. */
export function rateStepText(asset: string, { atMs, annualBefore, annualAfter }: RateStep): string {
  const decimals = decimalsFor((each) => percent(annualBefore, each) !== percent(annualAfter, each));
  const rose = annualAfter.gt(annualBefore);
  const emoji = rose ? ':chart_with_upwards_trend:' : ':chart_with_downwards_trend:';
  return `${emoji} Rate of ${assetName(asset)} *${rose ? 'rose' : 'fell'} from ${percent(annualBefore, decimals)} to ${percent(annualAfter, decimals)} per year* on ${dateToken(atMs)}`;
}

const KINDS = { borrow: 'Borrow', repay: 'Repay', 'forced-repay': 'Forced repay' } as const;
/** In a column of a phone, so that the amount beside it isn't cut off. */
export const SHORT_KINDS = { ...KINDS, 'forced-repay': 'Forced' } as const;

/** False: it failed, or Binance's pages don't say what it is. */
export function isCounted(record: LoanRecord): boolean {
  return isConfirmed(record) && kindOf(record) !== 'unknown';
}

/** "Repay failed". Plain text, not escaped. */
export function recordText(record: LoanRecord, kinds: typeof KINDS | typeof SHORT_KINDS = KINDS): string {
  const kind = kindOf(record);
  const name = kind === 'unknown' ? shorten(record.type, 30) : kinds[kind];
  if (isCounted(record)) return name;
  if (record.status === 'FAILED') return `${name} failed`;
  return `${name}${isConfirmed(record) ? '' : ` ${shorten(record.status, 20)}`} (not documented)`;
}

type ShownLiquidation = LoanView['liquidations'][number];

const LIQUIDATIONS_SHOWN = 2;
const TRANSFERS_SHOWN = 5;

/** Newest first, one text for each, the trail of its transfers beneath. */
export function liquidationTexts(
  liquidations: readonly ShownLiquidation[],
  audience: Audience,
): readonly string[] {
  const left = liquidations.length - LIQUIDATIONS_SHOWN;
  return [
    ...liquidations.slice(0, LIQUIDATIONS_SHOWN).map((each) => liquidationText(each, audience)),
    ...(left > 0 ? [moreText(plural(left, 'earlier forced liquidation'), audience)] : []),
  ];
}

function liquidationText({ liquidation, transfers }: ShownLiquidation, audience: Audience): string {
  const { startedAtMs, endedAtMs, startLtv, endLtv, totalLiability, totalNetEquity } = liquidation;
  const ended = endedAtMs === null ? ', not ended' : ` to ${dateToken(endedAtMs)}`;
  const after = endLtv === null ? 'not stated after' : `${ltvPercent(endLtv)} after`;
  const each = liquidation.liabilities
    .slice(0, 4)
    .map(({ asset, principal, interest }) => `${moneyText(principal.plus(interest))} ${assetName(asset)}`);
  const owing = each.length === 0 ? moneyText(totalLiability) : each.join(', ');
  const lines = [
    `:red_circle: *FORCED LIQUIDATION* ${dateToken(startedAtMs)}${ended}`,
    `LTV *${ltvPercent(startLtv)}* before, *${after}*`,
    `Before it: owed ${owing}, net equity ${moneyText(totalNetEquity)} as valued by Binance`,
    ...trail(transfers, audience),
  ];
  return fitItems(lines, 1_400, ' lines');
}

function ltvPercent(ltv: Amount): string {
  return percent(ltv, 2);
}

function trail(transfers: readonly LiquidationTransfer[], audience: Audience): readonly string[] {
  if (transfers.length === 0) return ['No transfer is recorded for its time.'];
  const left = transfers.length - TRANSFERS_SHOWN;
  return [
    ...transfers.slice(0, TRANSFERS_SHOWN).map((each) => `• ${transferText(each, audience)}`),
    ...(left > 0 ? [`• ${moreText(plural(left, 'more transfer'), audience)}`] : []),
  ];
}

const DONE = /^(SUCCESS|CONFIRM|CONFIRMED)$/i;

function transferText(transfer: LiquidationTransfer, audience: Audience): string {
  const { atMs, fromUid, fromAccountType, toUid, toAccountType, status, assets } = transfer;
  const moved = assets.slice(0, 4).map(({ asset, amount }) => `${moneyText(amount)} ${assetName(asset)}`);
  const more = assets.length > moved.length ? ` and ${assets.length - moved.length} more assets` : '';
  const what = moved.length === 0 ? 'nothing stated' : `*${moved.join(', ')}*${more}`;
  const wallet = (uid: string, type: string) =>
    `${exchangeWord(walletKind(type), 30)} of ${audience === 'private' ? uid : `…${uid.slice(-4)}`}`;
  const state = DONE.test(status) ? '' : ` (${exchangeWord(status, 20)})`;
  return `${dateToken(atMs)}: ${what} from ${wallet(fromUid, fromAccountType)} to ${wallet(toUid, toAccountType)}${state}`;
}
