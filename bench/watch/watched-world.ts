/** A world with units that owe a million each, and the settings of bots that watch them. */
import { randomUUID } from 'node:crypto';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startWorld, type World } from '../../sandbox/world.ts';

export async function watchedWorld(
  units: number,
  redisUrl: string,
  settings: Record<string, string>,
): Promise<World> {
  const world = await startWorld({
    redisUrl,
    replicas: 0,
    exchange: {
      ledger: () => ({ units: [], closed: [], records: [], interest: [], liquidations: [] }),
      wireLogSize: 1_000,
    },
    workspace: { transport: 'http', strictRateLimits: false },
    settings: {
      ...{ REDIS_PREFIX: `bench-${randomUUID()}`, REDIS_MAY_FORGET: 'true' },
      ...{ WATCH: 'on', WATCH_CHANNEL: SEED_IDS.loanAlerts },
      ...settings,
    },
  });
  for (let unit = 1; unit <= units; unit += 1) {
    const owed = { assetName: 'USDT', principal: '1000000', interest: '0' };
    world.exchange.addUnit({ groupId: String(unit), liabilities: [owed] });
  }
  return world;
}
