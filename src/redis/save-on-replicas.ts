/** A save that also learns how many replicas have it (WAIT): what they have, a failover to one of them keeps. */
import type { RedisClient } from './client.ts';

/** Replicas acknowledge within a round trip; longer means that they are not there. Commands behind it wait, too. */
const ACKNOWLEDGED_WITHIN_MS = 500;

export interface ReplicatedSave {
  /** What the script answered; see its header. */
  readonly status: number;
  /** Replicas that have it; 0 when none was waited for. */
  readonly acknowledged: number;
}

/**
 * One round trip on one connection: WAIT counts the replicas that have the last write of its own connection, so it
 * must not go out on another one, made after a failover, where it would vouch for nothing.
 */
export async function saveOnReplicas(
  client: RedisClient,
  command: readonly (string | number)[],
  replicas: number,
): Promise<ReplicatedSave> {
  if (replicas === 0) return { status: await client.saveRequest(...command), acknowledged: 0 };
  const answers = await client
    .pipeline()
    .saveRequest(...command)
    .wait(replicas, ACKNOWLEDGED_WITHIN_MS)
    .exec();
  const [saved, waited] = answers ?? [];
  const failure = saved?.[0] ?? waited?.[0];
  if (failure) throw failure;
  return { status: Number(saved?.[1]), acknowledged: Number(waited?.[1]) };
}
