/**
 * The files that take longest begin first. They wait more than they compute, so the other workers go on beside them.
 * Without this a fresh clone, which knows no durations yet, would begin them last: they are small.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONGEST = [
  'chaos/chaos',
  'chaos/kill-points',
  'sandbox/page/browser',
  'races/last-votes',
  'sandbox/tour',
  'races/rules',
  'races/veto',
  'failover/start-and-stop',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return found === -1 ? LONGEST.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
