/**
 * Close requests in Redis. The rule is `decide` in the domain; here one script makes its result durable if nothing
 * changed in between: record, indexes, unit key, audit entry and notices together, or nothing.
 */

import type { LongId } from '../domain/amount.ts';
import { FIRST_SEAL, sealEntry } from '../domain/audit-chain.ts';
import { LOOKED_AT_EVERY_MS } from '../domain/close/attention.ts';
import type { CloseRequest, RequestEvent, RequestEventType } from '../domain/close/close-request.ts';
import { isTerminal } from '../domain/close/close-state.ts';
import { requestBody } from '../domain/close/request-entry.ts';
import {
  type Change,
  type CloseRequestStore,
  type NewestOfRecord,
  type RecordCopy,
  type RequestOverview,
  type Saved,
  type StoredRequest,
  UnreadableRecord,
} from '../usecases/ports.ts';
import { textOf } from './audit-log.ts';
import { encodeNotices } from './outbox-item.ts';
import { eachOrUnreadable, isStored, orUnreadable, type StoredRecord } from './record-codec.ts';
import { COMMAND_REMEMBERED_MS, RedisRecordStore } from './record-store.ts';
import { decodeRecord, encodeRecord, RECORD_SCHEMA } from './request-record.ts';
import { saveOnReplicas } from './save-on-replicas.ts';
import type { NamedRecord } from './scripts.ts';

const UNITS_A_CALL = 500;
/** A look that is put off further was put off by a clock that has been wrong; the lease comes on top of the rule's. */
const PUT_OFF_AT_MOST_MS = 2 * LOOKED_AT_EVERY_MS;

/** What the scripts answer; see their headers. */
const OPENED = 1;
const HELD = 0;
const SEAL_AGAIN = -1;
const SAVED = 1;
const SAVED_WITHOUT_UNIT = 2;
const CONFLICT = 0;
const TOO_LATE = -1;

/** Changes that a failover must not lose silently: votes and vetoes, and the mark before the DELETE. */
const WAITED_FOR: ReadonlySet<RequestEventType> = new Set([
  'approved',
  'rejected',
  'withdrawn',
  'sent',
  'mark-restored',
]);

export class RedisCloseRequestStore extends RedisRecordStore implements CloseRequestStore {
  async nowMs(): Promise<number> {
    return this.clock.believe(await this.connection.script('nowMs', this.keys.open));
  }

