/** The tour of the sandbox, played on the embedded Redis and on the suite's own. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { setSkipped, skipMinutes } from '../../sandbox/skip-time.ts';
import { tourOf } from '../../sandbox/tour.ts';
import { watchTourOf } from '../../sandbox/watch-tour.ts';
import { PLAYED_WATCH, startWorld, type World } from '../../sandbox/world.ts';

describe.each(['embedded', 'given'] as const)('the tour on %s Redis', (kind) => {
  let world: World;

  beforeAll(async () => {
    const settings = { ...PLAYED_WATCH, REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true' };
    world = await startWorld(kind === 'given' ? { redisUrl: inject('redisUrl'), settings } : { settings });
  });
  afterAll(async () => {
    await world?.close();
    setSkipped(0);
  });

  it('shows the whole path, each step as expected', async () => {
    const titles: string[] = [];
    const skip = kind === 'given' ? null : skipMinutes;
    for (const step of [...tourOf(world), ...watchTourOf(world, skip)]) {
      expect(await step.run()).not.toBe('');
      titles.push(step.title);
    }
    expect(titles).toHaveLength(15);
  }, 120_000);

  it('closes every form before a person takes over', () => {
    const { directory, store } = world.workspace;
    const open = [...directory.people.keys()].flatMap((userId) => store.modals(userId));
    expect(open.map((view) => world.workspace.renderText(view))).toEqual([]);
  });

  it('has sent exactly one DELETE, and not one call was refused', () => {
    expect(
      world.exchange.requests({ method: 'DELETE' }).map(({ groupId, status }) => [groupId, status]),
    ).toEqual([['7', 200]]);
    expect(world.exchange.requests().filter(({ status }) => status !== 200)).toEqual([]);
    expect(world.workspace.store.calls.filter(({ ok }) => !ok)).toEqual([]);
  });
});
