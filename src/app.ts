/** The composition root: builds every part once, then starts and stops them. */

import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as timer } from 'node:timers/promises';
import { loadAccounts } from './binance/accounts.ts';
import { createLoanExchange, type LoanExchange } from './binance/loan-exchange.ts';
import { MAX_STOP_MS } from './binance/shared-state.ts';
import { referenceFrom, requestIdFrom } from './domain/request-id.ts';
import { episodeIdFrom } from './domain/subject.ts';
import { watchLevels } from './domain/watch/levels.ts';
import { type Background, createBackground } from './ops/background.ts';
import { createEvents } from './ops/events.ts';
import { createHealth, watchLoopDelay } from './ops/health.ts';
import type { LogOutputState } from './ops/log-output.ts';
import { type CleanLogger, Correlation } from './ops/logger.ts';
import { createMetrics } from './ops/metrics.ts';
import { createRedrawAfterReconnect } from './ops/redraw-after-reconnect.ts';
import { throwListeningFault, waitForRedis } from './ops/start-faults.ts';
import { createStatusProbe } from './ops/status-probe.ts';
import { createTracing, flushTraces, missingSdk } from './ops/tracing.ts';
import { type Call, createCall } from './pager/outgoing-call.ts';
import { createHeartbeat, createPagers } from './pager/pagers.ts';
import { RedisAuditLog } from './redis/audit-log.ts';
import { REDIS_TIMES } from './redis/client.ts';
import { RedisCloseRequestStore } from './redis/close-request-store.ts';
import { RedisConnection } from './redis/connection.ts';
import { KeyNames } from './redis/key-names.ts';
import { RedisOutbox } from './redis/outbox.ts';
import { RedisRuleBookStore } from './redis/rule-book-store.ts';
import { RedisReadingProgress, RedisSeenOnce, RedisSharedReads } from './redis/short-lived.ts';
import { StoreClock } from './redis/store-clock.ts';
import { RedisWatchHistory } from './redis/watch-history.ts';
import { RedisWatchStore } from './redis/watch-store.ts';
import { RedisWeightLedger } from './redis/weight-ledger.ts';
import { readCloseRules } from './settings/close-rules-file.ts';
import { type Config, ConfigFaults } from './settings/config.ts';
import { endsInTime, inTime } from './shared/in-time.ts';
import { createSlackApp } from './slack/bolt-app.ts';
import { createSlackClients, type SlackClients } from './slack/slack-clients.ts';
import { dispatcherThrough } from './slack/web-client.ts';
import { createAuditRound, createPostAuditHead } from './usecases/audit-rounds.ts';
import { createDesk, type DeskWork } from './usecases/create-desk.ts';
import type { WatchParts } from './usecases/create-watch.ts';
import type { RuleFaults } from './usecases/note-rules.ts';
import type { Log } from './usecases/ports.ts';
import { createRemoveTripWires } from './usecases/trip-wire.ts';

const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const VERSION =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';

/** A click starts its own deliveries; these rounds continue what a stopped process left. */
const OUTBOX_EVERY_MS = 1_000;
const ATTENTION_EVERY_MS = 1_000;
/** Each replica asks whether a round is due; one per WATCH_EVERY is. */
const WATCH_ASKED_EVERY_MS = 1_000;
const PAGES_EVERY_MS = 1_000;
/** The longest delay of App Home after a change. */
const HOMES_EVERY_MS = 5_000;
/** The trail is verified hourly; a shorter round shows /health that it is alive. */
const AUDIT_EVERY_MS = 60_000;
/** Retries messages that Slack refused for a reason that may pass. */
const KEPT_EVERY_MS = 5 * 60_000;
/** Checks every minute whether the day's head has been posted. */
const AUDIT_HEAD_EVERY_MS = 60_000;
/** Says which rules for closes are in force while Redis couldn't be reached, and compares them with those told last. */
const RULES_EVERY_MS = 10_000;
/** Checks every minute whether the day's approvers are in the audit trail. */
const ACCESS_EVERY_MS = 60_000;
/** A replica of before the change of the setting may still run and leave another one. */
const TRIP_WIRES_REMOVED_EVERY_MS = 5 * 60_000;
/** Orchestrators kill after 10 s, so the last answers and closing all connections must fit into that. */
const DRAIN_WITHIN_MS = 6_000;
const BACKGROUND_WITHIN_MS = 7_500;
const CLOSE_WITHIN_MS = 500;
/** For sending the last traces while connections are closed. */
const TRACES_WITHIN_MS = 1_500;

