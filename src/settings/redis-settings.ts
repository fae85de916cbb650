/** The Redis settings in the form that the connection takes. */
import { readFileSync } from 'node:fs';
import type { RedisSettings, TlsSettings } from '../redis/client.ts';
import { type HostPort, hasReadableCredentials, PERCENT_ENCODED } from './fields.ts';
import type { Settings } from './schema.ts';

/**
 * With Sentinel and Cluster, REDIS_URL gives the nodes' user, password and database (Sentinel), and TLS (Sentinels
 * included) by rediss://. Doesn't throw for the CA file: `redisFaults` has read it before.
 */
export function redisSettings(settings: Settings): RedisSettings {
  const { REDIS_SENTINELS: sentinels, REDIS_CLUSTER_NODES: clusterNodes, REDIS_URL: url = '' } = settings;
  const tls = tlsSettings(settings);
  if (!sentinels && !clusterNodes) return { url, tls };
  const given = url === '' ? null : new URL(url);
  const access = {
    tls,
    ...(given?.username ? { username: decodeURIComponent(given.username) } : {}),
    ...(given?.password ? { password: decodeURIComponent(given.password) } : {}),
  };
  const text = ({ host, port }: HostPort) =>
    `${given?.protocol ?? 'redis:'}//${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (!sentinels) return { ...access, clusterNodes: (clusterNodes ?? []).map(text) };
  const { REDIS_SENTINEL_USERNAME: username, REDIS_SENTINEL_PASSWORD: password } = settings;
  return {
    ...access,
    sentinels: sentinels.map(text),
    name: settings.REDIS_SENTINEL_NAME ?? '',
    database: Number(given?.pathname.slice(1) || '0'),
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
  };
}

function tlsSettings({ REDIS_TLS_CA_FILE: file, REDIS_TLS_SERVER_NAME: serverName }: Settings): TlsSettings {
  return {
    ...(file === undefined ? {} : { ca: readFileSync(file, 'utf8') }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

type Given = Readonly<Record<string, string>>;

/** Faults of settings in combination. `urlFailed`: REDIS_URL_FILE couldn't be read, which is already reported. */
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

/** Parts of the URL that a client would misread, ignore or reject. A text that is no Redis URL is already reported. */
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
      faults.push(`${name} is set without TLS: expected a REDIS_URL that begins with rediss://`);
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
    faults.push(`REDIS_TLS_CA_FILE names a file that can't be read (${code})`);
  }
  return faults;
}
