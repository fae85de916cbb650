/**
 * The Lua scripts, loaded once from the files beside this one and defined on a client under their own names. Each
 * file's header says what it does, its KEYS, ARGV and answer. Answers are numbers or arrays, never error replies:
 * Redis 7 puts "ERR " before a one-word error, so a code in it would depend on the server's version.
 */
import { readFileSync } from 'node:fs';
import type { Cluster, Redis, Result } from 'ioredis';
import type { StoredRecord } from './record-codec.ts';

export type ScriptArguments = readonly (string | number)[];

export type NamedRecord = [id: string, record: StoredRecord];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    nowMs(...args: ScriptArguments): Result<number, Context>;
    loadRequest(...args: ScriptArguments): Result<[nowMs: number, record: StoredRecord], Context>;
    loadRecords(...args: ScriptArguments): Result<StoredRecord[], Context>;
    loadWatch(
      ...args: ScriptArguments
    ): Result<
      [
        nowMs: number,
        newest: string,
        record: StoredRecord,
        ...[id: string, record: StoredRecord, sinceMs: string][],
      ],
      Context
    >;
    saveWatch(...args: ScriptArguments): Result<[status: number, what?: string], Context>;
    loadRules(
      ...args: ScriptArguments
    ): Result<[nowMs: number, newest: string, record: StoredRecord], Context>;
    saveRules(...args: ScriptArguments): Result<[status: number, newestOpening?: string], Context>;
    addSamples(...args: ScriptArguments): Result<number, Context>;
    openRequest(
      ...args: ScriptArguments
    ): Result<[status: number, idOrSeal?: string, record?: StoredRecord], Context>;
    saveRequest(...args: ScriptArguments): Result<number, Context>;
    listRequests(...args: ScriptArguments): Result<NamedRecord[], Context>;
    requestOfUnit(...args: ScriptArguments): Result<[] | NamedRecord, Context>;
    closedThrough(...args: ScriptArguments): Result<[groupId: string, ...NamedRecord][], Context>;
    takeAttention(...args: ScriptArguments): Result<[nowMs: number, ...NamedRecord[]], Context>;
    postponeAttention(...args: ScriptArguments): Result<number, Context>;
    requestTrail(...args: ScriptArguments): Result<[id: string, fields: string[]][], Context>;
    outboxTake(
      ...args: ScriptArguments
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
    outboxRemove(...args: ScriptArguments): Result<number, Context>;
    outboxRetry(...args: ScriptArguments): Result<number, Context>;
    outboxRetryKept(...args: ScriptArguments): Result<number, Context>;
    outboxRedraw(...args: ScriptArguments): Result<number, Context>;
    outboxBacklog(
      ...args: ScriptArguments
    ): Result<
      [nowMs: number, requests: number, setAside: number, kept: number, ...oldest: string[]],
      Context
    >;
    reserveWeight(...args: ScriptArguments): Result<[reserved: number, used: number], Context>;
    raiseWeight(...args: ScriptArguments): Result<number, Context>;
    stopBucket(...args: ScriptArguments): Result<number, Context>;
    stopsInForce(...args: ScriptArguments): Result<string[], Context>;
    liftStops(...args: ScriptArguments): Result<number, Context>;
    sinceLift(...args: ScriptArguments): Result<number, Context>;
    takeToken(...args: ScriptArguments): Result<number, Context>;
    releaseToken(...args: ScriptArguments): Result<number, Context>;
    reportReading(...args: ScriptArguments): Result<number, Context>;
    stopReading(...args: ScriptArguments): Result<number, Context>;
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

export type ScriptName = keyof typeof SCRIPTS;

const DEFINITIONS = Object.entries(SCRIPTS).map(([name, { file, numberOfKeys }]) => ({
  name,
  numberOfKeys,
  lua: readFileSync(new URL(`./lua/${file}.lua`, import.meta.url), 'utf8'),
}));

/** Makes every script a command of this client; ioredis sends EVALSHA, and the whole text once a connection. */
export function defineScripts(client: Pick<Redis | Cluster, 'defineCommand'>): void {
  for (const { name, lua, numberOfKeys } of DEFINITIONS) client.defineCommand(name, { lua, numberOfKeys });
}
