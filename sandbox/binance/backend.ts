import type { Ledger } from './ledger.ts';
import type { ExchangeClock, Settings } from './settings.ts';

/** What an endpoint's answer is made from. */
export interface Backend {
  readonly ledger: Ledger;
  readonly settings: Settings;
  readonly clock: ExchangeClock;
}
