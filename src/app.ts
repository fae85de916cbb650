/** The one composition root: builds every part once, hands it down, starts and stops it. No rules, no text. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createBackground } from './background.ts';
import { loadAccounts } from './binance/accounts.ts';
import { createLoanExchange, type LoanExchange } from './binance/loan-exchange.ts';
import { type Config, ConfigFaults } from './config.ts';
import { requestIdFrom } from './domain/request-id.ts';
import { createHealth } from './health.ts';
import { RedisAuditLog } from './redis/audit-log.ts';
import { RedisCloseRequestStore } from './redis/close-request-store.ts';
import { RedisConnection } from './redis/connection.ts';
import { KeyNames } from './redis/key-names.ts';
import { RedisOutbox } from './redis/outbox.ts';
import { RedisSeenOnce } from './redis/seen-once.ts';
import { RedisSharedReads } from './redis/shared-reads.ts';
import { checkRedis } from './redis/startup-check.ts';
import { RedisWeightLedger } from './redis/weight-ledger.ts';
import { redisSettings } from './redis-settings.ts';
import { createSlackApp } from './slack/bolt-app.ts';
import { createSlackClients } from './slack/slack-clients.ts';
import type { SlackSettings } from './slack/slack-settings.ts';
import { createStatusProbe } from './status-probe.ts';
import { createDesk, type DeskWork } from './usecases/create-desk.ts';

/** Clicks set their own deliveries off; these rounds pick up what a process that stopped left behind. */
const OUTBOX_EVERY_MS = 1_000;
const ATTENTION_EVERY_MS = 1_000;
const REDIS_ASKED_AGAIN_AFTER_MS = 2_000;

export interface AppOptions {
  /** UTC milliseconds; default Date.now. */
  readonly now?: () => number;
}

export interface RunningApp {
  /** Listens at once; resolves when Redis, the exchange and Slack have been asked for the first time. */
  start(): Promise<void>;
  /** Takes nothing new, finishes what is under way, closes every connection. */
  stop(): Promise<void>;
  /** Reads the accounts file again: key rotation. A faulty file changes nothing. */
  reloadAccounts(): Promise<void>;
  /** Of the HTTP server; known after `start`. */
  readonly port: number;
  /** The desk and its background work, for command-line tools and tests. */
  readonly work: DeskWork;
}

/** Throws ConfigFaults when the accounts file is faulty. */
export async function createApp(config: Config, log: Logger, options: AppOptions = {}): Promise<RunningApp> {
  const now = options.now ?? Date.now;
  const accounts = await readAccounts(config, log);
  const redis = new RedisConnection(redisSettings(config.redis.target), log);
  const keys = new KeyNames(config.redis.prefix);
  const exchange = createLoanExchange({
    baseUrl: config.binance.apiUrl,
    proxy: config.binance.proxy,
    accounts,
    ledger: new RedisWeightLedger({ connection: redis, keys }),
    sharedReads: new RedisSharedReads({ connection: redis, keys }),
    log,
    now,
  });
  const slackSettings = slackSettingsOf(config);
  const { directory, notifier, home } = createSlackClients({
    settings: slackSettings,
    log,
    now,
    newId: randomUUID,
  });
  const background = createBackground(log, now);
  const work = createDesk({
    reader: exchange.reader,
    closer: exchange.closer,
    store: new RedisCloseRequestStore({
      connection: redis,
      keys,
      auditKey: config.auditKey,
      newId: randomUUID,
      log,
    }),
    outbox: new RedisOutbox({ connection: redis, keys, log }),
    audit: new RedisAuditLog({ connection: redis, keys }),
    auditKey: config.auditKey,
    directory,
    notifier,
    roles: config.people,
    policy: config.closePolicy,
    thresholds: config.thresholds,
    probe: createStatusProbe({ exchange, redis, mode: config.closePolicy.mode, now }),
    now,
    pause: async (milliseconds) => void (await pause(milliseconds)),
    newId: randomUUID,
    newRequestId: () => requestIdFrom(randomBytes(10)),
    log,
    inBackground: background.run,
  });
  const health = createHealth({ background, redis, slackConnected: () => slack.connected() });
  const slack = createSlackApp({
    settings: slackSettings,
    desk: work.desk,
    home,
    seenOnce: new RedisSeenOnce({ connection: redis, keys, newId: randomUUID }),
    log,
    now,
    newReference: () => requestIdFrom(randomBytes(10)).slice(0, 6),
    routes: health.routes,
  });

  let port = config.slack.port;
  return {
    work,
    get port() {
      return port;
    },
    async start() {
      ({ port } = await slack.start());
      log.info({ port, mode: config.closePolicy.mode }, 'listening');
      await waitForRedis(redis, config.redis.mayForget, log);
      await exchange.start();
      background.every('outbox', OUTBOX_EVERY_MS, () => work.deliverOutbox());
      background.every('attention', ATTENTION_EVERY_MS, work.attendRequests);
      health.markStarted();
      log.info({}, 'started');
    },
    async stop() {
      await slack.stop();
      await background.stop();
      await exchange.stop();
      await redis.close();
    },
    reloadAccounts: () => reloadAccounts(config, exchange, log),
  };
}

async function readAccounts(config: Config, log: Logger) {
  const { accountsFile: path, keyPassphrase: passphrase } = config.binance;
  const loaded = await loadAccounts({ path, passphrase });
  for (const warning of loaded.warnings) log.warn({ warning }, 'accounts file');
  if (!loaded.ok) throw new ConfigFaults(loaded.faults.map((fault) => `BINANCE_ACCOUNTS_FILE: ${fault}`));
  return loaded.accounts;
}

async function reloadAccounts(config: Config, exchange: LoanExchange, log: Logger): Promise<void> {
  try {
    await exchange.reload(await readAccounts(config, log));
  } catch (error) {
    log.error({ err: error }, 'the accounts were not reloaded; the former ones stay in use');
  }
}

/** Waits for as long as Redis is away; refuses one that would lose approvals, unless the settings allow it. */
async function waitForRedis(redis: RedisConnection, mayForget: boolean, log: Logger): Promise<void> {
  for (;;) {
    try {
      const findings = await checkRedis(redis);
      const faults = findings.filter(({ level }) => level === 'fault');
      for (const { level, text, advice } of findings) {
        if (level !== 'ok') log.warn({ finding: text, advice }, 'Redis is not fit to hold approvals');
      }
      if (faults.length === 0 || mayForget) return;
      throw new ConfigFaults(
        faults.map(
          ({ text, advice }) => `Redis: ${text}. ${advice} (REDIS_MAY_FORGET=true starts all the same)`,
        ),
      );
    } catch (error) {
      if (error instanceof ConfigFaults) throw error;
      log.warn({}, 'waiting for Redis');
      await pause(REDIS_ASKED_AGAIN_AFTER_MS);
    }
  }
}

function slackSettingsOf({ slack }: Config): SlackSettings {
  const { transport } = slack;
  return {
    botToken: slack.botToken,
    signingSecret: transport.kind === 'http' ? transport.signingSecret : null,
    appToken: transport.kind === 'socket' ? transport.appToken : null,
    apiUrl: slack.apiUrl,
    host: slack.host,
    port: slack.port,
    closeChannel: slack.closeChannel,
    allowedChannels: slack.allowedChannels,
    auditChannel: slack.auditChannel,
  };
}
