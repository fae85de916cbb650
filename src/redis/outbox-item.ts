/**
 * The stored form of a notice: `<id> <createdAtMs> <seal> <JSON>`, so that a script can tell the id without reading
 * JSON. The seal is over the rest and the subject's id: nobody else can make the bot say something or write to somebody.
 */
import { z } from 'zod';
import type { RequestEventType } from '../domain/close/close-request.ts';
import type { Notice } from '../domain/close/notices.ts';
import type { RuleEventType, RuleNotice } from '../domain/close/rule-book.ts';
import { subjectKindOf } from '../domain/subject.ts';
import type { EpisodeEventType } from '../domain/watch/episode.ts';
import type { EpisodeNotice, WatchEventType, WatchNotice } from '../domain/watch/watch.ts';
import type { OutboxItem, OutboxNotice, UnreadableNotice } from '../usecases/outbox-ports.ts';
import type { Seals } from './seals.ts';

/** The notices of one change, in order; ids begin with `stem` and are unique in the subject's line. */
export function encodeNotices(
  seals: Seals,
  subjectId: string,
  stem: string,
  createdAtMs: number,
  notices: readonly OutboxNotice[],
): string[] {
  return notices.map((notice, index) =>
    encodeNotice(seals, subjectId, { id: `${stem}${index + 1}`, createdAtMs, notice }),
  );
}

export function encodeNotice(
  seals: Seals,
  subjectId: string,
  { id, createdAtMs, notice }: Pick<OutboxItem, 'id' | 'createdAtMs' | 'notice'>,
): string {
  const start = `${id} ${createdAtMs}`;
  const json = JSON.stringify(notice);
  return `${start} ${seals.seal(subjectId, `${start} ${json}`)} ${json}`;
}

/** The id of a stored notice tells its origin. */
const KEPT = 'kept-';
const REDRAW = 'redraw-';

export function keptId(id: string): string {
  return id.startsWith(KEPT) ? id : `${KEPT}${id}`;
}

/** Of a message, at every attempt. */
export function messageKey(subjectId: string, id: string): string {
  return `${subjectId}/${id.startsWith(KEPT) ? id.slice(KEPT.length) : id}`;
}

export function redrawId(nowMs: number): string {
  return `${REDRAW}${nowMs}`;
}

export function originOf(id: string): OutboxItem['origin'] {
  if (id.startsWith(KEPT)) return 'kept';
  return id.startsWith(REDRAW) ? 'redraw' : 'change';
}

/** Null: it has no card. */
export function redrawOf(subjectId: string): OutboxNotice | null {
  switch (subjectKindOf(subjectId)) {
    case 'request':
      return { kind: 'card' };
    case 'episode':
      return ALERT_REDRAW;
    case 'watch':
    case 'rules':
      return null;
  }
}

const ALERT_REDRAW: EpisodeNotice = { kind: 'alert-card', mention: false };

/** How every stored redraw of an alert's card ends. */
export const ALERT_REDRAW_TEXT = JSON.stringify(ALERT_REDRAW);

/** How every stored redraw of this card ends. */
export function redrawText(subjectId: string): string {
  const redraw = redrawOf(subjectId);
  return redraw === null ? '' : JSON.stringify(redraw);
}

const NOT_OURS: UnreadableNotice = { kind: 'unreadable', why: 'it is not what this version writes' };
const NOT_SEALED: UnreadableNotice = { kind: 'unreadable', why: "it doesn't match its seal" };

/** An event of a newer version has no words here: it would be told as "undefined". */
const EVENTS = {
  opened: 'opened',
  'card-posted': 'card-posted',
  'card-undeliverable': 'card-undeliverable',
  approved: 'approved',
  'votes-dropped': 'votes-dropped',
  unreachable: 'unreachable',
  reachable: 'reachable',
  rejected: 'rejected',
  withdrawn: 'withdrawn',
  expired: 'expired',
  reminded: 'reminded',
  'facts-changed': 'facts-changed',
  superseded: 'superseded',
  claimed: 'claimed',
  'claim-abandoned': 'claim-abandoned',
  'claim-released': 'claim-released',
  sent: 'sent',
  rehearsed: 'rehearsed',
  'never-sent': 'never-sent',
  answered: 'answered',
  'mark-restored': 'mark-restored',
  'lost-track': 'lost-track',
  'read-back': 'read-back',
  'people-paged': 'people-paged',
  'settlement-proposed': 'settlement-proposed',
  settled: 'settled',
  refused: 'refused',
} as const satisfies { [Type in RequestEventType]: Type };

