/** The stored form of what is kept beside the rules for closes. */
import { z } from 'zod';
import type { RuleBook } from '../domain/close/rule-book.ts';
import { RULES_ID } from '../domain/subject.ts';
import { audit, count, longId, ms, need, recordCodec, text } from './record-codec.ts';

export interface RuleBookRecord extends RuleBook {
  /** The save that wrote it: after a failover that lost the last ones, a revision alone may come twice. */
  readonly save: string;
}

const absence = z.strictObject({ approver: text, standIn: text, untilMs: ms });

const rule = z.strictObject({
  units: z.union([z.literal('*'), z.array(longId)]),
  releasesOver: text.nullable(),
  need: z.array(need),
  delayMs: ms.nullable(),
});

const ruleBook: z.ZodType<RuleBookRecord> = z.strictObject({
  schema: z.literal(1),
  save: text.min(1),
  revision: count.min(1),
  absences: z.array(absence.extend({ sinceMs: ms })),
  told: z
    .strictObject({
      rules: z.strictObject({ rules: z.array(rule), away: z.array(absence) }).nullable(),
    })
    .nullable(),
  accessDay: text.nullable(),
  audit,
});

export const ruleBookCodec = recordCodec(1, ruleBook, () => RULES_ID);
