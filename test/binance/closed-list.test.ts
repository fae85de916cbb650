/** Reading the closed list while it grows: rows move on to later pages. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallResult } from '../../src/binance/caller.ts';
import { decodeClosed, walkClosedPages } from '../../src/binance/closed-list.ts';
import { parseExactJson } from '../../src/binance/exact-json.ts';
import type { QueryParameter } from '../../src/binance/signing.ts';

const rowOf = (groupId: string) => ({
  groupId,
  parentEmail: 'p@test.com',
  creditEmail: 'c@test.com',
  enabled: false,
  createTime: 1,
  closeTime: 2,
});

function answered(page: object, asOfMs = 1): CallResult {
  return { kind: 'answered', json: parseExactJson(JSON.stringify(page)), asOfMs };
}

/** A closed list that gets another row before the answers with these numbers, at these places (in parts of it). */
class GrowingList {
  readonly ids: string[];
  readonly moments: ReadonlySet<string>[] = [];
  readonly asked: number[] = [];
  readonly #inserts: ReadonlyMap<number, number>;

  constructor(size: number, inserts: ReadonlyMap<number, number>) {
    this.ids = Array.from({ length: size }, (_, at) => String(at + 1));
    this.#inserts = inserts;
  }

  insert(at: number): void {
    this.ids.splice(at, 0, String(this.ids.length + 1));
  }

  answer(parameters: readonly QueryParameter[]): CallResult {
    const where = this.#inserts.get(this.asked.length);
    if (where !== undefined) this.insert(Math.round(where * this.ids.length));
    const [current = 0, size = 0] = parameters.map(([, value]) => Number(value));
    this.asked.push(current);
    this.moments.push(new Set(this.ids));
    const rows = this.ids.slice((current - 1) * size, current * size).map(rowOf);
    return answered({ total: this.ids.length, rows }, this.asked.length);
  }
}

async function unitsOf(walk: ReturnType<typeof walkClosedPages>) {
  const read = await walk;
  if (read.kind !== 'read') throw new Error(read.kind);
  const { units, missing } = decodeClosed(read.value);
  return { ids: units.map(({ groupId }) => String(groupId)), missing };
}

describe('the closed list', () => {
  it('exchange case 7: no duplicate and no gap, whatever comes in between and whichever page is answered first', async () => {
    const places = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));
    const inserts = fc.array(fc.tuple(fc.nat({ max: 20 }), places), { maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 620 }), inserts, fc.scheduler(), async (size, when, scheduler) => {
        const list = new GrowingList(size, new Map(when));
        const before = new Set(list.ids);
        const fetchPage = async (parameters: readonly QueryParameter[]) => {
          await scheduler.schedule(Promise.resolve());
          return list.answer(parameters);
        };
        const { ids, missing } = await scheduler.waitFor(unitsOf(walkClosedPages(fetchPage)));
        expect(new Set(ids).size, 'twice').toBe(ids.length);
        const found = new Set(ids);
        expect(
          [...before].filter((id) => !found.has(id)),
          'there all the time and not shown',
        ).toEqual([]);
        // What came in during the walk may be missed, but never silently.
        const whole = list.moments.some(
          (moment) => moment.size === found.size && ids.every((id) => moment.has(id)),
        );
        expect(whole || missing > 0).toBe(true);
      }),
      { numRuns: 800 },
    );
  });

  it('of several counts the largest says what is missing', () => {
    const part = (total: number, groupId: string) => ({
      firstRow: 1,
      page: parseExactJson(JSON.stringify({ total, rows: [rowOf(groupId)] })),
    });
    expect(decodeClosed([part(3, '1'), part(2, '2')])).toMatchObject({ missing: 1 });
  });

  it('reads one page after the other, and each of them once while nothing changes', async () => {
    const list = new GrowingList(1_000, new Map());
    let running = 0;
    let most = 0;
    const { ids, missing } = await unitsOf(
      walkClosedPages(async (parameters) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return list.answer(parameters);
      }),
    );
    expect([ids.length, missing, most]).toEqual([1_000, 0, 1]);
    expect(list.asked).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('does not walk again for rows that the exchange only counts', async () => {
    const list = new GrowingList(250, new Map());
    const lying = async (parameters: readonly QueryParameter[]): Promise<CallResult> => {
      const answer = list.answer(parameters);
      return answer.kind === 'answered' ? answered({ ...Object(answer.json), total: 252 }) : answer;
    };
    expect(await unitsOf(walkClosedPages(lying))).toMatchObject({ missing: 2 });
    expect(list.asked).toEqual([1, 2, 3]);
  });

  it('a failure of one page is the failure of the walk', async () => {
    const list = new GrowingList(600, new Map());
    const uncounted: CallResult = { kind: 'uncounted' };
    const walk = walkClosedPages(async (parameters) => {
      const answer = list.answer(parameters);
      return list.asked.length === 4 ? uncounted : answer;
    });
    expect(await walk).toEqual(uncounted);
  });
});
