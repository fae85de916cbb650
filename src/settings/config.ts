/** Reads and checks the settings; the only reader of `process.env` in production code. */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { amount } from '../domain/amount.ts';
import { personKey } from '../domain/person.ts';
import type { ClosePolicy } from '../domain/policy.ts';
import type { Thresholds } from '../domain/unit/risk-unit.ts';
import type { RedisSettings } from '../redis/client.ts';
import type { ProxyAddresses } from '../shared/proxy.ts';
import type { SlackSettings } from '../slack/adapter-settings.ts';
import { mistypedSettings } from './mistyped.ts';
import { readProxy } from './proxy.ts';
import { redisFaults, redisSettings } from './redis-settings.ts';
import { type Settings, schema } from './schema.ts';
import { WATCH_SECRETS, type WatchSettings, watchFaults, watchSettings } from './watch-settings.ts';

export interface Config {
  readonly slack: SlackSettings;
  readonly redis: {
    readonly connection: RedisSettings;
    readonly prefix: string;
    /** Start even if Redis keeps nothing on disk or may evict keys. */
    readonly mayForget: boolean;
    /** Replicas that must acknowledge each vote and the pre-send marker; 0: don't wait. */
    readonly waitReplicas: number;
  };
  readonly binance: {
    readonly apiUrl: string;
    readonly accountsFile: string;
    readonly keyPassphrase: string | null;
  };
  /** For Slack and the exchange. */
  readonly proxy: ProxyAddresses;
  readonly people: {
    readonly requesters: readonly string[];
    readonly approvers: readonly string[];
    /** `*`: every full member of the home team; null: requesters and approvers. */
    readonly viewers: '*' | readonly string[] | null;
  };
  readonly closePolicy: ClosePolicy;
  /** Null: `closePolicy` is for every unit. */
  readonly closeRulesFile: string | null;
  readonly thresholds: Thresholds;
  /** Null: the watch is off. */
  readonly watch: WatchSettings | null;
  readonly auditKeys: {
    /** Seals new entries and records. */
    readonly current: Uint8Array;
    /** Former keys; they only verify. */
    readonly previous: readonly Uint8Array[];
  };
  readonly logLevel: string;
  /** The OpenTelemetry variable that turns traces on, read by the preloaded SDK; null: none is set. */
  readonly tracesAskedForBy: string | null;
  /** Path of the secret file by setting name. */
  readonly secretFiles: ReadonlyMap<string, string>;
  /** Sentences about variables that are set but not read. */
  readonly warnings: readonly string[];
}

/** Settings that may be given as NAME_FILE, a file that holds the value. */
const SECRETS = [
  'SLACK_BOT_TOKEN',
  'SLACK_SIGNING_SECRET',
  'SLACK_APP_TOKEN',
  'REDIS_URL',
  'REDIS_SENTINEL_PASSWORD',
  'AUDIT_KEY',
  'AUDIT_KEY_PREVIOUS',
  'BINANCE_KEY_PASSPHRASE',
  ...WATCH_SECRETS,
] as const;

/** Free text, in which quotes and dots may be meant. */
const PASSPHRASES: ReadonlySet<string> = new Set(['BINANCE_KEY_PASSPHRASE', 'REDIS_SENTINEL_PASSWORD']);

/** Loandesk's own settings; proxy variables are shared with other programs. */
const OUR_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(schema.shape),
  ...SECRETS.map((name) => `${name}_FILE`),
]);

