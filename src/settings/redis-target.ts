/** Which Redis the settings name and how it is spoken to: the part of the settings that `config.ts` leaves to this file. */
import { readFileSync } from 'node:fs';
import type { HostPort, Settings } from './schema.ts';
import { hasReadableCredentials, PERCENT_ENCODED } from './url-parts.ts';

export type RedisTarget =
  | { readonly kind: 'single'; readonly url: string }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly HostPort[];
      readonly name: string;
      /** Of the Sentinels themselves; the nodes' are in `url`. */
      readonly username: string | null;
      readonly password: string | null;
      readonly url: string | null;
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly HostPort[]; readonly url: string | null };

/** For `rediss://` only. */
export interface RedisTls {
  /** The only authorities that count, in PEM; null: those that Node trusts. */
  readonly ca: string | null;
  /** The name that every certificate must bear; null: the host that was connected to. */
  readonly serverName: string | null;
}

/** With Sentinel or Cluster, REDIS_URL may still carry user, password, database (Sentinel) and TLS for the nodes. */
export function redisTarget(settings: Settings): RedisTarget {
  const url = settings.REDIS_URL ?? null;
  if (settings.REDIS_SENTINELS) {
    return {
      kind: 'sentinel',
      sentinels: settings.REDIS_SENTINELS,
      name: settings.REDIS_SENTINEL_NAME ?? '',
      username: settings.REDIS_SENTINEL_USERNAME ?? null,
      password: settings.REDIS_SENTINEL_PASSWORD ?? null,
      url,
    };
  }
  if (settings.REDIS_CLUSTER_NODES) return { kind: 'cluster', nodes: settings.REDIS_CLUSTER_NODES, url };
  return { kind: 'single', url: url ?? '' };
}

/** Throws nothing new: `redisFaults` has read the file a moment ago. */
export function redisTls(settings: Settings): RedisTls {
  const file = settings.REDIS_TLS_CA_FILE;
  return {
    ca: file === undefined ? null : readFileSync(file, 'utf8'),
    serverName: settings.REDIS_TLS_SERVER_NAME ?? null,
  };
}

type Given = Readonly<Record<string, string>>;

/** Faults that no single setting shows. `urlFailed`: REDIS_URL_FILE could not be read, which has been said already. */
export function redisFaults(given: Given, urlFailed: boolean): string[] {
  const faults: string[] = [];
  const isSet = (name: string) => given[name] !== undefined;
  if (isSet('REDIS_SENTINELS') && isSet('REDIS_CLUSTER_NODES')) {
    faults.push('REDIS_SENTINELS and REDIS_CLUSTER_NODES are both set: expected one');
  }
  if (isSet('REDIS_SENTINELS') !== isSet('REDIS_SENTINEL_NAME')) {
    faults.push('REDIS_SENTINELS and REDIS_SENTINEL_NAME belong together: one of them is missing');
  }
  if (!isSet('REDIS_URL') && !isSet('REDIS_SENTINELS') && !isSet('REDIS_CLUSTER_NODES') && !urlFailed) {
    faults.push('REDIS_URL is missing (or REDIS_SENTINELS with REDIS_SENTINEL_NAME, or REDIS_CLUSTER_NODES)');
  }
  for (const name of ['REDIS_SENTINEL_USERNAME', 'REDIS_SENTINEL_PASSWORD']) {
    if (isSet(name) && !isSet('REDIS_SENTINELS')) faults.push(`${name} is set without REDIS_SENTINELS`);
  }
  if (isSet('REDIS_SENTINEL_USERNAME') && !isSet('REDIS_SENTINEL_PASSWORD')) {
    faults.push('REDIS_SENTINEL_USERNAME is set without REDIS_SENTINEL_PASSWORD');
  }
  return [...faults, ...urlFaults(given), ...tlsFaults(given, urlFailed)];
}

/** What a client would misread, ignore or throw at. What does not look like a URL of Redis at all was named already. */
function urlFaults({ REDIS_URL: text = '', REDIS_CLUSTER_NODES: cluster }: Given): string[] {
  if (!/^rediss?:\/\//i.test(text) || !URL.canParse(text)) return [];
  const url = new URL(text);
  const database = url.pathname.slice(1);
  if (!hasReadableCredentials(url)) return [`REDIS_URL: expected ${PERCENT_ENCODED}`];
  if (url.search !== '' || url.hash !== '') {
    return [`REDIS_URL: expected nothing after host, port and database number, and ${PERCENT_ENCODED}`];
  }
  if (!/^\d{0,6}$/.test(database)) {
    return ['REDIS_URL: expected a database number behind the host, as in redis://host:6379/0, or none'];
  }
  if (cluster !== undefined && Number(database) !== 0) {
    return ['REDIS_URL: expected no database number with REDIS_CLUSTER_NODES: a Cluster has only database 0'];
  }
  return [];
}

function tlsFaults(given: Given, urlFailed: boolean): string[] {
  const faults: string[] = [];
  const hasTls = urlFailed || given.REDIS_URL?.startsWith('rediss:');
  for (const name of ['REDIS_TLS_CA_FILE', 'REDIS_TLS_SERVER_NAME']) {
    if (given[name] !== undefined && !hasTls) {
      faults.push(`${name} is set, but there is no TLS: expected a REDIS_URL that begins with rediss://`);
    }
  }
  const file = given.REDIS_TLS_CA_FILE;
  if (file === undefined) return faults;
  try {
    if (!readFileSync(file, 'utf8').includes('-----BEGIN CERTIFICATE-----')) {
      faults.push('REDIS_TLS_CA_FILE names a file without a certificate: expected PEM');
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    faults.push(`REDIS_TLS_CA_FILE names a file that cannot be read (${code})`);
  }
  return faults;
}
