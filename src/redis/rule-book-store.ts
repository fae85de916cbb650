/**
 * What is kept beside the rules for closes, in Redis. The rule is in domain/close/rule-book.ts; here one script makes its
 * result durable if nothing changed in between: record, audit entries and messages together, or nothing.
 */
import { NO_RULE_BOOK, type RuleEventType } from '../domain/close/rule-book.ts';
import { type SealedRuleBook, sealRuleBookChange } from '../domain/close/rule-entry.ts';
import { RULES_ID } from '../domain/subject.ts';
import type { NewestOfRecord } from '../usecases/ports.ts';
import type { RuleBookSave, RuleBookStore, StoredRuleBook } from '../usecases/rule-book.ts';
import { textOf } from './audit-log.ts';
import { encodeNotices } from './outbox-item.ts';
import { isStored, orUnreadable, type StoredRecord } from './record-codec.ts';
import {
  COMMAND_REMEMBERED_MS,
  newestEntryIn,
  newestEntryText,
  RedisRecordStore,
  throwIfOlder,
} from './record-store.ts';
import { ruleBookCodec } from './rule-book-record.ts';
import { saveOnReplicas } from './save-on-replicas.ts';

/** What save-rules.lua answers. */
const SAVED = 1;
const CONFLICT = 0;

/** Changes that a failover must not lose silently: it would give a vote to who stood in, or bring back rules of before. */
const WAITED_FOR: ReadonlySet<RuleEventType> = new Set(['away', 'back', 'rules-changed']);

export class RedisRuleBookStore extends RedisRecordStore implements RuleBookStore {
  async load(): Promise<StoredRuleBook> {
    const [nowMs, newestText, record] = await this.#fields();
    this.clock.believe(nowMs);
    const newest = newestEntryIn(newestText);
    if (!isStored(record)) return { book: null, stored: '', newest, nowMs };
    const { value, stored } = ruleBookCodec.decode(this.recordSeals, RULES_ID, record);
    const { save: _, ...book } = value;
    throwIfOlder(RULES_ID, book.audit, newest);
    return { book, stored, newest, nowMs };
  }

  async save(change: RuleBookSave): Promise<'saved' | 'conflict'> {
    // The chain goes on where it was, so that a record that was lost or deleted doesn't break the trail for good.
    const from = change.from.book ?? { revision: NO_RULE_BOOK.revision, audit: change.from.newest };
    const commandId = this.newId();
    const [event] = change.events;
    const replicas = event !== undefined && WAITED_FOR.has(event.type) ? this.waitReplicas : 0;
    return this.openings.chain<'saved' | 'conflict'>(async (lastOpening) => {
      const sealed = sealRuleBookChange(change, from, lastOpening, this.auditKey);
      const command = this.#commandOf(change, sealed, lastOpening, commandId);
      const { answer, acknowledged } = await this.connection.run('saveRules', (client) =>
        saveOnReplicas(client, 'saveRules', command, replicas),
      );
      const [status, newestOpening = ''] = answer;
      if (status === SAVED) this.throwIfTooFew(acknowledged, replicas, { event: event?.type });
      if (status === SAVED) return { newest: sealed.lastOpening, value: 'saved' };
      if (status === CONFLICT) return { newest: lastOpening, value: 'conflict' };
      return { newest: newestOpening };
    });
  }

  #commandOf(
    { from, notices }: RuleBookSave,
    { entries, book, lastOpening: openingAfter }: SealedRuleBook,
    lastOpening: string,
    commandId: string,
  ): (string | number)[] {
    const keys = this.keys;
    const record = ruleBookCodec.encode(RULES_ID, { ...book, save: commandId });
    return [
      keys.record(RULES_ID),
      keys.audit,
      keys.lastOpening,
      keys.rulesNewest,
      keys.outbox(RULES_ID),
      keys.outboxDue,
      keys.command(commandId),
      from.stored,
      lastOpening,
      openingAfter,
      RULES_ID,
      ruleBookCodec.schema,
      record,
      this.recordSeals.seal(RULES_ID, record),
      newestEntryText(book.audit),
      COMMAND_REMEMBERED_MS,
      entries.length,
      ...entries.flatMap((entry) => [textOf(entry), entry.previousSeal, entry.seal]),
      ...encodeNotices(this.noticeSeals, RULES_ID, `${commandId}.`, from.nowMs, notices),
    ];
  }

  async newestEntry(): Promise<NewestOfRecord> {
    const [, , record] = await this.#fields();
    if (!isStored(record)) return null;
    return orUnreadable(() => ruleBookCodec.decode(this.recordSeals, RULES_ID, record).value.audit);
  }

  #fields(): Promise<[nowMs: number, newest: string, record: StoredRecord]> {
    const { rulesNewest } = this.keys;
    return this.connection.script('loadRules', this.keys.record(RULES_ID), rulesNewest);
  }
}
