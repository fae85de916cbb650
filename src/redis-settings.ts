/** From the settings to what the Redis connection takes. */
import type { Config } from './config.ts';
import type { RedisSettings } from './redis/connection.ts';
import type { HostPort } from './settings-schema.ts';

/** With Sentinel and Cluster, REDIS_URL gives the nodes' user and password, and TLS by rediss://. */
export function redisSettings(target: Config['redis']['target']): RedisSettings {
  if (target.kind === 'single') return { url: target.url };
  const given = target.url === null ? null : new URL(target.url);
  const access = {
    ...(given?.username ? { username: decodeURIComponent(given.username) } : {}),
    ...(given?.password ? { password: decodeURIComponent(given.password) } : {}),
  };
  const text = ({ host, port }: HostPort) => `${given?.protocol ?? 'redis:'}//${host}:${port}`;
  return target.kind === 'sentinel'
    ? { ...access, sentinels: target.sentinels.map(text), name: target.name }
    : { ...access, clusterNodes: target.nodes.map(text) };
}
