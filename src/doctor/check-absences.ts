/** Who is away, as people entered it: approvers are looked up with it, and its record must be readable. */
import type { Absence } from '../domain/close/close-rules.ts';
import { inForce } from '../domain/close/rule-book.ts';
import { StoreUnavailable, UnreadableRecord } from '../usecases/ports.ts';
import type { RuleBookStore } from '../usecases/rule-book.ts';
import { type Finding, findingsAbout } from './finding.ts';

/** None of either where Redis can't be reached: its own check says so. */
export async function readAbsences(
  store: Pick<RuleBookStore, 'load'>,
): Promise<{ readonly absences: readonly Absence[]; readonly findings: readonly Finding[] }> {
  try {
    const { book, nowMs } = await store.load();
    return { absences: inForce(book?.absences ?? [], nowMs), findings: [] };
  } catch (error) {
    if (error instanceof StoreUnavailable) return { absences: [], findings: [] };
    if (!(error instanceof UnreadableRecord)) throw error;
    const finding = findingsAbout('Redis').fault(
      `the record of who is away can't be read: ${error.what}. Nobody stands in for them`,
      'See docs/operations.md, “The record of the rules can’t be read”.',
    );
    return { absences: [], findings: [finding] };
  }
}
