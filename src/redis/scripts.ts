/**
 * The Lua scripts, loaded once from the files beside this one and defined on a client under their own names. Each
 * file's header says what it does, its KEYS, ARGV and answer. Answers are numbers or arrays, never error replies:
 * Redis 7 puts "ERR " before a one-word error, so a code in it would depend on the server's version.
 */
import { readFileSync } from 'node:fs';
import type { Cluster, Redis, Result } from 'ioredis';
import type { StoredRecord } from './record-codec.ts';

type Arguments = readonly (string | number)[];

export type NamedRecord = [id: string, record: StoredRecord];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    nowMs(...args: Arguments): Result<number, Context>;
    loadRequest(...args: Arguments): Result<[nowMs: number, record: StoredRecord], Context>;
    loadRecords(...args: Arguments): Result<StoredRecord[], Context>;
    loadWatch(
      ...args: Arguments
    ): Result<
      [
        nowMs: number,
        newest: string,
        record: StoredRecord,
        ...[id: string, record: StoredRecord, sinceMs: string][],
      ],
      Context
    >;
    saveWatch(...args: Arguments): Result<[status: number, what?: string], Context>;
    loadRules(...args: Arguments): Result<[nowMs: number, newest: string, record: StoredRecord], Context>;
    saveRules(...args: Arguments): Result<[status: number, newestOpening?: string], Context>;
    addSamples(...args: Arguments): Result<number, Context>;
    openRequest(
      ...args: Arguments
    ): Result<[status: number, idOrSeal?: string, record?: StoredRecord], Context>;
    saveRequest(...args: Arguments): Result<number, Context>;
    listRequests(...args: Arguments): Result<NamedRecord[], Context>;
    requestOfUnit(...args: Arguments): Result<[] | NamedRecord, Context>;
    closedThrough(...args: Arguments): Result<[groupId: string, ...NamedRecord][], Context>;
    takeAttention(...args: Arguments): Result<[nowMs: number, ...NamedRecord[]], Context>;
    postponeAttention(...args: Arguments): Result<number, Context>;
    requestTrail(...args: Arguments): Result<[id: string, fields: string[]][], Context>;
    outboxTake(
      ...args: Arguments
    ): Result<
      [
        nowMs: number,
        ...[
          id: string,
          notice: string,
          attempts: string,
          timesLeft: string,
          timesTaken: number,
          StoredRecord,
        ][],
      ],
      Context
    >;
    outboxRemove(...args: Arguments): Result<number, Context>;
    outboxRetry(...args: Arguments): Result<number, Context>;
    outboxRetryKept(...args: Arguments): Result<number, Context>;
    outboxRedraw(...args: Arguments): Result<number, Context>;
    outboxBacklog(
      ...args: Arguments
    ): Result<
      [nowMs: number, requests: number, setAside: number, kept: number, ...oldest: string[]],
      Context
    >;
    reserveWeight(...args: Arguments): Result<[reserved: number, used: number], Context>;
    raiseWeight(...args: Arguments): Result<number, Context>;
    stopBucket(...args: Arguments): Result<number, Context>;
    stopsInForce(...args: Arguments): Result<string[], Context>;
    liftStops(...args: Arguments): Result<number, Context>;
    sinceLift(...args: Arguments): Result<number, Context>;
    takeToken(...args: Arguments): Result<number, Context>;
    releaseToken(...args: Arguments): Result<number, Context>;
    reportReading(...args: Arguments): Result<number, Context>;
    stopReading(...args: Arguments): Result<number, Context>;
  }
}

interface Script {
  readonly file: string;
  readonly numberOfKeys: number;
}

const SCRIPTS = {
  nowMs: { file: 'now', numberOfKeys: 1 },
  loadRequest: { file: 'load-request', numberOfKeys: 1 },
  loadRecords: { file: 'load-records', numberOfKeys: 1 },
  loadWatch: { file: 'load-watch', numberOfKeys: 2 },
  saveWatch: { file: 'save-watch', numberOfKeys: 7 },
  loadRules: { file: 'load-rules', numberOfKeys: 2 },
  saveRules: { file: 'save-rules', numberOfKeys: 7 },
  addSamples: { file: 'add-samples', numberOfKeys: 1 },
  openRequest: { file: 'open-request', numberOfKeys: 9 },
  saveRequest: { file: 'save-request', numberOfKeys: 9 },
  listRequests: { file: 'list-requests', numberOfKeys: 1 },
  requestOfUnit: { file: 'request-of-unit', numberOfKeys: 1 },
  closedThrough: { file: 'closed-through', numberOfKeys: 1 },
  takeAttention: { file: 'take-attention', numberOfKeys: 1 },
  postponeAttention: { file: 'postpone-attention', numberOfKeys: 2 },
  requestTrail: { file: 'request-trail', numberOfKeys: 2 },
  outboxTake: { file: 'outbox-take', numberOfKeys: 4 },
  outboxRemove: { file: 'outbox-remove', numberOfKeys: 6 },
  outboxRetry: { file: 'outbox-retry', numberOfKeys: 3 },
  outboxRetryKept: { file: 'outbox-retry-kept', numberOfKeys: 2 },
  outboxRedraw: { file: 'outbox-redraw', numberOfKeys: 2 },
  outboxBacklog: { file: 'outbox-backlog', numberOfKeys: 3 },
  reserveWeight: { file: 'reserve-weight', numberOfKeys: 2 },
  raiseWeight: { file: 'raise-weight', numberOfKeys: 1 },
  stopBucket: { file: 'stop-bucket', numberOfKeys: 1 },
  stopsInForce: { file: 'stops-in-force', numberOfKeys: 1 },
  liftStops: { file: 'lift-stops', numberOfKeys: 2 },
  sinceLift: { file: 'since-lift', numberOfKeys: 1 },
  takeToken: { file: 'take-token', numberOfKeys: 1 },
  releaseToken: { file: 'release-token', numberOfKeys: 1 },
  reportReading: { file: 'report-reading', numberOfKeys: 1 },
  stopReading: { file: 'stop-reading', numberOfKeys: 1 },
} as const satisfies Record<string, Script>;

const DEFINITIONS = Object.entries(SCRIPTS).map(([name, { file, numberOfKeys }]) => ({
  name,
  numberOfKeys,
  lua: readFileSync(new URL(`./lua/${file}.lua`, import.meta.url), 'utf8'),
}));

/** Makes every script a command of this client; ioredis sends EVALSHA, and the whole text once a connection. */
export function defineScripts(client: Pick<Redis | Cluster, 'defineCommand'>): void {
  for (const { name, lua, numberOfKeys } of DEFINITIONS) client.defineCommand(name, { lua, numberOfKeys });
}