  async open(
    change: Omit<Change, 'from' | 'notAfterMs'>,
  ): Promise<{ readonly kind: 'opened' | 'exists' } & RecordCopy> {
    return this.openings.chain<{ readonly kind: 'opened' | 'exists' } & RecordCopy>(async (lastOpening) => {
      const { request, stored, answer } = await this.#tryOpen(change, lastOpening);
      const [status, idOrSeal = '', record] = answer;
      if (status === OPENED)
        return { newest: request.audit.seal, value: { kind: 'opened', request, stored } };
      if (status === HELD && record !== undefined)
        return { newest: lastOpening, value: { kind: 'exists', ...this.#copyOf(idOrSeal, record) } };
      if (status !== SEAL_AGAIN) throw new Error(`the id ${change.next.id} was used for a request before`);
      return { newest: idOrSeal };
    });
  }

  async #tryOpen(change: Omit<Change, 'from' | 'notAfterMs'>, lastOpening: string) {
    const { next, event, notices, attentionAtMs } = change;
    const entry = sealEntry(requestBody(next, event, 1, lastOpening), FIRST_SEAL, this.auditKey);
    const request: CloseRequest = { ...next, revision: 1, audit: { sequence: 1, seal: entry.seal } };
    const stored = encodeRecord(request);
    const keys = this.keys;
    const answer = await this.connection.script(
      'openRequest',
      keys.record(next.id),
      keys.unit(next.groupId),
      keys.open,
      keys.recent,
      keys.attention,
      keys.audit,
      keys.lastOpening,
      keys.outbox(next.id),
      keys.outboxDue,
      next.id,
      keys.recordStem,
      lastOpening,
      entry.seal,
      textOf(entry),
      RECORD_SCHEMA,
      stored,
      this.recordSeals.seal(next.id, stored),
      next.createdAtMs,
      attentionAtMs ?? '',
      ...encodeNotices(this.noticeSeals, request.id, `${request.revision}.`, event.atMs, notices),
    );
    return { request, stored, answer };
  }

  async load(requestId: string): Promise<StoredRequest | null> {
    const [nowMs, record] = await this.connection.script('loadRequest', this.keys.record(requestId));
    if (!isStored(record)) return null;
    return { ...this.#copyOf(requestId, record), nowMs: this.clock.believe(nowMs) };
  }

  requestIds(): Promise<readonly string[]> {
    return this.connection.run('zrange', (client) => client.zrange(this.keys.recent, '0', '-1'));
  }

  async newestEntries(requestIds: readonly string[]): Promise<readonly NewestOfRecord[]> {
    if (requestIds.length === 0) return [];
    const { recent, recordStem } = this.keys;
    const records = await this.connection.script('loadRecords', recent, recordStem, ...requestIds);
    return eachOrUnreadable(requestIds, records, (id, record) => this.#copyOf(id, record).request.audit);
  }

  /** Throws UnreadableRecord. */
  #copyOf(requestId: string, record: StoredRecord): RecordCopy {
    return decodeRecord(this.recordSeals, requestId, record);
  }

  async save(change: Change): Promise<Saved> {
    const { next, event, notices, notAfterMs, attentionAtMs } = change;
    const from = change.from.request;
    const entry = sealEntry(
      requestBody(next, event, from.audit.sequence + 1, null),
      from.audit.seal,
      this.auditKey,
    );
    const request: CloseRequest = {
      ...next,
      revision: from.revision + 1,
      audit: { sequence: entry.body.sequence, seal: entry.seal },
    };
    const stored = encodeRecord(request);
    const keys = this.keys;
    const commandId = this.newId();
    const command = [
      keys.record(from.id),
      keys.unit(from.groupId),
      keys.open,
      keys.attention,
      keys.closedThrough,
      keys.audit,
      keys.outbox(from.id),
      keys.outboxDue,
      keys.command(commandId),
      from.id,
      change.from.stored,
      from.audit.seal,
      notAfterMs ?? '',
      request.revision,
      entry.seal,
      textOf(entry),
      RECORD_SCHEMA,
      stored,
      this.recordSeals.seal(from.id, stored),
      unitKeyRule(next, event),
      next.state === 'closed' ? from.groupId : '',
      attentionAtMs ?? '',
      next.createdAtMs,
      COMMAND_REMEMBERED_MS,
      ...encodeNotices(this.noticeSeals, request.id, `${request.revision}.`, event.atMs, notices),
    ];
    const replicas = WAITED_FOR.has(event.type) ? this.waitReplicas : 0;
    const { answer: status, acknowledged } = await this.connection.run('saveRequest', (client) =>
      saveOnReplicas(client, 'saveRequest', command, replicas),
    );
    const isSaved = status === SAVED || status === SAVED_WITHOUT_UNIT;
    if (status === SAVED_WITHOUT_UNIT) {
      this.log.error(
        { requestId: from.id, groupId: from.groupId, event: event.type },
        'unit of a sent request is held by another',
      );
    }
    if (isSaved) this.throwIfTooFew(acknowledged, replicas, { requestId: from.id, event: event.type });
    if (isSaved) return { kind: 'saved', request, stored };
    if (status === CONFLICT) return { kind: 'conflict' };
    if (status === TOO_LATE) return { kind: 'too-late' };
    throw new Error(`close request ${from.id} is open but does not hold unit ${from.groupId}`);
  }

  async openRequestFor(groupId: LongId): Promise<CloseRequest | null> {
    const [id, record] = await this.connection.script(
      'requestOfUnit',
      this.keys.unit(groupId),
      this.keys.recordStem,
    );
    return id === undefined || record === undefined ? null : this.#copyOf(id, record).request;
  }

  async listOpen(): Promise<readonly CloseRequest[]> {
    return (await this.#open()).requests;
  }

  async listRecent(limit: number, before?: number): Promise<readonly CloseRequest[]> {
    return (await this.#recent(limit, before)).requests;
  }

  async overview(limit: number): Promise<RequestOverview> {
    const [open, recent] = await Promise.all([this.#open(), this.#recent(limit)]);
    const unreadable = [...new Set([...open.unreadable, ...recent.unreadable])];
    return { open: open.requests, recent: recent.requests, unreadable };
  }

  async #open(): Promise<Listed> {
    const { open, recordStem } = this.keys;
    return this.#listed(
      await this.connection.script('listRequests', open, recordStem, 'oldest-first', '+inf', -1),
    );
  }

  async #recent(limit: number, before?: number): Promise<Listed> {
    const { recent, recordStem } = this.keys;
    const highest = before === undefined ? '+inf' : `(${before}`;
    return this.#listed(
      await this.connection.script('listRequests', recent, recordStem, 'newest-first', highest, limit),
    );
  }

  #listed(answer: readonly NamedRecord[]): Listed {
    const requests: CloseRequest[] = [];
    const unreadable: string[] = [];
    for (const named of answer) {
      const copy = this.#readable(named);
      if (copy === null) unreadable.push(named[0]);
      else requests.push(copy.request);
    }
    return { requests, unreadable };
  }

  async closedThrough(
    groupIds: readonly LongId[],
  ): Promise<ReadonlyMap<LongId, CloseRequest | 'unreadable'>> {
    const found = new Map<LongId, CloseRequest | 'unreadable'>();
    for (let at = 0; at < groupIds.length; at += UNITS_A_CALL) {
      const some = groupIds.slice(at, at + UNITS_A_CALL);
      const answer = await this.connection.script(
        'closedThrough',
        this.keys.closedThrough,
        this.keys.recordStem,
        ...some,
      );
      const through = new Map(answer.map(([groupId, ...named]) => [groupId, named]));
      for (const groupId of some) {
        const named = through.get(groupId);
        if (named === undefined) continue;
        const request = this.#readable(named)?.request;
        const fits = request?.groupId === groupId && request.state === 'closed';
        found.set(groupId, fits ? request : 'unreadable');
      }
    }
    return found;
  }

  /** A record that cannot be read is named in the log and left leased: it must not keep the others from their turn. */
  async takeAttention(leaseMs: number, limit: number): Promise<readonly StoredRequest[]> {
    const [nowMs, ...answer] = await this.connection.script(
      'takeAttention',
      this.keys.attention,
      this.keys.recordStem,
      leaseMs,
      limit,
      PUT_OFF_AT_MOST_MS,
    );
    this.clock.believe(nowMs);
    return answer.flatMap((named) => {
      const copy = this.#readable(named);
      return copy === null ? [] : [{ ...copy, nowMs }];
    });
  }

  /** Null: it cannot be read, and the log names it; it must not keep people from seeing the others. */
  #readable([id, record]: NamedRecord): RecordCopy | null {
    const copy = orUnreadable(() => this.#copyOf(id, record));
    if (!(copy instanceof UnreadableRecord)) return copy;
    this.log.error({ requestId: id, why: copy.message }, 'close request unreadable');
    return null;
  }

  async postponeAttention(requestId: string, revision: number, atMs: number): Promise<void> {
    await this.connection.script(
      'postponeAttention',
      this.keys.record(requestId),
      this.keys.attention,
      requestId,
      revision,
      atMs,
    );
  }
}

/** What the new state needs of the unit's key; see save-request.lua. */
function unitKeyRule(
  { state, sent }: CloseRequest,
  { type }: RequestEvent,
): 'release' | 'must-hold' | 'take-if-free' {
  if (isTerminal(state)) return 'release';
  return sent === null || type === 'sent' ? 'must-hold' : 'take-if-free';
}

interface Listed {
  readonly requests: readonly CloseRequest[];
  readonly unreadable: readonly string[];
}