/** All faults of the settings, one per line. No line repeats a value, which may be a secret. */
export class ConfigFaults extends Error {
  override readonly name = 'ConfigFaults';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(
      `Loandesk can't start: ${faults.length} fault${faults.length === 1 ? '' : 's'} in its settings.\n${faults.map((fault) => `  - ${fault}`).join('\n')}\nNothing was started. All settings: docs/settings.md.`,
    );
    this.faults = faults;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks all settings; throws ConfigFaults, which names every fault at once. */
export function loadConfig(environment: Environment = process.env): Config {
  const faults: string[] = [];
  const given = withSecretFiles(environment, faults);
  const named = new Set(faults.map((fault) => fault.split('_FILE')[0]));
  for (const name of Object.keys(schema.shape)) {
    const fault = exampleFault(name, given[name]);
    if (fault === null) continue;
    faults.push(fault);
    named.add(name);
  }
  const parsed = schema.safeParse(given);
  for (const { path, message } of parsed.error?.issues ?? []) {
    if (!named.has(String(path[0]))) faults.push(message);
  }
  faults.push(...contradictions(given));
  const proxy = readProxy(environment, faults);
  const warnings = mistypedSettings(Object.keys(given), OUR_NAMES);
  // A mistyped name may be why a setting is missing.
  if (faults.length > 0 || !parsed.success) throw new ConfigFaults([...new Set([...faults, ...warnings])]);
  return { ...toConfig(parsed.data, proxy, environment), warnings };
}

const QUOTED = /^(["'`]).*\1$|^[“„‘].*[”“’]$/;
const PLACEHOLDER = /…|\.{3}|^<.*>$/;
const PLACEHOLDER_SECRET = /(?:^|[-_])(?:your|example|placeholder|change-?me|x{4,})(?:[-_]|$)/i;

/** A value copied from an example, or in quotes, which `docker run --env-file` keeps; null: neither. */
function exampleFault(name: string, value = ''): string | null {
  if (PASSPHRASES.has(name)) return null;
  if (QUOTED.test(value)) return `${name} stands in quotes: expected the value alone`;
  const isSecret = SECRETS.some((secret) => secret === name);
  const isExample = PLACEHOLDER.test(value) || (isSecret && PLACEHOLDER_SECRET.test(value));
  return isExample ? `${name} still holds the placeholder of an example: expected a value of your own` : null;
}

/** Empty settings count as absent, because compose and unit files may set them to "". */
function withSecretFiles(environment: Environment, faults: string[]): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value.trim() !== '') given[name] = value.trim();
  }
  for (const name of SECRETS) {
    const path = given[`${name}_FILE`];
    if (path === undefined) continue;
    if (given[name] !== undefined) {
      faults.push(`${name} and ${name}_FILE are both set: expected one of them`);
      continue;
    }
    try {
      given[name] = readFileSync(path, 'utf8').trim();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      faults.push(`${name}_FILE names a file that can't be read (${code})`);
    }
  }
  return given;
}

/** One setting, so that it can be compared with others even if some are faulty; undefined: missing or faulty. */
function alone<Value>(setting: z.ZodType<Value>, text: string | undefined): Value | undefined {
  const parsed = setting.safeParse(text);
  return parsed.success ? parsed.data : undefined;
}

/** Faults of settings in combination. */
function contradictions(given: Readonly<Record<string, string>>): string[] {
  const faults: string[] = [];
  const isSet = (name: string) => given[name] !== undefined;
  const fileFailed = (name: string) => isSet(`${name}_FILE`) && !isSet(name);
  if (isSet('SLACK_SIGNING_SECRET') && isSet('SLACK_APP_TOKEN')) {
    faults.push(
      'SLACK_SIGNING_SECRET and SLACK_APP_TOKEN are both set: expected one (HTTP mode or Socket Mode)',
    );
  }
  if (
    !isSet('SLACK_SIGNING_SECRET') &&
    !isSet('SLACK_APP_TOKEN') &&
    !fileFailed('SLACK_SIGNING_SECRET') &&
    !fileFailed('SLACK_APP_TOKEN')
  ) {
    faults.push('SLACK_SIGNING_SECRET (HTTP mode) or SLACK_APP_TOKEN (Socket Mode) is missing');
  }
  faults.push(...redisFaults(given, fileFailed('REDIS_URL')));
  const { shape } = schema;
  const approvers = alone(shape.CLOSE_APPROVERS, given.CLOSE_APPROVERS);
  const quorum = alone(shape.CLOSE_QUORUM, given.CLOSE_QUORUM);
  const samePerson = alone(shape.CLOSE_SAME_PERSON, given.CLOSE_SAME_PERSON) ?? [];
  if (approvers !== undefined && quorum !== undefined && !approvers.some((id) => id.startsWith('S'))) {
    const people = new Set(approvers.map((id) => personKey(id, samePerson)));
    if (people.size < quorum && !isSet('CLOSE_RULES_FILE')) {
      faults.push(
        `CLOSE_APPROVERS names fewer people than CLOSE_QUORUM (${quorum}): no close could ever be approved`,
      );
    }
  }
  const delayMs = alone(shape.CLOSE_DELAY, given.CLOSE_DELAY) ?? 0;
  const expiresMs = alone(shape.CLOSE_EXPIRES, given.CLOSE_EXPIRES);
  if (expiresMs !== undefined && delayMs >= expiresMs) {
    faults.push('CLOSE_DELAY: expected a shorter time than CLOSE_EXPIRES, or no close could ever be sent');
  }
  const quorumOfOne =
    quorum === 1 && alone(shape.CLOSE_REQUESTER_MAY_APPROVE, given.CLOSE_REQUESTER_MAY_APPROVE);
  if (quorumOfOne === true) {
    faults.push(
      'CLOSE_QUORUM=1 with CLOSE_REQUESTER_MAY_APPROVE=true would let one person close alone: expected two people',
    );
  }
  const accounts = samePerson.flat();
  if (new Set(accounts).size < accounts.length) {
    faults.push(
      'CLOSE_SAME_PERSON names an account twice: expected all accounts of one person in one group (U1=U2=U3)',
    );
  }
  const ladder = (['LTV_INITIAL', 'LTV_TRANSFER_OUT', 'LTV_MARGIN_CALL', 'LTV_LIQUIDATION'] as const)
    .map((name) => alone(shape[name], given[name]))
    .filter((step) => step !== undefined);
  if (ladder.some((step, index) => index > 0 && step.lte(ladder[index - 1] ?? amount('0')))) {
    faults.push(
      'LTV_INITIAL, LTV_TRANSFER_OUT, LTV_MARGIN_CALL, LTV_LIQUIDATION: expected each above the one before it',
    );
  }
  faults.push(...watchFaults(given, alone(shape.LTV_MARGIN_CALL, given.LTV_MARGIN_CALL)));
  return faults;
}

