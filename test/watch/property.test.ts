/**
 * For random prices, faults and crashes: whatever was read at or above a level is told in time, or the watch says that it
 * is blind; and no two messages say the same within a floor. `npm run test:long` plays many more.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Covered, NOTHING_FOUND, playCourse } from './course-judge.ts';
import { course } from './random-course.ts';
import { ON_REAL_REDIS } from './watch-rig.ts';

describe.skipIf(!ON_REAL_REDIS)('over random prices, faults and crashes', { timeout: 300_000 }, () => {
  it('each reading at a level is told within its bound, once per floor, and each message once', async () => {
    const covered: Covered = new Map();
    await fc.assert(
      fc.asyncProperty(course(1), async (steps) => {
        expect(await playCourse(steps, covered)).toEqual(NOTHING_FOUND);
      }),
      { numRuns: 1, seed: 11, endOnFailure: true },
    );
    expect(Math.min(...covered.values())).toBeGreaterThan(3);
    expect(covered.size).toBe(7);
  });
});
