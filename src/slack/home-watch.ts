/**
 * Redraws App Home when a close request changed, for people who opened it recently: Slack reports that Home was opened,
 * never that it was closed. Kept in the memory of each replica, for the openings that it received; after a restart,
 * people get a fresh Home at their next opening.
 */
import type { WebClient } from '@slack/web-api';
import type { PersonId } from '../domain/person.ts';
import type { Desk } from '../usecases/desk.ts';
import type { Log } from '../usecases/ports.ts';
import { publishHomeTab } from './send-message.ts';
import { failureText } from './slack-call.ts';
import { homeTab, refusedHomeTab } from './views/home-view.ts';

/** Opening the tab again restarts it. */
const WATCHED_FOR_MS = 30 * 60_000;
const MAX_WATCHERS = 200;
/** views.publish allows at least 100 calls per minute; with a round every 5 s this leaves room for openings. */
const REDRAWN_PER_ROUND = 6;

interface Watcher {
  readonly by: PersonId;
  readonly untilMs: number;
  /** Of the requests when Home was last drawn: `requestsMark`. */
  readonly mark: string;
}

export interface HomeWatchParts {
  readonly client: WebClient;
  readonly desk: Pick<Desk, 'home' | 'requestsMark'>;
  readonly workspaceUrl: () => string | null;
  readonly now: () => number;
  readonly log: Log;
}

export class HomeWatch {
  readonly #parts: HomeWatchParts;
  /** By team and user id, longest waiting first. */
  readonly #watchers = new Map<string, Watcher>();
  #pausedUntilMs = 0;

  constructor(parts: HomeWatchParts) {
    this.#parts = parts;
  }

  /** `mark`: read before Home was drawn, so that no change in between is missed. */
  opened(by: PersonId, mark: string): void {
    this.#remember({ by, mark, untilMs: this.#parts.now() + WATCHED_FOR_MS });
    const [oldest] = this.#watchers.keys();
    if (this.#watchers.size > MAX_WATCHERS && oldest !== undefined) this.#watchers.delete(oldest);
  }

  /** One round; returns how many tabs were redrawn. Without watchers it reads nothing. */
  async refresh(): Promise<number> {
    const nowMs = this.#parts.now();
    for (const [key, { untilMs }] of this.#watchers) if (nowMs >= untilMs) this.#watchers.delete(key);
    if (this.#watchers.size === 0 || nowMs < this.#pausedUntilMs) return 0;
    const mark = await this.#parts.desk.requestsMark();
    const behind = [...this.#watchers.values()].filter((watcher) => watcher.mark !== mark);
    let redrawn = 0;
    for (const watcher of behind.slice(0, REDRAWN_PER_ROUND)) {
      if (!(await this.#redraw(watcher, mark))) break;
      redrawn += 1;
    }
    return redrawn;
  }

  /** False: Slack limited the calls. */
  async #redraw(watcher: Watcher, mark: string): Promise<boolean> {
    const { client, desk, workspaceUrl, now, log } = this.#parts;
    const { by } = watcher;
    const home = await desk.home(by);
    const view = home.ok ? homeTab(home.value, workspaceUrl()) : refusedHomeTab(home.refusal);
    const answer = await publishHomeTab(client, by.userId, view);
    if (answer.ok && home.ok) this.#remember({ ...watcher, mark });
    else this.#watchers.delete(keyOf(by));
    if (answer.ok) return true;
    log.warn({ userId: by.userId, why: failureText(answer.failure) }, 'App Home was not redrawn');
    if (answer.failure.kind !== 'rate-limited') return true;
    this.#remember(watcher);
    this.#pausedUntilMs = now() + answer.failure.retryAfterMs;
    return false;
  }

  #remember(watcher: Watcher): void {
    const key = keyOf(watcher.by);
    this.#watchers.delete(key);
    this.#watchers.set(key, watcher);
  }
}

function keyOf({ teamId, userId }: PersonId): string {
  return `${teamId}:${userId}`;
}
