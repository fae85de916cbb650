/**
 * Says in the approvals channel and in the audit trail which rules for closes this process has, where they differ from
 * those told last: at the start and when they were read again. Replicas with different files don't take turns at it; one
 * that differs says so in the log and in `/loandesk status`.
 */
import { utc } from '../domain/calendar-day.ts';
import { type CloseRules, digestOfRules } from '../domain/close/close-rules.ts';
import { shortDigest } from '../domain/close/facts.ts';
import type { RuleBook } from '../domain/close/rule-book.ts';
import type { StatusView } from './desk.ts';
import { type Log, StoreUnavailable, UnreadableRecord } from './ports.ts';
import type { KeepRuleBook } from './rule-book.ts';

/** Why the file that was read last isn't in force; the rules of before hold. */
export interface RuleFaults {
  /** Since when a reading found faults, UTC milliseconds. */
  readonly sinceMs: number;
  readonly faults: readonly string[];
}

export interface NoteRules {
  /** To call after the file was read again and accepted. */
  readAgain(): void;
  /** One round: says what this process has, if it hasn't yet; else compares it with what was told last. */
  round(): Promise<void>;
  /**
   * Whether the rules that were told last are those of this process; true where that can't be read. A process with others
   * must send nothing: its file may be of before the change that people were told. Throws StoreUnavailable.
   */
  areTold(): Promise<boolean>;
  /** For `/loandesk status`. */
  status(): Promise<StatusView['lines']>;
}

export interface NoteRulesParts {
  readonly ruleBook: Pick<KeepRuleBook, 'load' | 'apply'>;
  /** Null: there is no CLOSE_RULES_FILE. */
  readonly rules: () => CloseRules | null;
  /** Null: the file that was read last is in force. */
  readonly ruleFaults: () => RuleFaults | null;
  readonly log: Log;
}

export function createNoteRules({ ruleBook, rules, ruleFaults, log }: NoteRulesParts): NoteRules {
  let timesRead = 1;
  let timeNoted = 0;
  /** Logged once: the digest that was told instead of ours. */
  let differsFrom: string | null | undefined;
  /** The revision at which what was told was ours. */
  let agreedAt: number | null = null;

  async function note(): Promise<void> {
    const time = timesRead;
    const noted = await ruleBook.apply({ type: 'note-rules', rules: rules() });
    if (!noted.ok && noted.refusal.code !== 'nothing-changed') return;
    timeNoted = time;
    for (const event of noted.ok ? noted.value.events : [])
      if (event.type === 'rules-changed')
        log.info({ from: event.from, to: event.to }, 'rules for closes changed');
  }

  async function compare(): Promise<void> {
    const { book } = await ruleBook.load();
    const told = differing(book, rules());
    if (told === undefined) {
      differsFrom = undefined;
      agreedAt = book.revision;
    } else if (agreedAt !== null && book.revision < agreedAt) {
      // A failover lost what was told: it is told again.
      timesRead += 1;
    } else if (told !== differsFrom) {
      differsFrom = told;
      log.warn({ ours: digestOf(rules()), told }, 'rules for closes differ from those announced last');
    }
  }

  async function bookLines(): Promise<StatusView['lines']> {
    const given = rules();
    try {
      const told = differing((await ruleBook.load()).book, given);
      if (told !== undefined)
        return [
          line(
            'warning',
            `this process decides under ${named(digestOf(given))}, but those announced last are ${named(told)}. Send SIGHUP to the process that is out of date, or restart it`,
          ),
        ];
    } catch (error) {
      // The lines about Redis and about stand-ins say so.
      if (error instanceof StoreUnavailable || error instanceof UnreadableRecord) return [];
      throw error;
    }
    if (given === null) return [];
    const count = given.rules.length;
    return [line('ok', `${count} rule${count === 1 ? '' : 's'}, ${named(digestOf(given))}`)];
  }

  return {
    readAgain() {
      timesRead += 1;
    },
    async round() {
      try {
        if (timeNoted !== timesRead) await note();
        await compare();
      } catch (error) {
        // Logged once, by the rule book. To be said once it can be read.
        if (!(error instanceof UnreadableRecord)) throw error;
      }
    },
    async areTold() {
      try {
        return differing((await ruleBook.load()).book, rules()) === undefined;
      } catch (error) {
        if (error instanceof UnreadableRecord) return true;
        throw error;
      }
    },
    async status() {
      const found = ruleFaults();
      const lines = await bookLines();
      return found === null ? lines : [line('warning', faultsText(found)), ...lines];
    },
  };
}

function line(level: 'ok' | 'warning', text: string): StatusView['lines'][number] {
  return { name: 'Rules', level, text };
}

function faultsText({ sinceMs, faults }: RuleFaults): string {
  const since = `${utc(sinceMs)} UTC`;
  const more = faults.length > 1 ? ` and ${faults.length - 1} more; the log has all` : '';
  return `CLOSE_RULES_FILE has faults since ${since}, so the earlier rules stay in force: ${faults[0] ?? ''}${more}`;
}

function digestOf(rules: CloseRules | null): string | null {
  return rules === null ? null : digestOfRules(rules);
}

/** The digest that was told, where it isn't that of these rules; undefined: it is, or none was told yet. */
function differing({ told }: RuleBook, rules: CloseRules | null): string | null | undefined {
  if (told === null || digestOf(told.rules) === digestOf(rules)) return undefined;
  return digestOf(told.rules);
}

function named(digest: string | null): string {
  return digest === null ? 'the settings, without CLOSE_RULES_FILE' : `digest ${shortDigest(digest)}`;
}