export interface AppOptions {
  /** UTC milliseconds; default Date.now. */
  readonly now?: () => number;
  /** Ids of close requests; default random ones. */
  readonly newRequestId?: () => string;
  /** Ids of cases; default random ones. */
  readonly newEpisodeId?: () => string;
  /** Owner id of a claim; default random. */
  readonly newClaimOwner?: () => string;
  /** Waits between the looks for a close that was just sent; default a timer. */
  readonly pause?: (milliseconds: number) => Promise<void>;
  /** Runs rounds and what clicks start; default: rounds on timers. */
  readonly background?: Background;
  /** Whether log lines could be written; default: all were. */
  readonly logState?: () => LogOutputState;
}

export interface RunningApp {
  /** Listens at once; resolves after the first contact with Redis, the exchange and Slack. */
  start(): Promise<void>;
  /**
   * Accepts nothing new, finishes running work and closes every connection, within about 9 s. Unfinished work stays in
   * the store, and another replica continues it.
   */
  stop(): Promise<void>;
  /** Reads the accounts and the rules for closes again. A faulty file changes nothing. */
  reloadFiles(): Promise<void>;
  /** Port of the HTTP server; known after `start`. */
  readonly port: number;
  /** The desk and its background work, for command-line tools and tests. */
  readonly work: DeskWork;
}

