/** What only the view of one unit asks for, never shared. */
import { z } from 'zod';
import type { ActivatedUnit, UnitDetails } from '../usecases/ports.ts';
import type { AccountBook } from './account-book.ts';
import {
  flagField,
  listAnswer,
  listField,
  longIdField,
  optionalAmountField,
  readRows,
  textField,
  timeField,
} from './answers.ts';
import { ENDPOINTS } from './endpoints.ts';
import { failed } from './failure.ts';
import type { ReadCaller } from './read-caller.ts';
import type { QueryParameter } from './signing.ts';

export const activatedRow: z.ZodType<ActivatedUnit> = z
  .object({
    groupId: longIdField,
    createTime: timeField,
    members: listField(
      z.object({ email: textField, type: textField, enableMargin: flagField, enableSpot: flagField }),
    ),
  })
  .transform(({ groupId, createTime, members }) => ({ groupId, createdAtMs: createTime, members }));

export const maxBorrowableAnswer = z.object({ maxBorrowableAmount: optionalAmountField });

export interface InstitutionalLoanOptions {
  readonly book: AccountBook;
  readonly reads: ReadCaller;
}

export function createInstitutionalLoan({ book, reads }: InstitutionalLoanOptions): UnitDetails {
  return {
    async activatedUnits({ priority }) {
      const endpoint = ENDPOINTS.activated;
      const account = book.parent();
      const call = { endpoint, account, parameters: [], priority };
      const result = await reads.read(call, listAnswer, 'it is not a list of units');
      if (result.kind !== 'read') return failed(result, account);
      const { rows, flawed } = readRows(result.value, activatedRow);
      return { ok: true, value: rows, asOfMs: result.asOfMs, flaws: flawed };
    },
    async maxBorrowable(groupId, asset, { priority }) {
      const endpoint = ENDPOINTS.maxBorrowable;
      const account = book.parent();
      const parameters: QueryParameter[] = [
        ['groupId', groupId],
        ['assetName', asset],
      ];
      const call = { endpoint, account, parameters, priority };
      const result = await reads.read(call, maxBorrowableAnswer, 'maxBorrowableAmount is no decimal number');
      if (result.kind !== 'read') return failed(result, account);
      return { ok: true, value: result.value.maxBorrowableAmount, asOfMs: result.asOfMs, flaws: [] };
    },
  };
}
