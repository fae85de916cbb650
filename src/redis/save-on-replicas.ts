/** A save that also learns how many replicas have it (WAIT): what they have, a failover to one of them keeps. */
import type { RedisClient } from './client.ts';

/** Replicas acknowledge within a round trip; longer means that they are not there. Commands behind it wait, too. */
const ACKNOWLEDGED_WITHIN_MS = 500;

/** Scripts that save, and what they answer; see their headers. */
interface Saves {
  readonly saveRequest: number;
  readonly saveRules: [status: number, newestOpening?: string];
}

export interface ReplicatedSave<Answer> {
  readonly answer: Answer;
  /** Replicas that have it; 0 when none was waited for. */
  readonly acknowledged: number;
}

/**
 * One round trip on one connection: WAIT counts the replicas that have the last write of its own connection, so it
 * must not go out on another one, made after a failover, where it would vouch for nothing.
 */
export async function saveOnReplicas<Name extends keyof Saves>(
  client: RedisClient,
  name: Name,
  command: readonly (string | number)[],
  replicas: number,
): Promise<ReplicatedSave<Saves[Name]>> {
  if (replicas === 0) return { answer: (await client[name](...command)) as Saves[Name], acknowledged: 0 };
  const answers = await client
    .pipeline()
    [name](...command)
    .wait(replicas, ACKNOWLEDGED_WITHIN_MS)
    .exec();
  const [saved, waited] = answers ?? [];
  const failure = saved?.[0] ?? waited?.[0];
  if (failure) throw failure;
  return { answer: saved?.[1] as Saves[Name], acknowledged: Number(waited?.[1]) };
}