/** Throws ConfigFaults when the accounts file is faulty. */
export async function createApp(
  config: Config,
  logger: CleanLogger,
  options: AppOptions = {},
): Promise<RunningApp> {
  const now = options.now ?? Date.now;
  const pause = options.pause ?? (async (milliseconds) => void (await timer(milliseconds)));
  const newRequestId = options.newRequestId ?? (() => requestIdFrom(randomBytes(10)));
  const logState = options.logState ?? (() => ({ lost: 0, trouble: null }));
  const newReference = () => referenceFrom(randomUUID());
  const tracing = createTracing(VERSION);
  const correlation = new Correlation(tracing.logFields);
  const log = correlation.log(logger);
  for (const warning of config.warnings) log.warn({ warning }, 'setting ignored');
  const noTraces = missingSdk(config.tracesAskedForBy);
  if (noTraces !== null) log.warn({ warning: noTraces }, 'traces not sent');
  const metrics = createMetrics({
    version: VERSION,
    mode: config.closePolicy.mode,
    roundAgesMs: () => background.sinceLastRoundMs(),
    slackConnected: () => slack.connected(),
    exchange: () => exchange.snapshot(),
    openStates: async () => (await store.listOpen()).map(({ state }) => state),
    outbox: () => outbox.backlog(),
    logState,
    watch: config.watch === null ? null : async () => work.watch?.glimpse() ?? null,
    now,
  });
  const events = createEvents(metrics, tracing, log);
  const accounts = await readAccounts(config, log);
  const rules = await watchCloseRules(config, log, now);
  const redis = new RedisConnection(config.redis.connection, log, REDIS_TIMES, events);
  const keys = new KeyNames(config.redis.prefix);
  const { auditKeys } = config;
  const exchange = createLoanExchange({
    closeMode: config.closePolicy.mode,
    baseUrl: config.binance.apiUrl,
    proxy: config.proxy,
    accounts,
    ledger: new RedisWeightLedger({ connection: redis, keys, longestStopMs: MAX_STOP_MS }),
    sharedReads: new RedisSharedReads({ connection: redis, keys, auditKeys: config.auditKeys }),
    log,
    now,
    events,
  });
  const slackDispatcher = dispatcherThrough(config.proxy);
  const slackSettings = { ...config.slack, dispatcher: slackDispatcher };
  const slackClients = createSlackClients({
    settings: slackSettings,
    log,
    now,
    newId: randomUUID,
    events,
  });
  const withReference = <Value>(work: () => Promise<Value>) =>
    correlation.within({ reference: newReference() }, work);
  const background = options.background ?? createBackground({ log, now, within: withReference });
  const inBackground = (what: string, work: () => Promise<unknown>) =>
    background.run(what, () => tracing.task(what, work));
  const clock = new StoreClock({
    clocks: () => {
      const { clock: measured } = exchange.snapshot();
      return measured === null ? [now()] : [now(), now() + measured.offsetMs];
    },
    log,
  });
  const { waitReplicas } = config.redis;
  const stored = { connection: redis, keys, auditKeys, newId: randomUUID, log, clock, waitReplicas };
  const store = new RedisCloseRequestStore(stored);
  const outbox = new RedisOutbox({ connection: redis, keys, auditKeys, log, clock });
  const watchStore = new RedisWatchStore(stored);
  const seenOnce = new RedisSeenOnce({ connection: redis, keys, newId: randomUUID });
  const watch = buildWatch(config, {
    ...{ store: watchStore, slackClients, seenOnce, now, log, events },
    history: new RedisWatchHistory({ connection: redis, keys }),
    loans: exchange.history,
    call: createCall({ dispatcher: slackDispatcher }),
    newEpisodeId: options.newEpisodeId ?? (() => episodeIdFrom(randomBytes(8))),
  });
  const work = createDesk({
    reader: exchange.reader,
    details: exchange.institutionalLoan,
    records: exchange.records,
    readingProgress: new RedisReadingProgress({ connection: redis, keys }),
    closer: exchange.closer,
    stops: exchange.stops,
    store,
    outbox,
    audit: new RedisAuditLog({ connection: redis, keys }),
    watchRecords: watchStore,
    ruleBookStore: new RedisRuleBookStore(stored),
    watch,
    auditKeys,
    directory: slackClients.directory,
    notifier: slackClients.notifier,
    ruleNotifier: slackClients.ruleNotifier,
    roles: config.people,
    policy: config.closePolicy,
    rules: rules.current,
    ruleFaults: rules.faults,
    thresholds: config.thresholds,
    probe: createStatusProbe({
      exchange,
      redis,
      outbox,
      clock,
      logState,
      mode: config.closePolicy.mode,
      version: VERSION,
      now,
    }),
    now,
    pause,
    newId: options.newClaimOwner ?? randomUUID,
    newRequestId,
    log,
    withRequest: (requestId, work) =>
      correlation.within({ requestId }, () => tracing.request(requestId, work)),
    inBackground,
    events,
  });
  const loopDelay = watchLoopDelay();
  const health = createHealth({
    background,
    redis,
    slackConnected: () => slack.connected(),
    slackReachable: () => slack.reachable(),
    exchangeSeen: () => exchange.snapshot().lastSuccessAtMs !== null,
    loopDelayMs: loopDelay.typicalMs,
    now,
  });
  const slack = createSlackApp({
    settings: slackSettings,
    desk: tracing.desk(work.desk),
    loans: tracing.desk(work.loans),
    watch: work.watch?.desk,
    clients: slackClients,
    seenOnce,
    log,
    now,
    newReference,
    routes: [...health.routes, metrics.route],
    events,
    onSlackBack: () => catchUp('Slack is back'),
    within: (reference, work) =>
      correlation.within({ reference }, () => tracing.interaction(reference, work)),
  });

  const catchUp = createRedrawAfterReconnect({
    listOpen: () => store.listOpen(),
    listRecent: (limit) => store.listRecent(limit),
    nowMs: () => store.nowMs(),
    listEpisodes: async () => (work.watch === null ? [] : (await watchStore.load()).episodes.values()),
    redrawCard: work.desk.redrawCard,
    outbox,
    seenOnce,
    inBackground: (what, work) => inBackground(what, () => withReference(work)),
    log,
  });
  const stopping = new AbortController();
  let port = config.slack.port;
  return {
    work,
    get port() {
      return port;
    },
    async start() {
      ({ port } = await slack.start().catch(throwListeningFault));
      health.markListening();
      log.info({ port, mode: config.closePolicy.mode }, 'listening');
      await waitForRedis(redis, config.redis.mayForget, log, stopping.signal);
      if (stopping.signal.aborted) return;
      await exchange.start();
      if (stopping.signal.aborted) return;
      background.every('outbox', OUTBOX_EVERY_MS, () => work.deliverOutbox());
      background.every('attention', ATTENTION_EVERY_MS, work.attendRequests);
      if (work.watch !== null) background.every('watch', WATCH_ASKED_EVERY_MS, work.watch.round);
      if (config.watch?.hasTripwire !== true) {
        const removeTripWires = createRemoveTripWires({ scheduled: slackClients.scheduled, now, log });
        inBackground('trip-wire', removeTripWires);
        background.every('trip-wire', TRIP_WIRES_REMOVED_EVERY_MS, removeTripWires);
      }
      const pageCases = work.watch?.pageCases ?? null;
      if (pageCases !== null) background.every('pages', PAGES_EVERY_MS, pageCases);
      background.every('homes', HOMES_EVERY_MS, () => slack.refreshHomes());
      const { checkAudit } = work;
      background.every('audit', AUDIT_EVERY_MS, createAuditRound({ checkAudit, now, log }));
      const { auditBoard } = slackClients;
      if (auditBoard !== null) {
        const postHead = createPostAuditHead({ checkAudit, board: auditBoard, seenOnce, now, log });
        background.every('audit-head', AUDIT_HEAD_EVERY_MS, postHead);
      }
      inBackground('rules', work.noteRules.round);
      background.every('rules', RULES_EVERY_MS, work.noteRules.round);
      background.every('access', ACCESS_EVERY_MS, work.noteAccess);
      redis.onReconnected(() => inBackground('restore-sent-closes', work.restoreSentCloses));
      background.every('kept', KEPT_EVERY_MS, () => outbox.retryKept());
      redis.onReconnected(() => catchUp('Redis is back'));
      catchUp('start');
      health.markStarted();
      log.info({}, 'started');
    },
    async stop() {
      stopping.abort();
      health.markStopping();
      // Background work ends while the last answers are sent.
      const quiet = finishBackground(background, log);
      await slack.stop(DRAIN_WITHIN_MS);
      await quiet;
      const traced = endsInTime(flushTraces(), TRACES_WITHIN_MS);
      await endsInTime(exchange.stop(), CLOSE_WITHIN_MS);
      await endsInTime(redis.close(), CLOSE_WITHIN_MS);
      await endsInTime(slackDispatcher?.destroy() ?? Promise.resolve(), CLOSE_WITHIN_MS);
      await traced;
      loopDelay.stop();
    },
    async reloadFiles() {
      // The rules are a brake: they don't wait for the accounts.
      const reloadRules = async () => {
        if (!(await rules.reload())) return;
        work.noteRules.readAgain();
        inBackground('rules', work.noteRules.round);
      };
      await Promise.all([reloadRules(), reloadAccounts(config, exchange, log)]);
    },
  };
}

