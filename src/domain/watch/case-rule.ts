/** What people, and background steps that were carried out, do to an episode. */

import type { CardLocation } from '../card-location.ts';
import type { PersonId } from '../person.ts';
import { done, type Refusal, type Result, refuse } from '../refusal.ts';
import { episodeByNow } from './clock-set-back.ts';
import {
  type Episode,
  type EpisodeChange,
  type EpisodeCommand,
  endedAt,
  LONGEST_MUTE_MS,
  type Owner,
  ownedUntilMs,
  type Page,
  type PageState,
  stepWith,
} from './episode.ts';
import { FLOOR_MS, isCaseLevel, isCriticalLevel, kindOf } from './levels.ts';
import type { WatchRound } from './watch.ts';

export const LONGEST_NOTE = 1_000;
const NOTES_KEPT = 20;
const VIEWERS_KEPT = 20;

/** `nothing-changed`: it is so already. The caller has checked who `by` and `to` are. */
export function decideCase(stored: Episode, command: EpisodeCommand, nowMs: number): Result<EpisodeChange> {
  const episode = episodeByNow(stored, nowMs);
  const from: EpisodeChange = { next: episode, events: [] };
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

function take(from: EpisodeChange, by: PersonId, nowMs: number): Result<EpisodeChange> {
  const { id, owner } = from.next;
  if (owner !== null && !isSamePerson(owner.by, by))
    return refuse({ code: 'case-has-owner', caseId: id, owner: owner.by, untilMs: owner.untilMs });
  const untilMs = ownedUntilMs(from.next, nowMs);
  const owned = own(from, { by, sinceMs: owner?.sinceMs ?? nowMs, untilMs }, nowMs);
  return done(stepWith(owned, {}, { type: 'taken', untilMs, by, atMs: nowMs }));
}

function handOver(from: EpisodeChange, by: PersonId, to: PersonId, nowMs: number): Result<EpisodeChange> {
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

function own(from: EpisodeChange, owner: Owner, nowMs: number): EpisodeChange {
  const { drill, openedAtMs, page } = from.next;
  const step = stepWith(from, {
    owner,
    page: page.wanted === 'triggered' ? { ...page, wanted: 'acknowledged' } : page,
    drill: drill && { ...drill, ownedAfterMs: drill.ownedAfterMs ?? nowMs - openedAtMs },
  });
  return countUnowned(step, nowMs);
}

function note(from: EpisodeChange, by: PersonId, typed: string, nowMs: number): Result<EpisodeChange> {
  const text = typed.trim();
  if (text === '' || text.length > LONGEST_NOTE) return refuse({ code: 'bad-note', limit: LONGEST_NOTE });
  const notes = [...from.next.notes, { by, text, atMs: nowMs }].slice(-NOTES_KEPT);
  return done(stepWith(from, { notes }, { type: 'noted', text, by, atMs: nowMs }));
}

function mute(from: EpisodeChange, by: PersonId, forMs: number, nowMs: number): Result<EpisodeChange> {
  const { id, level } = from.next;
  if (isCriticalLevel(level)) return refuse({ code: 'mute-not-allowed', caseId: id });
  if (!(forMs > 0 && forMs <= LONGEST_MUTE_MS)) return refuse({ code: 'bad-mute', limitMs: LONGEST_MUTE_MS });
  const untilMs = nowMs + forMs;
  return done(stepWith(from, { mute: { by, level, untilMs } }, { type: 'muted', untilMs, by, atMs: nowMs }));
}

function openCard(from: EpisodeChange, by: PersonId, nowMs: number): Result<EpisodeChange> {
  const { seenBy } = from.next;
  const isKnown = seenBy.some((viewer) => isSamePerson(viewer.by, by));
  if (isKnown || seenBy.length >= VIEWERS_KEPT) return refuse({ code: 'nothing-changed' });
  const seen = { seenBy: [...seenBy, { by, atMs: nowMs }] };
  return done(stepWith(from, seen, { type: 'card-opened', by, atMs: nowMs }));
}

function recordCard(from: EpisodeChange, card: CardLocation | null, nowMs: number): Result<EpisodeChange> {
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

function recordPage(from: EpisodeChange, told: PageState, nowMs: number): Result<EpisodeChange> {
  const { page } = from.next;
  if (told === page.told || told === 'none') return refuse({ code: 'nothing-changed' });
  const by = { by: null, atMs: nowMs } as const;
  const changes = { page: { ...page, told } };
  if (told === 'triggered')
    return done(stepWith(from, changes, { type: 'paged', why: page.why ?? 'level', ...by }));
  return done(stepWith(from, changes, { type: PAGE_EVENTS[told], ...by }));
}

export function endDrill(from: EpisodeChange, by: PersonId | null, nowMs: number): EpisodeChange {
  const ownedAfterMs = from.next.drill?.ownedAfterMs ?? null;
  return stepWith(from, endedAt(nowMs), { type: 'drill-ended', ownedAfterMs, by, atMs: nowMs });
}

const MINUTE_MS = 60_000;
/** Slack takes nothing of a case for so long: the pager is called. */
const SLACK_SILENT_AFTER_MS = MINUTE_MS;

/** A card that is neither there nor on its way for so long was lost. */
const CARD_LOST_AFTER_MS = 2 * MINUTE_MS;

export interface TimeRules extends Pick<WatchRound, 'rules' | 'nowMs'> {
  /** Since when the episode's oldest message waits for Slack; null: none waits. */
  readonly undeliveredSinceMs: number | null;
}

/** Returns `from` itself if nothing is due. */
export function passTime(from: EpisodeChange, time: TimeRules): EpisodeChange {
  const { nowMs } = time;
  let step = from;
  const { owner, state } = step.next;
  if (state === 'open') {
    if (owner !== null && nowMs >= owner.untilMs) step = loseOwner(step, owner, 'time', nowMs);
    step = escalate(countUnowned(sendLostCard(step, time), nowMs), time);
  }
  return callPager(step, time);
}

/** The first step of a round: what is no longer muted is said in the same one. */
export function startStep(episode: Episode, nowMs: number): EpisodeChange {
  const next = episodeByNow(episode, nowMs);
  const { mute } = next;
  const step = { next, events: [] };
  if (mute === null || nowMs < mute.untilMs) return step;
  return stepWith(step, { mute: null }, { type: 'mute-ended', why: 'time', by: null, atMs: nowMs });
}

export function loseOwner(
  step: EpisodeChange,
  owner: Owner,
  why: 'time' | 'worse' | 'left',
  nowMs: number,
): EpisodeChange {
  const event = { type: 'owner-lapsed', owner: owner.by, why, by: null, atMs: nowMs } as const;
  return countUnowned(stepWith(step, { owner: null }, event), nowMs);
}

/** Only an open case needs an owner. */
export function countUnowned(step: EpisodeChange, nowMs: number): EpisodeChange {
  const { state, level, owner, unownedSinceMs } = step.next;
  const isUnowned = state === 'open' && isCaseLevel(level) && owner === null;
  const sinceMs = isUnowned ? (unownedSinceMs ?? nowMs) : null;
  return sinceMs === unownedSinceMs ? step : stepWith(step, { unownedSinceMs: sinceMs });
}

/** No more often than its level is repeated: Slack may refuse it each time. */
function sendLostCard(step: EpisodeChange, { nowMs, undeliveredSinceMs }: TimeRules): EpisodeChange {
  const { card, cardAgainAtMs, level, levelSinceMs, figures, mute } = step.next;
  if (card !== null || undeliveredSinceMs !== null || nowMs - levelSinceMs < CARD_LOST_AFTER_MS) return step;
  const sent = stepWith(step, { cardAgainAtMs: nowMs });
  if (step.events.some(({ type }) => type === 'repeated')) return sent;
  const isRecent = cardAgainAtMs !== undefined && Math.abs(nowMs - cardAgainAtMs) < FLOOR_MS[kindOf(level)];
  const repeated = { type: 'repeated', level, figures, mention: mute === null } as const;
  return isRecent ? step : stepWith(sent, {}, { ...repeated, by: null, atMs: nowMs });
}

/** Once for each time it is without an owner, and no more often than the level's floor: a unit may come and go. */
function escalate(step: EpisodeChange, { rules, nowMs }: TimeRules): EpisodeChange {
  const { unownedSinceMs, escalatedAtMs, level } = step.next;
  if (unownedSinceMs === null || nowMs - unownedSinceMs < rules.escalateAfterMs) return step;
  if (escalatedAtMs !== null) {
    const isRecent = Math.abs(nowMs - escalatedAtMs) < FLOOR_MS[kindOf(level)];
    if (escalatedAtMs >= unownedSinceMs || isRecent) return step;
  }
  return stepWith(
    step,
    { escalatedAtMs: nowMs },
    { type: 'escalated', unownedForMs: nowMs - unownedSinceMs, mention: true, by: null, atMs: nowMs },
  );
}

function callPager(step: EpisodeChange, time: TimeRules): EpisodeChange {
  const { page, state, level } = step.next;
  const isActive = page.wanted === 'triggered' || page.wanted === 'acknowledged';
  if (state !== 'open' || !isCaseLevel(level))
    return isActive ? stepWith(step, { page: { ...page, wanted: 'resolved' } }) : step;
  const why = page.wanted === 'triggered' ? null : reasonToPage(step.next, time);
  return why === null ? step : stepWith(step, { page: callAgain(page, why) });
}

/** Another incident: the pager does not know it yet, and the one before is over. */
export function callAgain({ number }: Page, why: Page['why']): Page {
  return { number: number + 1, wanted: 'triggered', why, told: 'none' };
}

function reasonToPage(
  { drill, level, owner, unownedSinceMs, page }: Episode,
  { rules, nowMs, undeliveredSinceMs }: TimeRules,
): Page['why'] {
  if (!rules.hasPager || drill !== null) return null;
  if (owner === null && isCriticalLevel(level)) return 'level';
  if (unownedSinceMs !== null && nowMs - unownedSinceMs >= rules.pageAfterMs) return 'no-owner';
  const isSilent = undeliveredSinceMs !== null && nowMs - undeliveredSinceMs >= SLACK_SILENT_AFTER_MS;
  // Who took the case hears of it elsewhere, so a silent Slack is no reason to call them again.
  return isSilent && page.wanted !== 'acknowledged' ? 'slack-silent' : null;
}
