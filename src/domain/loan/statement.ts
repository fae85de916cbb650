/** A month's statement of one unit. */
import type { Amount } from '../amount.ts';

/** One asset of a statement. Days and the month are UTC, so that everybody reads the same statement. */
export interface StatementAsset {
  readonly asset: string;
  readonly opening: Amount;
  readonly borrowed: Amount;
  /** Principal. */
  readonly repaid: Amount;
  /** Principal. */
  readonly forcedRepaid: Amount;
  /** opening + borrowed − repaid − forced. */
  readonly computedClosing: Amount;
  /** As Binance shows it, now or at the end of the month. */
  readonly statedClosing: Amount;
  readonly interest: Amount;
  readonly interestByDay: readonly {
    readonly day: string;
    readonly interest: Amount;
    readonly rows: number;
  }[];
}
