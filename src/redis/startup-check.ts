/**
 * Is this Redis fit to hold approvals? A lost vote cannot be restored, so Redis must keep what it acknowledged
 * (append-only file, or replicas) and never evict. The caller decides what a fault means for the start.
 */
import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from './client.ts';
import type { RedisConnection } from './connection.ts';

export interface RedisFinding {
  readonly level: 'ok' | 'warning' | 'fault';
  readonly text: string;
  /** What to do; empty when all is well. */
  readonly advice: string;
}

/** What one node says of itself: fields of INFO, and settings that CONFIG gave (none where an ACL forbids it). */
export interface NodeReport {
  readonly info: ReadonlyMap<string, string>;
  readonly config: ReadonlyMap<string, string> | null;
}

/** XRANGE with exclusive ids came with 6.2; scripts replicate their effects, not themselves, since 5. */
const LEAST_VERSION = [6, 2] as const;

/** Reads INFO and CONFIG of every master. Throws StoreUnavailable when Redis cannot be reached. */
export async function checkRedis(connection: RedisConnection): Promise<readonly RedisFinding[]> {
  const nodes = await connection.run('info', async (client) => Promise.all(mastersOf(client).map(readNode)));
  return nodes.flatMap(({ name, report }) =>
    judgeNode(report).map((finding) =>
      name === null ? finding : { ...finding, text: `${name}: ${finding.text}` },
    ),
  );
}

function mastersOf(client: RedisClient): { name: string | null; node: Redis }[] {
  if (!(client instanceof Cluster)) return [{ name: null, node: client }];
  return client.nodes('master').map((node) => ({ name: `${node.options.host}:${node.options.port}`, node }));
}

async function readNode({ name, node }: { name: string | null; node: Redis }) {
  const [info, appendfsync, minReplicas, policy] = await Promise.all([
    node.info().catch(forbiddenIsNull),
    node.config('GET', 'appendfsync').catch(forbiddenIsNull),
    node.config('GET', 'min-replicas-to-write').catch(forbiddenIsNull),
    node.config('GET', 'maxmemory-policy').catch(forbiddenIsNull),
  ]);
  const settings = [appendfsync, minReplicas, policy];
  const report: NodeReport = {
    info: fieldsOf(info ?? ''),
    config: settings.includes(null) ? null : new Map(settings.map(pairOf)),
  };
  return { name, report };
}

/** NOPERM: the ACL user may not; "unknown command": a host that took CONFIG away. Anything else is trouble. */
function forbiddenIsNull(error: unknown): null {
  if (error instanceof Error && /NOPERM|unknown command/i.test(error.message)) return null;
  throw error;
}

function pairOf(answer: unknown): [string, string] {
  if (!Array.isArray(answer)) return ['', ''];
  const [name, value]: unknown[] = answer;
  return [String(name ?? ''), String(value ?? '')];
}

function fieldsOf(info: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of info.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/** The judgement alone, from what a node said. */
export function judgeNode(report: NodeReport): RedisFinding[] {
  const { info } = report;
  if (info.size === 0) {
    return [
      warning(
        "this Redis user can't read INFO: version, persistence and eviction were not checked",
        'Allow +info (and +config|get) for the user, or check manually: AOF on, maxmemory-policy noeviction.',
      ),
    ];
  }
  return [
    judgeVersion(info.get('redis_version') ?? ''),
    ...judgeRole(info),
    judgePersistence(report),
    ...judgeLastWrites(info),
    judgeEviction(report),
    ...(report.config === null
      ? [
          warning(
            "this Redis user can't read CONFIG: how often the append-only file is synced was not checked",
            'Allow +config|get for the user, or check manually: appendfsync everysec or always.',
          ),
        ]
      : []),
  ];
}

function judgeVersion(version: string): RedisFinding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_VERSION;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok(`Redis ${version}`);
  const least = LEAST_VERSION.join('.');
  return fault(
    `Redis ${version || 'of unknown version'}: ${least} or newer is needed`,
    `Update Redis to ${least} or newer.`,
  );
}

function judgeRole(info: ReadonlyMap<string, string>): RedisFinding[] {
  if (info.get('role') !== 'slave') return [];
  return [
    fault(
      'this Redis is a replica: nothing can be written',
      'Point the settings at the master, or use Sentinel.',
    ),
  ];
}

function judgePersistence({ info, config }: NodeReport): RedisFinding {
  const replicas = Number(info.get('connected_slaves') ?? '0');
  if (info.get('aof_enabled') === '1') {
    const sync = config?.get('appendfsync');
    if (sync === 'no') {
      return warning(
        'append-only file is on, but the system decides when it is synced (appendfsync no)',
        'Set appendfsync to everysec (a crash loses at most about a second) or always.',
      );
    }
    return ok(`append-only file is on${sync === undefined ? '' : ` (appendfsync ${sync})`}`);
  }
  if (replicas === 0) {
    return fault(
      'neither an append-only file nor a replica: a restart forgets open requests, votes and the audit',
      'Set appendonly yes, or attach replicas.',
    );
  }
  const attached = `no append-only file, ${replicas} replica${replicas === 1 ? '' : 's'}`;
  if (config?.get('min-replicas-to-write') === '0') {
    return warning(
      `${attached}: a failover may lose votes that were acknowledged`,
      'Set min-replicas-to-write 1 and min-replicas-max-lag 10, or appendonly yes.',
    );
  }
  return ok(attached);
}

function judgeLastWrites(info: ReadonlyMap<string, string>): RedisFinding[] {
  const failing = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status'].filter(
    (field) => (info.get(field) ?? 'ok') !== 'ok',
  );
  if (failing.length === 0) return [];
  return [fault(`Redis could not write to its disk: ${failing.join(', ')}`, 'Look at its disk and its log.')];
}

function judgeEviction({ info, config }: NodeReport): RedisFinding {
  const policy = info.get('maxmemory_policy') ?? config?.get('maxmemory-policy');
  if (policy === 'noeviction') return ok('nothing is evicted (noeviction)');
  if (policy === undefined) {
    return warning(
      'what Redis evicts when its memory is full is not known',
      'Set maxmemory-policy noeviction.',
    );
  }
  if (policy.startsWith('volatile-')) {
    return warning(
      `requests, votes and the audit are never evicted; counts and repeats already seen may be (${policy})`,
      'Set maxmemory-policy noeviction: a lost count may spend more of the Binance limits than is left.',
    );
  }
  return fault(
    `Redis may throw away open requests and the audit when its memory is full (${policy})`,
    'Set maxmemory-policy noeviction.',
  );
}

function ok(text: string): RedisFinding {
  return { level: 'ok', text, advice: '' };
}

function warning(text: string, advice: string): RedisFinding {
  return { level: 'warning', text, advice };
}

function fault(text: string, advice: string): RedisFinding {
  return { level: 'fault', text, advice };
}
