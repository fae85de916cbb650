/**
 * The brakes that people pull in an emergency, and the record of when they were pulled: which policy each process was
 * started with and how long it lived, and who was taken away when. The judge compares each DELETE with them.
 */
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { CloseMode, ClosePolicy } from '../../src/domain/policy.ts';
import { MEMBERS } from './rules.ts';

const { ada, ben } = SEED_IDS;

/** Settings with which every bot is killed and started again. */
export const RESTARTS = {
  'dry-run': [{ CLOSE_MODE: 'dry-run' }],
  'narrower-policy': [{ CLOSE_QUORUM: '3' }, { CLOSE_APPROVERS: `${ada},${ben}` }],
} as const satisfies Record<string, readonly [Settings, ...Settings[]]>;

export type Settings = Readonly<Record<string, string>>;

/** What a process may send at most: from the settings it was started with, or from what a request froze. */
export interface Bounds {
  readonly mode: CloseMode;
  readonly quorum: number;
  readonly approvers: ReadonlySet<string>;
}

/** A process, by the machine's clock; `toMs` is infinite while it lives. */
export interface Life extends Bounds {
  readonly fromMs: number;
  toMs: number;
}

/** Somebody was deactivated in Slack for this time. */
export interface Absence {
  readonly userId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export function boundsOf({ mode, quorum, approvers }: ClosePolicy): Bounds {
  return { mode, quorum, approvers: new Set(approvers.flatMap(peopleIn)) };
}

/** The bot's own defaults where nothing is set. With a rules file it, and not CLOSE_APPROVERS, names the approvers. */
export function boundsOfSettings(settings: Settings): Bounds {
  const named =
    settings.CLOSE_RULES_FILE === undefined ? (settings.CLOSE_APPROVERS ?? '').split(',') : MEMBERS.keys();
  return {
    mode: settings.CLOSE_MODE === 'dry-run' ? 'dry-run' : 'live',
    quorum: Number(settings.CLOSE_QUORUM ?? 2),
    approvers: new Set([...named].flatMap(peopleIn)),
  };
}

function peopleIn(name: string): readonly string[] {
  return MEMBERS.get(name) ?? [name];
}