function toConfig(
  settings: Settings,
  proxy: ProxyAddresses,
  environment: Environment,
): Omit<Config, 'warnings'> {
  const { CLOSE_REQUESTERS: requesters, CLOSE_APPROVERS: approvers } = settings;
  const everybody = [...new Set([...requesters, ...approvers])];
  return {
    slack: {
      botToken: settings.SLACK_BOT_TOKEN,
      signingSecret: settings.SLACK_SIGNING_SECRET ?? null,
      appToken: settings.SLACK_APP_TOKEN ?? null,
      apiUrl: settings.SLACK_API_URL,
      host: settings.HOST,
      port: settings.PORT,
      closeChannel: settings.CLOSE_CHANNEL,
      tellApprovers: settings.CLOSE_NOTIFY,
      allowedChannels: settings.ALLOWED_CHANNELS,
      auditChannel: settings.AUDIT_CHANNEL ?? null,
    },
    redis: {
      connection: redisSettings(settings),
      prefix: settings.REDIS_PREFIX,
      mayForget: settings.REDIS_MAY_FORGET,
      waitReplicas: settings.REDIS_WAIT_REPLICAS,
    },
    binance: {
      apiUrl: settings.BINANCE_API_URL,
      accountsFile: settings.BINANCE_ACCOUNTS_FILE,
      keyPassphrase: settings.BINANCE_KEY_PASSPHRASE ?? null,
    },
    proxy,
    people: {
      requesters,
      approvers,
      viewers: settings.VIEWERS ?? null,
    },
    closePolicy: {
      quorum: settings.CLOSE_QUORUM,
      requesterMayApprove: settings.CLOSE_REQUESTER_MAY_APPROVE,
      approvers,
      expiresAfterMs: settings.CLOSE_EXPIRES,
      mode: settings.CLOSE_MODE,
      samePerson: settings.CLOSE_SAME_PERSON,
      ...(settings.CLOSE_DELAY > 0 && { delayMs: settings.CLOSE_DELAY }),
    },
    closeRulesFile: settings.CLOSE_RULES_FILE ?? null,
    thresholds: {
      initial: settings.LTV_INITIAL,
      transferOut: settings.LTV_TRANSFER_OUT,
      marginCall: settings.LTV_MARGIN_CALL,
      liquidation: settings.LTV_LIQUIDATION,
    },
    watch: watchSettings(settings, { channel: settings.CLOSE_CHANNEL, group: everybody }),
    auditKeys: { current: settings.AUDIT_KEY, previous: settings.AUDIT_KEY_PREVIOUS },
    logLevel: settings.LOG_LEVEL,
    tracesAskedForBy: tracesAskedForBy(environment),
    secretFiles: new Map(
      SECRETS.flatMap((name) => {
        const path = environment[`${name}_FILE`]?.trim();
        return path ? [[name, path] as const] : [];
      }),
    ),
  };
}

function tracesAskedForBy(environment: Environment): string | null {
  const given = (name: string) => environment[name]?.trim() ?? '';
  const isOff =
    given('OTEL_SDK_DISABLED').toLowerCase() === 'true' || given('OTEL_TRACES_EXPORTER') === 'none';
  const names = ['OTEL_TRACES_EXPORTER', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
  return isOff ? null : (names.find((name) => given(name) !== '') ?? null);
}
