/**
 * Brings what the pagers were told of each case to what they should know. The record says both, so nothing is lost by a
 * crash. Each pager that took it is noted, so that it doesn't hear it again while another one refuses; where the note is
 * lost, its deduplication makes a repeat harmless.
 */
import type { Episode } from '../domain/watch/episode.ts';
import type { Log, SeenOnce } from './ports.ts';
import type { WatchBook } from './watch-book.ts';
import type { PageEvent, Pager, WatchEvents, WatchStore } from './watch-ports.ts';

const FIRST_DELAY_MS = 5_000;
const LONGEST_DELAY_MS = 60_000;
/** A pager that refuses for longer may have the others hear of the case again. */
const TAKEN_REMEMBERED_MS = 7 * 24 * 3_600_000;
/** Each round looks at the newest case of each unit; now and then at older ones, too, whose end was not delivered. */
const OLDER_EVERY_ROUNDS = 30;
const OLDER_AT_MOST = 50;

export interface PageCasesParts {
  readonly store: Pick<WatchStore, 'load' | 'recentEpisodes'>;
  readonly book: WatchBook;
  /** All of them are told. */
  readonly pagers: readonly Pager[];
  readonly seenOnce: SeenOnce;
  readonly events: Pick<WatchEvents, 'pageSent'>;
  readonly log: Log;
}

export interface PageTrouble {
  readonly caseId: string;
  /** "PagerDuty: no answer within 5 s" */
  readonly why: string;
}

export interface PageCases {
  /** One round; returns how many cases the pagers now know as they should. */
  round(): Promise<number>;
  /** What this process could not deliver. */
  troubles(): readonly PageTrouble[];
}

export function createPageCases(parts: PageCasesParts): PageCases {
  const { store, book, pagers, seenOnce, events, log } = parts;
  /** By case. */
  const failures = new Map<string, { readonly times: number; readonly why: string }>();
  let rounds = 0;

  async function bring(episode: Episode): Promise<boolean> {
    const { id, page } = episode;
    const { wanted, told, number } = page;
    if (wanted === told || wanted === 'none') return false;
    const step = `${keyOf(id, number)}:${told}:${wanted}`;
    const times = failures.get(id)?.times ?? 0;
    // Over all replicas: one attempt within this time.
    if (!(await seenOnce.first(`page:${step}`, Math.min(FIRST_DELAY_MS * 2 ** times, LONGEST_DELAY_MS))))
      return false;
    const due = eventsOf(episode, wanted);
    const [why] = (await Promise.all(pagers.map((pager) => tell(pager, step, due)))).flat();
    if (why !== undefined) {
      failures.set(id, { times: times + 1, why });
      return false;
    }
    failures.delete(id);
    log.info({ episodeId: id, state: wanted }, 'page delivered');
    const isStillIt = (now: Episode) => now.page.number === number;
    return (await book.applyToCase(id, { type: 'record-page', told: wanted }, isStillIt)).ok;
  }

  /** One after the other, and none of them if it took all before; what is refused is a list of one. */
  async function tell(pager: Pager, step: string, due: readonly PageEvent[]): Promise<readonly string[]> {
    const taken = `page-taken:${pager.name}:${step}`;
    if (await seenOnce.has(taken)) return [];
    for (const event of due) {
      const sent = await pager.send(event);
      events.pageSent(sent.ok ? 'accepted' : 'failed');
      if (sent.ok) continue;
      const { key, state } = event;
      log.error({ incident: key, pager: pager.name, state, why: sent.why }, 'page failed');
      return [`${pager.name}: ${sent.why}`];
    }
    await seenOnce.first(taken, TAKEN_REMEMBERED_MS);
    return [];
  }

  return {
    async round() {
      rounds += 1;
      const { episodes, unreadable } = await store.load();
      const stored = [...episodes.values()];
      const isOlderDue = rounds % OLDER_EVERY_ROUNDS === 0;
      const recent = isOlderDue ? await store.recentEpisodes(OLDER_AT_MOST) : [];
      const older = recent.filter(({ id }) => !unreadable.has(id));
      const byId = new Map([...older, ...stored].map((episode) => [episode.id, episode]));
      for (const id of failures.keys()) {
        const page = byId.get(id)?.page;
        // Another replica was luckier, or the case is too old to be looked at.
        const isPast = page === undefined ? isOlderDue : page.wanted === page.told;
        if (isPast) failures.delete(id);
      }
      const brought = await Promise.all([...byId.values()].map(bring));
      return brought.filter(Boolean).length;
    },
    troubles: () => [...failures].map(([caseId, { why }]) => ({ caseId, why })),
  };
}

function keyOf(caseId: string, number: number): string {
  return `${caseId}/${number}`;
}

/**
 * The newest incident first, because it calls people. Those before it are resolved until the newest is known to the
 * pagers, and once more at the end: an event of another replica may have come late.
 */
function eventsOf(episode: Episode, state: PageEvent['state']): PageEvent[] {
  const { number, told } = episode.page;
  const key = keyOf(episode.id, number);
  const newest: PageEvent = { key, state, episode, nextKey: null };
  if (told !== 'none' && state !== 'resolved') return [newest];
  const before = Array.from({ length: Math.max(number - 1, 0) }, (_, index) => index + 1);
  return [
    newest,
    ...before.map(
      (each): PageEvent => ({
        key: keyOf(episode.id, each),
        state: 'resolved',
        episode,
        nextKey: keyOf(episode.id, each + 1),
      }),
    ),
  ];
}
