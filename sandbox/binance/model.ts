/**
 * What the stand-in stores about loans. Amounts are decimal strings, LONG ids are strings of digits, times are
 * UTC milliseconds. Field names follow the API's where a field is shown by it.
 */
export interface Wallet {
  accountType: string;
  netEquity: string;
  maintainMargin: string;
}

export interface Member {
  email: string;
  type: 'CREDIT' | 'COLLATERAL';
  enableMargin: boolean;
  enableSpot: boolean;
  wallets: Wallet[];
}

export interface Liability {
  assetName: string;
  principal: string;
  interest: string;
}

export interface Unit {
  groupId: string;
  parentEmail: string;
  creditEmail: string;
  createTimeMs: number;
  updateTimeMs: number;
  /** Shown as it is: neither its meaning nor its formula is documented. */
  parentAccountFrozenAmount: string | null;
  /** Shown instead of the computed limit until the unit is edited: the documents' example rounds differently. */
  shownBorrowLimit: string | null;
  liabilities: Liability[];
  members: Member[];
  /** The code with which a close is refused while the unit is being liquidated. */
  liquidation: -1024 | -27024 | null;
  /** The code with which a close is refused while a transaction is pending. */
  pending: -1025 | -27025 | null;
}

export interface ClosedUnit {
  groupId: string;
  parentEmail: string;
  creditEmail: string;
  createTimeMs: number;
  closeTimeMs: number;
  /** By the stand-in's unskewed clock; Infinity = not before `revealClosed`. */
  listedFromMs: number;
}

/** A row of borrow-repay. `tranId` is a LONG. */
export interface LoanRecord {
  groupId: string;
  tranId: string;
  assetName: string;
  amount: string;
  principal?: string;
  interest?: string;
  status: 'CONFIRM' | 'FAILED';
  type: 'BORROW' | 'NORMAL_REPAY' | 'FORCE_REPAY';
  timestampMs: number;
}

export interface InterestRecord {
  groupId: string;
  assetName: string;
  principal: string;
  /** Per hour, of up to ten decimals; shown cut to eight. */
  interestRate: string;
  interest: string;
  timestampMs: number;
}

/** A transfer from a collateral account to the credit account while a unit is liquidated. */
export interface LiquidationTransfer {
  timestampMs: number;
  fromUid: string;
  fromAccountType: string;
  toUid: string;
  toAccountType: string;
  status: 'CONFIRM';
  assets: { assetName: string; amount: string }[];
}

export interface LiquidationRecord {
  groupId: string;
  /** A LONG that only force-liquidation-transfer-record shows. */
  liquidationId: string;
  startLtv: string;
  endLtv: string;
  startMs: number;
  endMs: number;
  totalNetEquity: string;
  totalMaintenanceMargin: string;
  totalLiability: string;
  snapshots: {
    subEmail: string;
    memberType: string;
    walletType: string;
    netEquity: string;
    maintainMargin: string;
  }[];
  liability: Liability;
  transfers: LiquidationTransfer[];
}

export type RebateType = 'ADD' | 'DEDUCT' | 'INTEREST_OFFSET';

/** A change of the interest rebate, which one master account has, in USDT. */
export interface RebateRecord {
  type: RebateType;
  timestampMs: number;
  /** Positive for ADD, negative otherwise. */
  delta: string;
  /** Of INTEREST_OFFSET only. */
  offset?: {
    groupId: string;
    liabilityAsset: string;
    /** In the liability's asset: the delta times the rate, cut to eight decimals, as in the page's example. */
    deductedInterest: string;
    /** The liability's asset per USDT. */
    exchangeRate: string;
  };
}

/** Everything the stand-in starts with. */
export interface LedgerSeed {
  units: Unit[];
  closed: ClosedUnit[];
  records: LoanRecord[];
  interest: InterestRecord[];
  liquidations: LiquidationRecord[];
  rebates?: RebateRecord[];
  /** Of liabilities that have not the default rate. */
  rates?: { groupId: string; assetName: string; hourlyRate: string }[];
}
