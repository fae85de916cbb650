/** What Binance says of one unit beside its figures. The figures are shown without it, too. */
import type { Amount } from '../domain/amount.ts';
import { outstanding, type RiskUnit } from '../domain/unit/risk-unit.ts';
import type { ActivatedMember, Read, UnitDetails } from './ports.ts';

export interface DetailsView {
  /** How much of each asset that is owed Binance still lends; null: it couldn't be read, or Binance states none. */
  readonly borrowable: readonly { readonly asset: string; readonly amount: Amount | null }[];
  /** Which wallets count; null: it couldn't be read. */
  readonly members: readonly ActivatedMember[] | null;
}

/** Each costs half the weight of the figures themselves. */
const ASSETS_AT_MOST = 4;
const ASK = { priority: 'interactive' } as const;

export async function readUnitDetails(details: UnitDetails, unit: RiskUnit): Promise<DetailsView> {
  const assets = [...new Set(outstanding(unit).map(({ asset }) => asset))].slice(0, ASSETS_AT_MOST);
  const [units, ...amounts] = await Promise.all([
    known(details.activatedUnits(ASK)),
    ...assets.map((asset) => known(details.maxBorrowable(unit.groupId, asset, ASK))),
  ]);
  return {
    borrowable: assets.map((asset, index) => ({ asset, amount: amounts[index] ?? null })),
    members: units?.find(({ groupId }) => groupId === unit.groupId)?.members ?? null,
  };
}

/** Null where it couldn't be read; how long a person waits for that is the client's to bound. */
async function known<Value>(read: Promise<Read<Value>>): Promise<Value | null> {
  const answer = await read;
  return answer.ok ? answer.value : null;
}
