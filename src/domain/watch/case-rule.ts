/** What people, and background steps that were carried out, do to an episode. */
import type { CardLocation } from '../card-location.ts';
import type { PersonId } from '../person.ts';
import { done, type Refusal, type Result, refuse } from '../refusal.ts';
import { episodeByNow } from './clock-set-back.ts';
import { type Episode, type EpisodeCommand, LONGEST_MUTE_MS, type Owner, type PageState } from './episode.ts';
import { countUnowned, type EpisodeStep, loseOwner, ownedUntilMs, stepWith } from './episode-time.ts';
import { isCaseLevel, isCriticalLevel } from './levels.ts';

export const LONGEST_NOTE = 1_000;
const NOTES_KEPT = 20;
const VIEWERS_KEPT = 20;

/** `nothing-changed`: it is so already. The caller has checked who `by` and `to` are. */
export function decideCase(stored: Episode, command: EpisodeCommand, nowMs: number): Result<EpisodeStep> {
  const episode = episodeByNow(stored, nowMs);
  const from: EpisodeStep = { next: episode, events: [] };
  switch (command.type) {
    case 'record-card':
      return recordCard(from, command.card, nowMs);
    case 'record-page':
      return recordPage(from, command.told, nowMs);
    case 'open-card':
      return openCard(from, command.by, nowMs);
    case 'note':
      return note(from, command.by, command.text, nowMs);
    case 'end-drill':
      if (episode.drill === null) return refuse({ code: 'not-a-drill', caseId: episode.id });
      return unlessOver(episode) ?? done(endDrill(from, command.by, nowMs));
    case 'drop-owner':
      if (episode.state !== 'open' || episode.owner === null) return refuse({ code: 'nothing-changed' });
      return done(loseOwner(from, episode.owner, 'left', nowMs));
    case 'mute':
      return unlessOver(episode) ?? mute(from, command.by, command.forMs, nowMs);
    case 'take':
      return unlessNoCase(episode) ?? take(from, command.by, nowMs);
    case 'hand-over':
      return unlessNoCase(episode) ?? handOver(from, command.by, command.to, nowMs);
  }
}

function unlessOver({ id, state }: Episode): ReturnType<typeof refuse> | null {
  return state === 'open' ? null : refuse({ code: 'case-over', caseId: id });
}

function unlessNoCase(episode: Episode): ReturnType<typeof refuse> | null {
  const isCase = isCaseLevel(episode.level);
  return unlessOver(episode) ?? (isCase ? null : refuse({ code: 'not-a-case', caseId: episode.id }));
}

function isSamePerson(a: PersonId, b: PersonId): boolean {
  return a.teamId === b.teamId && a.userId === b.userId;
}

function take(from: EpisodeStep, by: PersonId, nowMs: number): Result<EpisodeStep> {
  const { id, owner } = from.next;
  if (owner !== null && !isSamePerson(owner.by, by))
    return refuse({ code: 'case-has-owner', caseId: id, owner: owner.by, untilMs: owner.untilMs });
  const untilMs = ownedUntilMs(from.next, nowMs);
  const owned = own(from, { by, sinceMs: owner?.sinceMs ?? nowMs, untilMs }, nowMs);
  return done(stepWith(owned, {}, { type: 'taken', untilMs, by, atMs: nowMs }));
}

function handOver(from: EpisodeStep, by: PersonId, to: PersonId, nowMs: number): Result<EpisodeStep> {
  const { id, owner } = from.next;
  if (owner === null || !isSamePerson(owner.by, by)) {
    const refusal: Refusal = { code: 'case-not-owned-by-you', caseId: id, owner: owner?.by ?? null };
    return refuse(refusal);
  }
  if (isSamePerson(by, to)) return take(from, by, nowMs);
  const untilMs = ownedUntilMs(from.next, nowMs);
  const owned = own(from, { by: to, sinceMs: nowMs, untilMs }, nowMs);
  return done(stepWith(owned, {}, { type: 'handed-over', to, untilMs, by, atMs: nowMs }));
}

