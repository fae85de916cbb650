/** From the settings to what the Redis connection takes. */

import type { RedisSettings } from '../redis/connection.ts';
import type { Config } from './config.ts';
import type { HostPort } from './schema.ts';

/** With Sentinel and Cluster, REDIS_URL gives the nodes' user and password, and TLS (Sentinels included) by rediss://. */
export function redisSettings({ target, tls: { ca, serverName } }: Config['redis']): RedisSettings {
  const tls = { ...(ca === null ? {} : { ca }), ...(serverName === null ? {} : { serverName }) };
  if (target.kind === 'single') return { url: target.url, tls };
  const given = target.url === null ? null : new URL(target.url);
  const access = {
    tls,
    ...(given?.username ? { username: decodeURIComponent(given.username) } : {}),
    ...(given?.password ? { password: decodeURIComponent(given.password) } : {}),
  };
  const text = ({ host, port }: HostPort) =>
    `${given?.protocol ?? 'redis:'}//${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (target.kind === 'cluster') return { ...access, clusterNodes: target.nodes.map(text) };
  return {
    ...access,
    sentinels: target.sentinels.map(text),
    name: target.name,
    database: Number(given?.pathname.slice(1) || '0'),
    ...(target.username === null ? {} : { sentinelUsername: target.username }),
    ...(target.password === null ? {} : { sentinelPassword: target.password }),
  };
}
