/** What backs one unit: its accounts and wallets, folded away; wallets without anything in them are left out. */
import type { ContainerBlock, KnownBlock } from '@slack/types';
import { type Amount, ZERO } from '../../domain/amount.ts';
import type { MemberAccount, RiskUnit, Wallet } from '../../domain/unit/risk-unit.ts';
import type { DetailsView } from '../../usecases/read-unit-details.ts';
import { plain, section, sections } from './blocks.ts';
import { moneyText, plural } from './format.ts';
import { escapeMrkdwn, LIMITS, shorten } from './limits.ts';
import { type TableCell, textCell, wrappedTable } from './table-cells.ts';

interface FundedWallet {
  readonly account: string;
  readonly kind: string;
  readonly wallet: Wallet;
  /** Null: not known. */
  readonly counts: boolean | null;
}

/** Ten accounts with three wallets each are the most that Binance allows. */
const WALLETS_AT_MOST = 40;

export interface Collateral {
  readonly folded: ContainerBlock;
  /** The same where Slack takes no container. */
  readonly lines: readonly KnownBlock[];
}

export function collateral(unit: RiskUnit, members: DetailsView['members']): Collateral {
  const names = accountNames(unit.accounts);
  const funded = unit.accounts.flatMap((account, index) =>
    account.wallets
      .filter(({ netEquity, maintenanceMargin }) => !netEquity.eq(ZERO) || !maintenanceMargin.eq(ZERO))
      .map((wallet) => ({
        account: names[index] ?? '',
        kind: walletKind(wallet.accountType),
        wallet,
        counts: counts(account, wallet, members),
      })),
  );
  const title = `Collateral: ${plural(unit.accounts.length, 'account')}, ${plural(funded.length, 'funded wallet')}`;
  const shown = [...funded]
    .sort((a, b) => b.wallet.netEquity.cmp(a.wallet.netEquity))
    .slice(0, WALLETS_AT_MOST);
  const rest = [
    ...(members === null && funded.length > 0 ? ["Which wallets count couldn't be read just now."] : []),
    ...(funded.length > shown.length ? [`… and ${funded.length - shown.length} more wallets.`] : []),
  ];
  const notes = rest.length === 0 ? [] : [section(rest.join('\n'))];
  const lines = [`*${title}*`, ...shown.map(walletLine)];
  const table =
    shown.length === 0
      ? section('No wallet has anything in it.')
      : wrappedTable(
          HEADINGS,
          shown.map((each) => cells(each, unit.totalNetEquity)),
          [2, 3, 4],
        );
  return {
    folded: {
      type: 'container',
      title: plain(title, LIMITS.container.title),
      is_collapsible: true,
      default_collapsed: true,
      child_blocks: [table, ...notes],
    },
    lines: [...sections(lines, 4_000, (left) => `… and ${left} more wallets`), ...notes],
  };
}

const HEADINGS = ['Account', 'Wallet', 'Net equity', 'Share', 'Maint. margin'] as const;

function cells({ account, kind, wallet, counts }: FundedWallet, total: Amount): TableCell[] {
  return [
    textCell(account, 40),
    textCell(counts === false ? `${kind} (doesn't count)` : kind, 60),
    textCell(moneyText(wallet.netEquity), 60),
    textCell(shareOf(wallet.netEquity, total)),
    textCell(moneyText(wallet.maintenanceMargin), 60),
  ];
}

function shareOf(part: Amount, total: Amount): string {
  return total.gt(ZERO) && part.gte(ZERO) ? shorten(`${part.div(total).times(100).toFixed(0)}%`, 12) : '';
}

function walletLine({ account, kind, wallet, counts }: FundedWallet): string {
  const mark = counts === false ? " (doesn't count)" : '';
  return `• ${escapeMrkdwn(shorten(account, 60))}, ${escapeMrkdwn(kind)}${mark}: net equity ${shorten(moneyText(wallet.netEquity), 60)}, maintenance margin ${shorten(moneyText(wallet.maintenanceMargin), 60)}`;
}

const KINDS: Readonly<Record<string, string>> = {
  SPOT: 'Spot',
  CROSS_MARGIN: 'Cross margin',
  PORTFOLIO_MARGIN: 'Portfolio margin',
};

/** A wallet's type in words; plain text, not escaped. */
export function walletKind(accountType: string): string {
  return KINDS[accountType] ?? shorten(accountType, 40);
}

/** Binance lets a member take part with its spot wallet, its margin wallet, or both. */
function counts(
  account: MemberAccount,
  { accountType }: Wallet,
  members: DetailsView['members'],
): boolean | null {
  const member = members?.find(({ email }) => email.toLowerCase() === account.email.toLowerCase());
  if (member === undefined) return null;
  if (accountType === 'SPOT') return member.enableSpot;
  return KINDS[accountType] === undefined ? null : member.enableMargin;
}

/** What is before the @, where that tells the accounts apart: a phone has no room for more. */
function accountNames(accounts: readonly MemberAccount[]): readonly string[] {
  const short = accounts.map(({ email }) => email.slice(0, email.indexOf('@')));
  const areDistinct = new Set(short).size === short.length && !short.includes('');
  return areDistinct ? short : accounts.map(({ email }) => email);
}
