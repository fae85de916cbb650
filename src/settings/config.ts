/** The settings: their schema, their defaults, and the only reader of `process.env` in production code. */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { amount } from '../domain/amount.ts';
import { type ClosePolicy, personKey } from '../domain/policy.ts';
import type { Thresholds } from '../domain/unit/risk-unit.ts';
import {
  type OpenTelemetrySettings,
  readOpenTelemetrySettings,
} from '../ops/tracing/open-telemetry-settings.ts';
import { type RedisTarget, type RedisTls, redisFaults, redisTarget, redisTls } from './redis-target.ts';
import { type Settings, schema } from './schema.ts';

export interface Config {
  readonly slack: {
    readonly botToken: string;
    /** HTTP mode with a signing secret, Socket Mode with an app token; exactly one of the two. */
    readonly transport:
      | { readonly kind: 'http'; readonly signingSecret: string }
      | { readonly kind: 'socket'; readonly appToken: string };
    readonly apiUrl: string;
    readonly host: string;
    readonly port: number;
    readonly closeChannel: string;
    /** Channels in which commands are answered; empty: every channel and direct message. */
    readonly allowedChannels: readonly string[];
    readonly auditChannel: string | null;
  };
  readonly redis: {
    readonly target: RedisTarget;
    readonly tls: RedisTls;
    readonly prefix: string;
    /** Start although Redis keeps nothing on disk or may evict keys. */
    readonly mayForget: boolean;
    /** Replicas that must have acknowledged a vote or the mark before a send; 0: none is waited for. */
    readonly waitReplicas: number;
  };
  readonly binance: {
    readonly apiUrl: string;
    readonly accountsFile: string;
    readonly keyPassphrase: string | null;
    /** Proxy settings as undici's EnvHttpProxyAgent takes them. */
    readonly proxy: { readonly httpProxy?: string; readonly httpsProxy?: string; readonly noProxy?: string };
  };
  readonly people: {
    readonly requesters: readonly string[];
    readonly approvers: readonly string[];
    /** `*`: every full member of the home team. */
    readonly viewers: '*' | readonly string[];
  };
  readonly closePolicy: ClosePolicy;
  readonly thresholds: Thresholds;
  readonly auditKey: Uint8Array;
  readonly logLevel: string;
  readonly openTelemetry: OpenTelemetrySettings;
  /** Files that secrets were read from, by the setting's name. */
  readonly secretFiles: ReadonlyMap<string, string>;
}

/** Settings that may be given as NAME_FILE, a file that holds the value. */
const SECRETS = [
  'SLACK_BOT_TOKEN',
  'SLACK_SIGNING_SECRET',
  'SLACK_APP_TOKEN',
  'REDIS_URL',
  'REDIS_SENTINEL_PASSWORD',
  'AUDIT_KEY',
  'BINANCE_KEY_PASSPHRASE',
] as const;

/** All faults of the settings at once, a line each. No line repeats a value: it may be a secret. */
export class ConfigFaults extends Error {
  override readonly name = 'ConfigFaults';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(
      `Loandesk cannot start: ${faults.length} fault${faults.length === 1 ? '' : 's'} in its settings.\n${faults.map((fault) => `  - ${fault}`).join('\n')}\nNothing was started. All settings: docs/settings.md.`,
    );
    this.faults = faults;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks all settings; throws ConfigFaults, which names every fault at once. */
export function loadConfig(environment: Environment = process.env): Config {
  const faults: string[] = [];
  const given = withSecretFiles(environment, faults);
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const missingFile = new Set(faults.map((fault) => fault.split('_FILE')[0]));
    for (const issue of parsed.error.issues) {
      // A secret whose file could not be read has been named already.
      if (!missingFile.has(String(issue.path[0]))) faults.push(issue.message);
    }
  }
  faults.push(...contradictions(given));
  if (faults.length > 0 || !parsed.success) throw new ConfigFaults([...new Set(faults)]);
  return toConfig(parsed.data, environment);
}

/** Empty settings count as absent: compose files and unit files write them so. */
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
      faults.push(`${name}_FILE names a file that cannot be read (${code})`);
    }
  }
  return given;
}

/** One setting by itself, so that it can be compared with others while some are faulty; undefined: missing or faulty. */
function alone<Value>(setting: z.ZodType<Value>, text: string | undefined): Value | undefined {
  const parsed = setting.safeParse(text);
  return parsed.success ? parsed.data : undefined;
}

/** Faults that no single setting shows. */
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
    if (people.size < quorum) {
      faults.push(
        `CLOSE_APPROVERS names fewer people than CLOSE_QUORUM (${quorum}): no close could ever be approved`,
      );
    }
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
  return faults;
}

function toConfig(settings: Settings, environment: Environment): Config {
  const proxy = (key: 'httpProxy' | 'httpsProxy' | 'noProxy', name: string) => {
    const value = environment[name.toLowerCase()] || environment[name];
    return value ? { [key]: value } : {};
  };
  return {
    slack: {
      botToken: settings.SLACK_BOT_TOKEN,
      transport:
        settings.SLACK_APP_TOKEN === undefined
          ? { kind: 'http', signingSecret: settings.SLACK_SIGNING_SECRET ?? '' }
          : { kind: 'socket', appToken: settings.SLACK_APP_TOKEN },
      apiUrl: settings.SLACK_API_URL,
      host: settings.HOST,
      port: settings.PORT,
      closeChannel: settings.CLOSE_CHANNEL,
      allowedChannels: settings.ALLOWED_CHANNELS,
      auditChannel: settings.AUDIT_CHANNEL ?? null,
    },
    redis: {
      target: redisTarget(settings),
      tls: redisTls(settings),
      prefix: settings.REDIS_PREFIX,
      mayForget: settings.REDIS_MAY_FORGET,
      waitReplicas: settings.REDIS_WAIT_REPLICAS,
    },
    binance: {
      apiUrl: settings.BINANCE_API_URL,
      accountsFile: settings.BINANCE_ACCOUNTS_FILE,
      keyPassphrase: settings.BINANCE_KEY_PASSPHRASE ?? null,
      proxy: {
        ...proxy('httpProxy', 'HTTP_PROXY'),
        ...proxy('httpsProxy', 'HTTPS_PROXY'),
        ...proxy('noProxy', 'NO_PROXY'),
      },
    },
    people: {
      requesters: settings.CLOSE_REQUESTERS,
      approvers: settings.CLOSE_APPROVERS,
      viewers: settings.VIEWERS ?? [...new Set([...settings.CLOSE_REQUESTERS, ...settings.CLOSE_APPROVERS])],
    },
    closePolicy: {
      quorum: settings.CLOSE_QUORUM,
      requesterMayApprove: settings.CLOSE_REQUESTER_MAY_APPROVE,
      approvers: settings.CLOSE_APPROVERS,
      expiresAfterMs: settings.CLOSE_EXPIRES,
      mode: settings.CLOSE_MODE,
      samePerson: settings.CLOSE_SAME_PERSON,
    },
    thresholds: {
      initial: settings.LTV_INITIAL,
      transferOut: settings.LTV_TRANSFER_OUT,
      marginCall: settings.LTV_MARGIN_CALL,
      liquidation: settings.LTV_LIQUIDATION,
    },
    auditKey: settings.AUDIT_KEY,
    logLevel: settings.LOG_LEVEL,
    openTelemetry: readOpenTelemetrySettings(environment),
    secretFiles: new Map(
      SECRETS.flatMap((name) => {
        const path = environment[`${name}_FILE`]?.trim();
        return path ? [[name, path] as const] : [];
      }),
    ),
  };
}
