/** The ioredis client for each kind of Redis: a single one, one behind Sentinels, a Cluster. */
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { Cluster, type CommonRedisOptions, Redis } from 'ioredis';

export type RedisClient = Redis | Cluster;

/** Where the scheme is `rediss://`. */
export interface TlsSettings {
  /** The only authorities that count, in PEM; absent: those that Node trusts. */
  readonly ca?: string;
  /** The name that every certificate must bear; absent: the host that was connected to. */
  readonly serverName?: string;
}

/** Credentials of the data nodes where the settings name hosts instead of a URL. */
interface NodeAccess {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: TlsSettings;
}

/** `host:port`, or `redis://` / `rediss://` (TLS, of the nodes behind Sentinels, too) with host and port. */
export type RedisSettings =
  | { readonly url: string; readonly tls?: TlsSettings }
  | (NodeAccess & {
      readonly sentinels: readonly string[];
      readonly name: string;
      readonly database?: number;
      /** Of the Sentinels themselves. */
      readonly sentinelUsername?: string;
      readonly sentinelPassword?: string;
    })
  | (NodeAccess & { readonly clusterNodes: readonly string[] });

export interface RedisTimes {
  /** A command without an answer counts as failed after this long. */
  readonly commandTimeoutMs: number;
  /** How long a command waits for a lost connection to come back. */
  readonly patienceMs: number;
  /** Longest pause between attempts to connect; attempts never end. */
  readonly reconnectAtMostMs: number;
}

export const REDIS_TIMES: RedisTimes = { commandTimeoutMs: 1_500, patienceMs: 500, reconnectAtMostMs: 2_000 };

/** Starts to connect at once. */
export function createClient(settings: RedisSettings, times: RedisTimes): RedisClient {
  const retryStrategy = (attempt: number) =>
    Math.min(25 * 2 ** Math.min(attempt, 10), times.reconnectAtMostMs);
  const common = {
    commandTimeout: times.commandTimeoutMs,
    connectTimeout: 3_000,
    // A silent connection (a host that vanished) is given up and replaced.
    socketTimeout: times.commandTimeoutMs * 2,
    keepAlive: 10_000,
    // 0: a command whose connection broke fails at once; `run` decides whether it goes out again.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: false,
    // A former master after a failover answers READONLY: connect again, to the present one.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies CommonRedisOptions;
  if ('url' in settings) {
    const { protocol, hostname } = new URL(settings.url);
    return new Redis(settings.url, {
      ...common,
      retryStrategy,
      enableOfflineQueue: false,
      ...(protocol === 'rediss:' ? { tls: tlsOptions(settings.tls, hostname) } : {}),
    });
  }
  const access = {
    ...(settings.username === undefined ? {} : { username: settings.username }),
    ...(settings.password === undefined ? {} : { password: settings.password }),
  };
  if ('sentinels' in settings) {
    const nodes = settings.sentinels.map(parseNode);
    const tls = tlsOptions(settings.tls);
    return new Redis({
      ...common,
      ...access,
      sentinels: nodes.map(({ host, port }) => ({ host, port })),
      name: settings.name,
      db: settings.database ?? 0,
      ...(settings.sentinelUsername === undefined ? {} : { sentinelUsername: settings.sentinelUsername }),
      ...(settings.sentinelPassword === undefined ? {} : { sentinelPassword: settings.sentinelPassword }),
      ...(nodes[0]?.hasTls ? { enableTLSForSentinelMode: true, tls, sentinelTLS: tls } : {}),
      retryStrategy,
      sentinelRetryStrategy: retryStrategy,
      // Told of a failover at once: a former master still takes writes for seconds, and loses them.
      failoverDetector: true,
      enableOfflineQueue: false,
    });
  }
  const nodes = settings.clusterNodes.map(parseNode);
  const hasTls = nodes[0]?.hasTls === true;
  return new Cluster(
    nodes.map(({ host, port }) => ({ host, port })),
    {
      clusterRetryStrategy: retryStrategy,
      enableOfflineQueue: false,
      redisOptions: { ...common, ...access, ...(hasTls ? { tls: tlsOptions(settings.tls) } : {}) },
      // ioredis connects to the address otherwise, and a certificate bears the name.
      ...(hasTls ? { dnsLookup: (host: string, found: FoundAddress) => found(null, host) } : {}),
    },
  );
}

type FoundAddress = (error: null, address: string) => void;

/** Without a name given, each certificate is held against the host connected to; SNI needs one host for all. */
function tlsOptions({ ca, serverName }: TlsSettings = {}, onlyHost = ''): ConnectionOptions {
  const servername = serverName ?? (isIP(onlyHost.replace(/^\[|\]$/g, '')) === 0 ? onlyHost : '');
  return { ...(ca === undefined ? {} : { ca }), ...(servername === '' ? {} : { servername }) };
}

interface Node {
  readonly host: string;
  readonly port: number;
  readonly hasTls: boolean;
}

const DEFAULT_PORT = 6379;

function parseNode(written: string): Node {
  const url = new URL(written.includes('://') ? written : `redis://${written}`);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    hasTls: url.protocol === 'rediss:',
  };
}
