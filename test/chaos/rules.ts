/** The firm's own rules in a run: their file, swapped while it runs, and the groups that it names, emptied for a while. */
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import type { Need } from '../../src/domain/close/seats.ts';

const { ada, ben, chen, mara, omar, approvers, treasuryTeam, riskTeam } = SEED_IDS;

const FROM_TREASURY = { from: [treasuryTeam], count: 1 };
const FROM_RISK = { from: [riskTeam], count: 1 };

/** As it is in the file. */
export interface RulesFile {
  readonly rules: readonly {
    readonly units: '*' | readonly string[];
    readonly need: readonly Need[];
    readonly delay?: `${number}s`;
  }[];
}

/** Every third unit needs both groups and can be stopped for a while; the others need two people, as without a file. */
export function rulesFor(units: readonly string[]): { usual: RulesFile; stricter: RulesFile } {
  const own = units.filter((_, at) => at % 3 === 0);
  const others = { units: '*' as const, need: [{ from: [approvers], count: 2 }] };
  return {
    usual: { rules: [{ units: own, need: [FROM_TREASURY, FROM_RISK], delay: '2s' }, others] },
    stricter: {
      rules: [
        { units: own, need: [{ ...FROM_TREASURY, count: 2 }, FROM_RISK], delay: '4s' },
        { ...others, delay: '1s' },
      ],
    },
  };
}

/** A file was in place for this time, by the machine's clock; `toMs` is infinite for the last one. */
export interface RulesInForce {
  readonly file: RulesFile;
  readonly fromMs: number;
  toMs: number;
}

/** A group had nobody in it for this time. */
export interface EmptyGroup {
  readonly group: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The groups as they are while nobody empties them. */
export const MEMBERS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  [approvers, [ada, ben, chen]],
  [treasuryTeam, [ada, ben, chen]],
  [riskTeam, [mara, omar]],
]);

/** Three people who may decide, in an order in which the first two are enough for the usual rules. */
export function votersOf({ policy }: CloseRequest): readonly [string, string, string] {
  return policy.need?.some(({ from }) => from.includes(riskTeam)) ? [ada, mara, ben] : [ada, ben, chen];
}
