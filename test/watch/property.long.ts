/** The same as property.test.ts for long courses of any seed, which a failure names. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOTHING_FOUND, playCourse } from './course-judge.ts';
import { course } from './random-course.ts';
import { ON_REAL_REDIS } from './watch-rig.ts';

describe.skipIf(!ON_REAL_REDIS)('over random prices, faults and crashes', { timeout: 900_000 }, () => {
  it('each reading at a level is told within its bound, once per floor, and each message once', async () => {
    await fc.assert(
      fc.asyncProperty(course(3), async (steps) => {
        expect(await playCourse(steps, new Map())).toEqual(NOTHING_FOUND);
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });
});
