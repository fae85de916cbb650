/**
 * Brings what the pagers were told of each case to what they should know. The record says both, so nothing is lost by a
 * crash. Until each of them took it, all are sent it again: their deduplication makes a repeat harmless, and none misses
 * an event because another one refuses.
 */
import type { Episode } from '../domain/watch/episode.ts';
import type { Log, SeenOnce } from './ports.ts';
import type { WatchBook } from './watch-book.ts';
import type { Pager, WatchEvents, WatchStore } from './watch-ports.ts';

const FIRST_DELAY_MS = 5_000;
const LONGEST_DELAY_MS = 60_000;
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

export interface PageCases {
  /** One round; returns how many cases the pagers now know as they should. */
  round(): Promise<number>;
  /** What this process could not deliver: "PagerDuty, case C-…: no answer within 5 s". */
  troubles(): readonly string[];
}

export function createPageCases(parts: PageCasesParts): PageCases {
  const { store, book, pagers, seenOnce, events, log } = parts;
  const failures = new Map<string, { readonly times: number; readonly why: string }>();
  let rounds = 0;

  async function bring(episode: Episode): Promise<boolean> {
    const { id, page } = episode;
    const { number, wanted, told } = page;
    if (wanted === told || wanted === 'none') return false;
    const key = keyOf(id, number);
    const step = `${key}:${told}:${wanted}`;
    const times = failures.get(id)?.times ?? 0;
    // Over all replicas: one attempt within this time.
    if (!(await seenOnce.first(`page:${step}`, Math.min(FIRST_DELAY_MS * 2 ** times, LONGEST_DELAY_MS))))
      return false;
    const refused = await Promise.all(
      pagers.map(async ({ name, send }) => {
        // Called again: the incident before is over, also where it was acknowledged and would not end by itself.
        const before = number > 1 && told === 'none' ? keyOf(id, number - 1) : null;
        const ended = before === null ? null : await send({ key: before, state: 'resolved', episode });
        const sent = ended?.ok === false ? ended : await send({ key, state: wanted, episode });
        events.pageSent(sent.ok ? 'accepted' : 'failed');
        if (sent.ok) return [];
        log.error({ episodeId: id, pager: name, state: wanted, why: sent.why }, 'page failed');
        return [`${name}, case ${id}: ${sent.why}`];
      }),
    );
    const [why] = refused.flat();
    if (why === undefined) {
      failures.delete(id);
      log.info({ episodeId: id, state: wanted }, 'page delivered');
      return record(episode, wanted);
    }
    failures.set(id, { times: times + 1, why });
    return false;
  }

  async function record({ id, page }: Episode, told: Episode['page']['told']): Promise<boolean> {
    const isStillSo = (now: Episode) => now.page.number === page.number;
    return (await book.applyToCase(id, { type: 'record-page', told }, isStillSo)).ok;
  }

  return {
    async round() {
      rounds += 1;
      const stored = [...(await store.load()).episodes.values()];
      const isOlderDue = rounds % OLDER_EVERY_ROUNDS === 0;
      const older = isOlderDue ? await store.recentEpisodes(OLDER_AT_MOST) : [];
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
    troubles: () => [...failures.values()].map(({ why }) => why),
  };
}

/** The pager's name for one call of a case: its own id, then `C-…/2`. */
function keyOf(caseId: string, number: number): string {
  return number > 1 ? `${caseId}/${number}` : caseId;
}