const EPISODE_EVENTS = {
  opened: 'opened',
  worsened: 'worsened',
  eased: 'eased',
  repeated: 'repeated',
  reopened: 'reopened',
  recovered: 'recovered',
  ended: 'ended',
  'drill-ended': 'drill-ended',
  vanished: 'vanished',
  'seen-again': 'seen-again',
  'card-posted': 'card-posted',
  'card-refused': 'card-refused',
  'card-opened': 'card-opened',
  taken: 'taken',
  'handed-over': 'handed-over',
  'owner-lapsed': 'owner-lapsed',
  noted: 'noted',
  muted: 'muted',
  'mute-ended': 'mute-ended',
  escalated: 'escalated',
  paged: 'paged',
  'page-acknowledged': 'page-acknowledged',
  'page-resolved': 'page-resolved',
} as const satisfies { [Type in EpisodeEventType]: Type };

const WATCH_EVENTS = {
  began: 'began',
  blind: 'blind',
  'seeing-again': 'seeing-again',
  summary: 'summary',
  reminder: 'reminder',
  'unit-vanished': 'unit-vanished',
  'unit-appeared': 'unit-appeared',
  'borrowed-more': 'borrowed-more',
  'rate-step': 'rate-step',
  'members-changed': 'members-changed',
  'forced-liquidation': 'forced-liquidation',
  digest: 'digest',
} as const satisfies { [Type in WatchEventType]: Type };

const RULE_EVENTS = {
  away: 'away',
  back: 'back',
  'rules-changed': 'rules-changed',
  'access-resolved': 'access-resolved',
} as const satisfies { [Type in RuleEventType]: Type };

const event = z.looseObject({ type: z.enum(EVENTS), atMs: z.number() });
const notice = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('card') }),
  z.looseObject({ kind: z.literal('thread'), event }),
  z.looseObject({
    kind: z.literal('direct'),
    to: z.looseObject({ teamId: z.string(), userId: z.string() }),
    event,
  }),
  z.looseObject({ kind: z.literal('approvers'), event }),
]);

const mention = z.boolean();
const recipients = z.union([z.literal('group'), z.array(z.string())]);
const episodeEvent = z.looseObject({ type: z.enum(EPISODE_EVENTS), atMs: z.number() });
const episodeNotice = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('alert-card'), mention }),
  z.looseObject({ kind: z.literal('alert-thread'), event: episodeEvent, mention }),
  z.looseObject({
    kind: z.literal('alert-direct'),
    event: episodeEvent,
    to: recipients,
  }),
]);
const watchEvent = z.looseObject({ type: z.enum(WATCH_EVENTS), atMs: z.number() });
const watchNotice = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('watch-message'), event: watchEvent, mention }),
  z.looseObject({ kind: z.literal('watch-direct'), event: watchEvent, to: recipients }),
]);

const ruleNotice = z.looseObject({
  kind: z.literal('rules-message'),
  event: z.looseObject({ type: z.enum(RULE_EVENTS), atMs: z.number() }),
});

export function isRequestNotice(value: unknown): value is Notice {
  return notice.safeParse(value).success;
}

export function isEpisodeNotice(value: unknown): value is EpisodeNotice {
  return episodeNotice.safeParse(value).success;
}

export function isWatchNotice(value: unknown): value is WatchNotice {
  return watchNotice.safeParse(value).success;
}

export function isRuleNotice(value: unknown): value is RuleNotice {
  return ruleNotice.safeParse(value).success;
}

interface Decoded<Kind> extends Pick<OutboxItem, 'id' | 'key' | 'origin' | 'createdAtMs'> {
  readonly notice: Kind | UnreadableNotice;
}

/** A notice as it is stored. Its id and time are told even where it cannot be believed. */
export function decodeNotice<Kind>(
  seals: Seals,
  subjectId: string,
  stored: string,
  isKind: (value: unknown) => value is Kind,
): Decoded<Kind> {
  const [id = ''] = stored.split(' ', 1);
  const createdAtMs = createdAtMsOf(stored) ?? 0;
  const notice = readNotice(seals, subjectId, stored, isKind);
  return { id, key: messageKey(subjectId, id), origin: originOf(id), createdAtMs, notice };
}

function readNotice<Kind>(
  seals: Seals,
  subjectId: string,
  stored: string,
  isKind: (value: unknown) => value is Kind,
): Kind | UnreadableNotice {
  const parts = /^(\S+ \d+) ([0-9a-f]{64}) (.*)$/s.exec(stored);
  if (parts === null) return NOT_OURS;
  const [, start = '', seal = '', json = ''] = parts;
  if (!seals.fits(seal, subjectId, `${start} ${json}`)) return NOT_SEALED;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return NOT_OURS;
  }
  return isKind(value) ? value : NOT_OURS;
}

/** Of a stored notice, whether or not it can be believed; null where there is none. */
export function createdAtMsOf(stored: string): number | null {
  const found = /^\S+ (\d{1,15}) /.exec(stored)?.[1];
  return found === undefined ? null : Number(found);
}
