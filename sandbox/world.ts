/**
 * Everything on this machine: Redis, the exchange, the Slack workspace, and the bot through the same `createApp` as
 * production, which gets only URLs and keys. The sandbox plays in it; the tests and the chaos run, too.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedisMock } from 'js-redis-server';
import { type AppOptions, createApp, type RunningApp } from '../src/app.ts';
import { type CleanLogger, createLogger } from '../src/ops/logger.ts';
import { loadConfig } from '../src/settings/config.ts';
import { type Exchange, type ExchangeOptions, startExchange } from './binance/exchange.ts';
import { SEED_IDS } from './slack/seed.ts';
import { startWorkspace, type Workspace, type WorkspaceOptions } from './slack/workspace.ts';

/** The watch for people who play: soon enough to be seen. */
export const PLAYED_WATCH: Readonly<Record<string, string>> = {
  WATCH: 'on',
  WATCH_CHANNEL: SEED_IDS.loanAlerts,
  WATCH_GROUP: SEED_IDS.approvers,
  WATCH_EVERY: '5s',
  WATCH_TRIPWIRE: 'true',
  DIGEST_AT: '08:00 Europe/London daily',
};

export interface WorldOptions {
  /** Default: an embedded Redis of its own. */
  readonly redisUrl?: string;
  readonly exchange?: ExchangeOptions;
  readonly workspace?: WorkspaceOptions;
  /** Settings of the bot beside (or in place of) those that the world sets. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What the bots read as CLOSE_RULES_FILE; default: there is none. */
  readonly closeRules?: object;
  readonly log?: CleanLogger;
  /** Bots to start; the workspace talks to the first one. */
  readonly replicas?: number;
  /** The bots' clock, ids and pauses, where they shall not be the real ones. */
  readonly app?: AppOptions;
}

export interface World {
  readonly exchange: Exchange;
  readonly workspace: Workspace;
  readonly redis: { readonly url: string; readonly kind: 'embedded' | 'given' };
  readonly bots: readonly RunningApp[];
  readonly accountsFile: string;
  /** Null: there are no rules. */
  readonly rulesFile: string | null;
  /** The settings with which a bot of this world starts, in this process or another. */
  settings(): Record<string, string>;
  /** Starts one more bot on the same Redis, exchange and workspace. */
  addBot(): Promise<RunningApp>;
  urlOf(bot: RunningApp): string;
  close(): Promise<void>;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const log = options.log ?? createLogger('silent');
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const redis = await startRedis(options.redisUrl, closers);
    const exchange = await startExchange({
      ...options.exchange,
      settings: { liveFigures: true, ...options.exchange?.settings },
    });
    closers.push(() => exchange.close());
    const workspace = await startWorkspace(options.workspace);
    closers.push(() => workspace.close());
    const folder = await mkdtemp(join(tmpdir(), 'loandesk-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const accountsFile = join(folder, 'accounts.json');
    await writeFile(accountsFile, JSON.stringify(exchange.accounts()), { mode: 0o600 });
    const rulesFile = options.closeRules === undefined ? null : join(folder, 'close-rules.json');
    if (rulesFile !== null) await writeFile(rulesFile, JSON.stringify(options.closeRules));
    const auditKey = randomBytes(32).toString('hex');

    const settings = (): Record<string, string> => ({
      SLACK_API_URL: workspace.apiUrl,
      SLACK_BOT_TOKEN: workspace.grants.botToken,
      SLACK_SIGNING_SECRET: workspace.signingSecret,
      PORT: '0',
      REDIS_URL: redis.url,
      // An embedded Redis keeps nothing on disk, and says so.
      REDIS_MAY_FORGET: String(redis.kind === 'embedded'),
      BINANCE_API_URL: exchange.url,
      BINANCE_ACCOUNTS_FILE: accountsFile,
      CLOSE_CHANNEL: SEED_IDS.loanDesk,
      CLOSE_REQUESTERS: SEED_IDS.requesters,
      CLOSE_APPROVERS: SEED_IDS.approvers,
      VIEWERS: '*',
      ...(rulesFile !== null && { CLOSE_RULES_FILE: rulesFile }),
      AUDIT_KEY: auditKey,
      // It speaks by itself: on only where `settings` say so.
      WATCH: 'off',
      ...options.settings,
    });
    const bots: RunningApp[] = [];
    const urlOf = (bot: RunningApp) => `http://127.0.0.1:${bot.port}/slack/events`;
    const addBot = async () => {
      const bot = await createApp(loadConfig(settings()), log, options.app);
      closers.push(() => bot.stop());
      await bot.start();
      bots.push(bot);
      return bot;
    };
    for (let started = 0; started < (options.replicas ?? 1); started += 1) await addBot();
    const [first] = bots;
    if (first !== undefined) workspace.setBotUrl(urlOf(first));
    return { exchange, workspace, redis, bots, accountsFile, rulesFile, settings, addBot, urlOf, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startRedis(
  given: string | undefined,
  closers: (() => Promise<unknown>)[],
): Promise<World['redis']> {
  if (given !== undefined) return { url: given, kind: 'given' };
  const embedded = await createRedisMock();
  closers.push(() => embedded.close());
  const address = embedded.addresses()[0];
  if (address === undefined) throw new Error('the embedded Redis gave no address');
  return { url: `redis://${address.host}:${address.port}`, kind: 'embedded' };
}
