/**
 * `npm run doctor`: checks everything the bot needs, with the bot's own settings. Posts nothing and closes nothing.
 * Exit status 0: ready to start, perhaps with warnings; 1: a fault; 78: bad settings.
 */
import { randomUUID } from 'node:crypto';
import { loadAccounts } from './binance/accounts.ts';
import { createLoanExchange } from './binance/loan-exchange.ts';
import { MAX_STOP_MS } from './binance/shared-state.ts';
import { checkExchange } from './doctor/check-exchange.ts';
import { checkSecretFiles, judgeAccountsFile } from './doctor/check-files.ts';
import { examineRedis, readAbsences } from './doctor/check-redis.ts';
import { checkSlack } from './doctor/check-slack.ts';
import { judgeWatch } from './doctor/check-watch.ts';
import { type Finding, findingsAbout } from './doctor/finding.ts';
import type { Absence } from './domain/close/close-rules.ts';
import { createLogger, errorText } from './ops/logger.ts';
import { missingSdk } from './ops/tracing.ts';
import { RedisConnection } from './redis/connection.ts';
import { KeyNames } from './redis/key-names.ts';
import { RedisOutbox } from './redis/outbox.ts';
import { RedisRuleBookStore } from './redis/rule-book-store.ts';
import { RedisSharedReads } from './redis/short-lived.ts';
import { RedisWeightLedger } from './redis/weight-ledger.ts';
import { readCloseRules } from './settings/close-rules-file.ts';
import { type Config, ConfigFaults, loadConfig } from './settings/config.ts';
import { inTime } from './shared/in-time.ts';
import { withoutSecrets } from './shared/secret-text.ts';
import { createSlackClients } from './slack/slack-clients.ts';
import { createWebClient, dispatcherThrough } from './slack/web-client.ts';
import { createAccess } from './usecases/access.ts';
import { createClosePolicies } from './usecases/close-policies.ts';

const EXIT_FAULTS = 1;
/** sysexits(3): EX_CONFIG. */
const EXIT_BAD_SETTINGS = 78;
/** A check that hangs must not delay the report. */
const EACH_PART_WITHIN_MS = 60_000;

const log = createLogger('silent');

async function examine(config: Config): Promise<Finding[]> {
  const redis = new RedisConnection(config.redis.connection, log);
  const keys = new KeyNames(config.redis.prefix);
  const { auditKeys } = config;
  const queue = new RedisOutbox({ connection: redis, keys, auditKeys, log });
  const ruleBook = new RedisRuleBookStore({ connection: redis, keys, auditKeys, newId: randomUUID, log });
  const outbox = { backlog: () => queue.backlog(), setAsideKey: keys.outboxSetAside };
  const { accountsFile: path, keyPassphrase: passphrase } = config.binance;
  const accounts = await loadAccounts({ path, passphrase });
  try {
    const ofRedis = await bounded('Redis', examineRedis(redis, config.redis, outbox));
    const away = await readAbsences(ruleBook);
    // The exchange's limits are counted in Redis, so that a running bot's calls and these stay below them together.
    return [
      findingsAbout('Settings').ok('complete and well-formed'),
      ...config.warnings.map((text) =>
        findingsAbout('Settings').warning(text, 'Correct the name, or remove it.'),
      ),
      ...(await checkSecretFiles(config.secretFiles, process.platform)),
      ...judgeAccountsFile(accounts),
      examineTraces(config),
      ...judgeWatch(config.watch),
      ...ofRedis,
      ...away.findings,
      ...(await bounded('Slack', examineSlack(config, away.absences))),
      ...(accounts.ok ? await bounded('Binance', examineExchange(config, accounts.accounts, redis)) : []),
    ];
  } finally {
    await redis.close();
  }
}