type SharedWithWatch = Pick<
  WatchParts,
  'store' | 'history' | 'loans' | 'seenOnce' | 'newEpisodeId' | 'events'
> & {
  readonly slackClients: SlackClients;
  readonly call: Call;
  readonly now: () => number;
  readonly log: Log;
};

/** Null: the watch is off, and nothing of it is built. */
function buildWatch({ watch, thresholds }: Config, shared: SharedWithWatch): WatchParts | null {
  if (watch === null) return null;
  const { channel, group, heartbeatUrl } = watch;
  const { slackClients, call, now, log, ...parts } = shared;
  const pagers = createPagers(watch, call, now);
  const rules = {
    levels: watchLevels(thresholds, watch.levels),
    everyMs: watch.everyMs,
    escalateAfterMs: watch.escalateAfterMs,
    pageAfterMs: watch.pageAfterMs,
    hasPager: pagers.length > 0,
  };
  return {
    ...parts,
    ...slackClients.forWatch({ ...parts, channel, group, rules }),
    rules,
    channelId: channel,
    group,
    digest: watch.digest,
    pagers,
    heartbeat: heartbeatUrl === null ? null : createHeartbeat(heartbeatUrl, call, log),
    scheduled: slackClients.scheduled,
    hasTripwire: watch.hasTripwire,
    inTime,
    monotonic: () => performance.now(),
  };
}

/** Unfinished work is leased or claimed in the store; another replica takes over when that ends. */
async function finishBackground(background: Background, log: Log): Promise<void> {
  if (await endsInTime(background.stop(), BACKGROUND_WITHIN_MS)) return;
  log.warn({ underWay: background.underWay() }, 'background work unfinished at stop');
}

async function readAccounts(config: Config, log: Log) {
  const { accountsFile: path, keyPassphrase: passphrase } = config.binance;
  const loaded = await loadAccounts({ path, passphrase });
  for (const warning of loaded.warnings) log.warn({ warning }, 'accounts file warning');
  if (!loaded.ok) throw new ConfigFaults(loaded.faults.map((fault) => `BINANCE_ACCOUNTS_FILE: ${fault}`));
  return loaded.accounts;
}

/** The rules in force; `reload` keeps them where the file has faults. Throws ConfigFaults. */
async function watchCloseRules({ closeRulesFile: path, closePolicy }: Config, log: Log, now: () => number) {
  const read = async () => (path === null ? null : readCloseRules(path, closePolicy.expiresAfterMs));
  const faultsOf = (faults: readonly string[]) =>
    new ConfigFaults(faults.map((fault) => `CLOSE_RULES_FILE: ${fault}`));
  const first = await read();
  if (first?.ok === false) throw faultsOf(first.faults);
  let rules = first?.rules ?? null;
  let faulty: RuleFaults | null = null;
  let readings = 0;
  return {
    current: () => rules,
    faults: () => faulty,
    /** Whether the file was accepted. Of readings under way at once, the one that began last decides. */
    async reload() {
      readings += 1;
      const own = readings;
      const found = await read();
      if (own !== readings) return false;
      if (found?.ok === false) {
        log.error({ err: faultsOf(found.faults) }, 'rules for closes reload failed');
        faulty = { sinceMs: faulty?.sinceMs ?? now(), faults: found.faults };
        return false;
      }
      rules = found?.rules ?? null;
      faulty = null;
      return true;
    },
  };
}

async function reloadAccounts(config: Config, exchange: LoanExchange, log: Log): Promise<void> {
  try {
    await exchange.reload(await readAccounts(config, log));
  } catch (error) {
    log.error({ err: error }, 'accounts reload failed');
  }
}
