/**
 * A forced liquidation as one step: collateral accounts pay the credit account, which repays. Real ones last, and sell;
 * the stand-in has no markets, so a wallet's equity is worth what it repays, whatever the asset.
 */
import { Big } from 'big.js';
import { figuresOf } from './answers.ts';
import { uidOf } from './key-ring.ts';
import { type LoanBook, owes } from './loan-book.ts';
import type { LiquidationTransfer, Member, Unit, Wallet } from './model.ts';

/** Repays from inside the unit until its LTV is `ltv`, or until nothing is left. @throws when it is there already. */
export function liquidate(book: LoanBook, unit: Unit, ltv: string, atMs: number): void {
  const before = figuresOf(unit);
  const due = dueFor(before, ltv);
  const [largest] = unit.liabilities.toSorted((a, b) => owes(b).cmp(owes(a)));
  if (due.lte(0) || largest === undefined)
    throw new Error(`unit ${unit.groupId} is at LTV ${before.ltv} already`);
  const snapshots = unit.members.flatMap(({ email, type, wallets }) =>
    wallets.map(({ accountType, netEquity, maintainMargin }) => ({
      ...{ subEmail: email, memberType: type, walletType: accountType, netEquity, maintainMargin },
    })),
  );
  const liability = { ...largest };
  const transfers: LiquidationTransfer[] = [];
  let left = due;
  for (const each of unit.liabilities) {
    const owed = owes(each);
    const raised = raise(unit, each.assetName, owed.lt(left) ? owed : left, atMs, transfers);
    if (raised.gt(0))
      book.repay(unit, { assetName: each.assetName, amount: raised.toFixed() }, atMs, 'FORCE_REPAY');
    left = left.minus(raised);
  }
  book.liquidations.push({
    ...{ groupId: unit.groupId, liquidationId: String(56 + book.liquidations.length) },
    ...{ startLtv: before.ltv, endLtv: figuresOf(unit).ltv, startMs: atMs, endMs: atMs },
    ...{ totalNetEquity: before.totalNetEquity, totalMaintenanceMargin: before.totalMaintenanceMargin },
    ...{ totalLiability: before.totalLiability, snapshots, liability, transfers },
  });
}

/** (L - T·N) / (1 - T), at most what is owed. */
function dueFor(
  { totalNetEquity, totalMaintenanceMargin, totalLiability }: ReturnType<typeof figuresOf>,
  ltv: string,
): Big {
  const room = new Big(totalNetEquity).minus(totalMaintenanceMargin);
  const part = new Big(totalLiability)
    .minus(room.times(ltv))
    .div(new Big(1).minus(ltv))
    .round(8, Big.roundUp);
  return part.gt(totalLiability) ? new Big(totalLiability) : part;
}

/** Takes that much out of the wallets, those of collateral accounts first, and notes what they transfer. */
function raise(
  unit: Unit,
  assetName: string,
  wanted: Big,
  atMs: number,
  transfers: LiquidationTransfer[],
): Big {
  const isCredit = ({ type }: Member) => type === 'CREDIT';
  const credit = unit.members.find(isCredit);
  const toAccountType = credit?.wallets.find(({ accountType }) => accountType !== 'SPOT')?.accountType;
  let left = wanted;
  for (const member of unit.members.toSorted((a, b) => Number(isCredit(a)) - Number(isCredit(b)))) {
    for (const wallet of member.wallets) {
      const taken = takeFrom(wallet, left);
      left = left.minus(taken);
      if (taken.lte(0) || member === credit) continue;
      transfers.push({
        ...{ timestampMs: atMs, fromUid: uidOf(member.email), fromAccountType: wallet.accountType },
        ...{ toUid: uidOf(unit.creditEmail), toAccountType: toAccountType ?? 'PORTFOLIO_MARGIN' },
        ...{ status: 'CONFIRM', assets: [{ assetName, amount: taken.toFixed() }] },
      });
    }
  }
  return wanted.minus(left);
}

/** An emptied wallet needs no margin any more. */
function takeFrom(wallet: Wallet, wanted: Big): Big {
  const has = new Big(wallet.netEquity);
  const taken = has.lt(wanted) ? has : wanted;
  if (taken.lte(0)) return new Big(0);
  wallet.netEquity = has.minus(taken).toFixed();
  if (taken.eq(has)) wallet.maintainMargin = '0';
  return taken;
}
