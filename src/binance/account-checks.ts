/** What a doctor asks before the first day: is the exchange up, and what is each key allowed to do. */
import { z } from 'zod';
import type { Read } from '../usecases/ports.ts';
import type { AccountBook } from './account-book.ts';
import type { ReadCaller } from './caller.ts';
import { ENDPOINTS } from './endpoints.ts';
import { failureOf } from './failure.ts';
import { flagField } from './fields.ts';
import type { SystemStatus } from './system-status.ts';

export interface KeyPermissions {
  /** Only from the addresses on its list. */
  readonly ipRestrict: boolean;
  readonly enableReading: boolean;
  /** What the loan pages demand for calls that change something. */
  readonly enableSpotAndMarginTrading: boolean;
  /** Loandesk never needs it. */
  readonly enableWithdrawals: boolean;
}

export interface ExchangeChecks {
  /** True: under maintenance. Null: no answer. */
  isUnderMaintenance(): Promise<boolean | null>;
  /** GET /sapi/v1/account/apiRestrictions with the key of the account of that name. */
  permissionsOf(accountName: string): Promise<Read<KeyPermissions>>;
}

const permissions = z.object({
  ipRestrict: flagField,
  enableReading: flagField,
  enableSpotAndMarginTrading: flagField,
  enableWithdrawals: flagField,
});

export function createAccountChecks(options: {
  readonly book: AccountBook;
  readonly reads: ReadCaller;
  readonly status: SystemStatus;
}): ExchangeChecks {
  return {
    isUnderMaintenance: () => options.status.ask(),
    async permissionsOf(name) {
      const account = options.book.choose(ENDPOINTS.apiRestrictions, { by: 'name', name });
      const result = await options.reads.call({
        endpoint: ENDPOINTS.apiRestrictions,
        account,
        parameters: [],
        priority: 'interactive',
      });
      if (result.kind !== 'answered') return { ok: false, failure: failureOf(result, account) };
      const parsed = permissions.safeParse(result.json);
      if (parsed.success) return { ok: true, value: parsed.data, asOfMs: result.asOfMs, flaws: [] };
      const detail = "it does not list the key's permissions";
      return { ok: false, failure: failureOf({ kind: 'unreadable', detail }, account) };
    },
  };
}