function own(from: EpisodeStep, owner: Owner, nowMs: number): EpisodeStep {
  const { drill, openedAtMs, page } = from.next;
  const step = stepWith(from, {
    owner,
    page: page.wanted === 'triggered' ? { ...page, wanted: 'acknowledged' } : page,
    drill: drill && { ...drill, ownedAfterMs: drill.ownedAfterMs ?? nowMs - openedAtMs },
  });
  return countUnowned(step, nowMs);
}

function note(from: EpisodeStep, by: PersonId, typed: string, nowMs: number): Result<EpisodeStep> {
  const text = typed.trim();
  if (text === '' || text.length > LONGEST_NOTE) return refuse({ code: 'bad-note', limit: LONGEST_NOTE });
  const notes = [...from.next.notes, { by, text, atMs: nowMs }].slice(-NOTES_KEPT);
  return done(stepWith(from, { notes }, { type: 'noted', text, by, atMs: nowMs }));
}

function mute(from: EpisodeStep, by: PersonId, forMs: number, nowMs: number): Result<EpisodeStep> {
  const { id, level } = from.next;
  if (isCriticalLevel(level)) return refuse({ code: 'mute-not-allowed', caseId: id });
  if (!(forMs > 0 && forMs <= LONGEST_MUTE_MS)) return refuse({ code: 'bad-mute', limitMs: LONGEST_MUTE_MS });
  const untilMs = nowMs + forMs;
  return done(stepWith(from, { mute: { by, level, untilMs } }, { type: 'muted', untilMs, by, atMs: nowMs }));
}

function openCard(from: EpisodeStep, by: PersonId, nowMs: number): Result<EpisodeStep> {
  const { seenBy } = from.next;
  const isKnown = seenBy.some((viewer) => isSamePerson(viewer.by, by));
  if (isKnown || seenBy.length >= VIEWERS_KEPT) return refuse({ code: 'nothing-changed' });
  const seen = { seenBy: [...seenBy, { by, atMs: nowMs }] };
  return done(stepWith(from, seen, { type: 'card-opened', by, atMs: nowMs }));
}

function recordCard(from: EpisodeStep, card: CardLocation | null, nowMs: number): Result<EpisodeStep> {
  const known = from.next.card;
  const isKnown = known?.channelId === card?.channelId && known?.messageTs === card?.messageTs;
  if (known !== null && (card === null || isKnown)) return refuse({ code: 'nothing-changed' });
  if (card === null)
    return done(stepWith(from, { cardAgainAtMs: nowMs }, { type: 'card-refused', by: null, atMs: nowMs }));
  return done(stepWith(from, { card }, { type: 'card-posted', by: null, atMs: nowMs }));
}

const PAGE_EVENTS = {
  acknowledged: 'page-acknowledged',
  resolved: 'page-resolved',
} as const;

function recordPage(from: EpisodeStep, told: PageState, nowMs: number): Result<EpisodeStep> {
  const { page } = from.next;
  if (told === page.told || told === 'none') return refuse({ code: 'nothing-changed' });
  const by = { by: null, atMs: nowMs } as const;
  const changes = { page: { ...page, told } };
  if (told === 'triggered')
    return done(stepWith(from, changes, { type: 'paged', why: page.why ?? 'level', ...by }));
  return done(stepWith(from, changes, { type: PAGE_EVENTS[told], ...by }));
}

export function endDrill(from: EpisodeStep, by: PersonId | null, nowMs: number): EpisodeStep {
  const ownedAfterMs = from.next.drill?.ownedAfterMs ?? null;
  return stepWith(
    from,
    { state: 'recovered', recoveredAtMs: nowMs, mute: null, unownedSinceMs: null },
    { type: 'drill-ended', ownedAfterMs, by, atMs: nowMs },
  );
}