function examineTraces({ tracesAskedForBy }: Config): Finding {
  const { ok, warning } = findingsAbout('Traces');
  const trouble = missingSdk(tracesAskedForBy);
  if (trouble !== null) return warning(trouble, 'Preload an SDK: docs/operations.md, “Traces”.');
  return ok(tracesAskedForBy === null ? 'off: no OTEL_ variable turns them on' : 'an SDK is preloaded');
}

async function examineSlack(config: Config, away: readonly Absence[]): Promise<Finding[]> {
  const { closeRulesFile: path } = config;
  const found = path === null ? null : await readCloseRules(path, config.closePolicy.expiresAfterMs);
  const rules = found?.ok === true ? found.rules : null;
  const { fault } = findingsAbout('Settings');
  const faults = found?.ok === false ? found.faults : [];
  const settings = { ...config.slack, dispatcher: dispatcherThrough(config.proxy) };
  const { directory } = createSlackClients({ settings, log, now: Date.now, newId: randomUUID });
  const findings = await checkSlack({
    client: createWebClient(settings, log),
    directory,
    access: createAccess(
      directory,
      config.people,
      createClosePolicies({
        settings: config.closePolicy,
        rules: () => rules,
        absences: async () => away,
        nowMs: async () => Date.now(),
      }),
    ),
    appToken: settings.appToken,
    closeChannel: settings.closeChannel,
    auditChannel: settings.auditChannel,
    roles: config.people,
    policy: config.closePolicy,
    rules: faults.length > 0 ? 'faulty' : rules,
    watch: config.watch,
  });
  return [
    ...faults.map((text) =>
      fault(
        `CLOSE_RULES_FILE: ${text}`,
        'See docs/close-rules.schema.json. A bot that runs keeps the rules it had.',
      ),
    ),
    ...findings,
  ];
}

async function examineExchange(
  config: Config,
  accounts: Parameters<typeof createLoanExchange>[0]['accounts'],
  redis: RedisConnection,
): Promise<Finding[]> {
  const keys = new KeyNames(config.redis.prefix);
  const exchange = createLoanExchange({
    // The doctor closes nothing.
    closeMode: 'dry-run',
    baseUrl: config.binance.apiUrl,
    proxy: config.proxy,
    accounts,
    ledger: new RedisWeightLedger({ connection: redis, keys, longestStopMs: MAX_STOP_MS }),
    sharedReads: new RedisSharedReads({ connection: redis, keys, auditKeys: config.auditKeys }),
    log,
  });
  try {
    return await checkExchange(exchange, config.closePolicy.mode);
  } finally {
    await exchange.stop();
  }
}

function bounded(about: string, findings: Promise<Finding[]>): Promise<Finding[]> {
  return inTime(findings, EACH_PART_WITHIN_MS, () => [
    findingsAbout(about).fault(
      "the check didn't finish in time",
      'Something answers too slowly or not at all. Check the network and try again.',
    ),
  ]);
}

function report(findings: readonly Finding[]): string {
  const lines = findings.map(({ level, about, text, advice }) => {
    const line = `${level.padEnd(8)} ${about.padEnd(9)} ${text}`;
    return advice === '' ? line : `${line}\n${' '.repeat(19)}-> ${advice}`;
  });
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const faults = count('fault');
  const end = faults === 0 ? 'Fit to start.' : 'NOT fit to start.';
  return withoutSecrets(`${lines.join('\n')}\n\n${faults} faults, ${count('warning')} warnings. ${end}\n`);
}

try {
  const findings = await examine(loadConfig());
  process.stdout.write(report(findings));
  process.exitCode = findings.some(({ level }) => level === 'fault') ? EXIT_FAULTS : 0;
} catch (error) {
  if (error instanceof ConfigFaults) {
    const { fault } = findingsAbout('Settings');
    process.stdout.write(report(error.faults.map((text) => fault(text, 'See docs/settings.md.'))));
    process.exitCode = EXIT_BAD_SETTINGS;
  } else {
    process.stderr.write(`${errorText(error)}\n`);
    process.exitCode = EXIT_FAULTS;
  }
}
