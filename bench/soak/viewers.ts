/** People who only look: each types a command, waits for its answer, and after a while the next. */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkspaceSeed } from '../../sandbox/slack/directory.ts';
import { createSeed } from '../../sandbox/slack/seed.ts';
import type { Workspace } from '../../sandbox/slack/workspace.ts';
import { COMMANDS } from '../../src/slack/ids.ts';
import type { Random } from '../../test/chaos/random.ts';

const ANSWERED_WITHIN_MS = 20_000;

/** Reads of units are few (60 a minute for one address): people share them in the beats in which the stories read. */
const COMMANDS_BY_WEIGHT = {
  help: 40,
  'closed units': 25,
  requests: 25,
  status: 5,
  units: 5,
} as const;

const TYPED = {
  help: [COMMANDS.ltv, 'help'],
  'closed units': [COMMANDS.closedUnits, ''],
  requests: [COMMANDS.loandesk, 'requests'],
  status: [COMMANDS.loandesk, 'status'],
  units: [COMMANDS.ltv, ''],
} as const;

const BEAT_MS = 5_000;

export interface Seen {
  sent: number;
  acked: number;
  answered: number;
  /** What was typed when, and what became of it. */
  readonly notAcked: string[];
  readonly notAnswered: string[];
  readonly ackMs: number[];
}

export function seedWithViewers(count: number): { readonly seed: WorkspaceSeed; readonly viewers: string[] } {
  const seed = createSeed();
  const viewers = Array.from({ length: count }, (_, at) => `U0VIEWER${String(at).padStart(3, '0')}`);
  const people = viewers.map((id) => ({
    id,
    teamId: seed.team.id,
    name: id.toLowerCase(),
    realName: id,
    tz: 'Etc/UTC',
    tzOffsetS: 0,
  }));
  return { seed: { ...seed, people: [...seed.people, ...people] }, viewers };
}

export interface ViewersParts {
  readonly workspace: Workspace;
  readonly viewers: readonly string[];
  readonly someBot: () => string;
  readonly random: Random;
  readonly stopped: AbortSignal;
}

export async function watchViewers(parts: ViewersParts): Promise<Seen> {
  const seen: Seen = { sent: 0, acked: 0, answered: 0, notAcked: [], notAnswered: [], ackMs: [] };
  await Promise.all(
    parts.viewers.map(async (viewer) => {
      const random = parts.random.fork(viewer);
      while (!parts.stopped.aborted) {
        await pause(random.between(1_000, 9_000), null, { signal: parts.stopped }).catch(() => {});
        if (!parts.stopped.aborted) await look(viewer, random, parts, seen);
      }
    }),
  );
  return seen;
}

async function look(
  viewer: string,
  random: Random,
  { workspace, someBot }: ViewersParts,
  seen: Seen,
): Promise<void> {
  const what = random.weighted(COMMANDS_BY_WEIGHT);
  if (what === 'units') await pause(BEAT_MS - (Date.now() % BEAT_MS) + random.between(100, 800));
  const [command, text] = TYPED[what];
  const note = `${new Date().toISOString()} ${command} ${text}`;
  seen.sent += 1;
  const result = await workspace.as(viewer).command(command, text, { to: someBot() });
  if (result.status !== 200) {
    seen.notAcked.push(`${note}: ${result.failure ?? result.status}`);
    return;
  }
  seen.acked += 1;
  seen.ackMs.push(result.elapsedMs);
  const channel = workspace.directory.directMessage(viewer).id;
  try {
    await workspace.next(
      (event) =>
        'message' in event &&
        event.message.channelId === channel &&
        event.message.userId === workspace.directory.botUserId &&
        !event.message.text.startsWith('Still '),
      { after: result.order, timeoutMs: ANSWERED_WITHIN_MS },
    );
    seen.answered += 1;
  } catch {
    seen.notAnswered.push(note);
  }
}
