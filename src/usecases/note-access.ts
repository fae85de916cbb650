/**
 * Writes into the audit trail once per UTC day who could approve: each list of approvers with its people, and who stands
 * in for whom. One of the replicas is the first; until Slack answers for all of them nothing is written.
 */
import { utcDay } from '../domain/calendar-day.ts';
import { type CloseRules, digestOfRules } from '../domain/close/close-rules.ts';
import type { Access } from './access.ts';
import { type Log, UnreadableRecord } from './ports.ts';
import type { KeepRuleBook } from './rule-book.ts';

export interface NoteAccessParts {
  readonly ruleBook: Pick<KeepRuleBook, 'load' | 'apply'>;
  readonly access: Pick<Access, 'whoCouldApprove'>;
  /** Null: there is no CLOSE_RULES_FILE. */
  readonly rules: () => CloseRules | null;
  /** Of the settings: the list where there are no rules. */
  readonly approvers: readonly string[];
  readonly log: Log;
}

/** One round; `failed`: to be tried again in the next one. Throws StoreUnavailable. */
export function createNoteAccess({
  ruleBook,
  access,
  rules,
  approvers,
  log,
}: NoteAccessParts): () => Promise<'noted' | 'not-due' | 'failed'> {
  async function round(): Promise<'noted' | 'not-due' | 'failed'> {
    const { book, nowMs } = await ruleBook.load();
    const day = utcDay(nowMs);
    if (book.accessDay !== null && day <= book.accessDay) return 'not-due';
    const given = rules();
    const found = await access.whoCouldApprove(given === null ? [approvers] : listsOf(given));
    if (!found.ok) {
      log.warn({ day, refusal: found.refusal }, 'who could approve today is not recorded yet');
      return 'failed';
    }
    const rulesDigest = given === null ? null : digestOfRules(given);
    const noted = await ruleBook.apply({
      type: 'note-access',
      day,
      access: { rulesDigest, ...found.value },
    });
    if (noted.ok) return 'noted';
    return noted.refusal.code === 'nothing-changed' ? 'not-due' : 'failed';
  }

  return async () => {
    try {
      return await round();
    } catch (error) {
      // Logged once, by the rule book.
      if (!(error instanceof UnreadableRecord)) throw error;
      return 'failed';
    }
  };
}

/** Each list that a rule names, once. */
function listsOf({ rules }: CloseRules): readonly (readonly string[])[] {
  const lists = rules.flatMap(({ need }) => need.map(({ from }) => from));
  return [...new Map(lists.map((from) => [from.join(), from])).values()];
}
