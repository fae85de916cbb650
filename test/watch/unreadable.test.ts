/** Records of the watch that somebody changed in Redis: people hear of it directly, and what the runbook says mends it. */
import { describe, expect, inject, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { KeyNames } from '../../src/redis/key-names.ts';
import { bareClient } from '../redis/redis-parts.ts';
import { RedisWriter } from '../redis/redis-writer.ts';
import { HOUR, MINUTE, ON_REAL_REDIS, WatchRig } from './watch-rig.ts';

async function scene() {
  const rig = await WatchRig.start({ replicas: 2, units: { 1: '0.86', 2: '0.6' } });
  await rig.round();
  const keys = new KeyNames(rig.world.settings().REDIS_PREFIX ?? '');
  const writer = new RedisWriter(bareClient(inject('redisUrl')), keys);
  const directly = (text: RegExp) => rig.toldDirectly(ids.ada).filter((told) => text.test(told.text));
  return { rig, writer, directly };
}

describe.skipIf(!ON_REAL_REDIS)('a record that cannot be read', { timeout: 120_000 }, () => {
  it('of a case: its unit is said not to be watched, the other one is, and deleting the record of the watch lets the watch begin again', async () => {
    const { rig, writer, directly } = await scene();
    const [id = ''] = await writer.redis.zrange(writer.keys.episodes, '0', '-1');
    await writer.forge(id, { level: 'initial' });
    rig.setLtv('2', '0.91');
    await rig.rounds(3 * MINUTE);
    expect(directly(/Unit 1 isn't watched/)).toHaveLength(1);
    expect(rig.told().filter(({ text }) => /Unit 2/.test(text))).not.toEqual([]);
    expect(rig.told().filter(({ text }) => /blind/.test(text) && text.includes(id))).toHaveLength(1);

    await writer.redis.del(writer.keys.record('watch'));
    await rig.rounds(MINUTE);
    const cards = rig.told().filter(({ text, isReply }) => !isReply && /Unit 1/.test(text));
    expect(cards.length).toBeGreaterThan(1);
    expect(directly(/isn't watched/)).toHaveLength(1);
  });

  it('of the watch itself: it has stopped, and each person hears so once an hour', async () => {
    const { rig, writer, directly } = await scene();
    await writer.forge('watch', { units: {} });
    await rig.rounds(2 * MINUTE);
    expect(directly(/The watch has stopped/)).toHaveLength(1);
    await rig.clock.pass(HOUR);
    await rig.round();
    await rig.round();
    expect(directly(/The watch has stopped/)).toHaveLength(2);
    expect(directly(/The watch has stopped/)[0]?.text).toContain("it doesn't match its seal");
  });
});
