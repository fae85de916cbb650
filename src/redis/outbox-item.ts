/**
 * The stored form of a notice: `<id> <createdAtMs> <seal> <JSON>`, so that a script can tell the id without reading
 * JSON. The seal is over the rest and the request's id: nobody else can make the bot say something or write to somebody.
 */
import { z } from 'zod';
import type { CloseRequest, RequestEvent, RequestEventType } from '../domain/close/close-request.ts';
import type { Notice } from '../domain/close/notices.ts';
import type { OutboxItem, TakenItem, UnreadableNotice } from '../usecases/ports.ts';
import type { Seals } from './seals.ts';

type StoredNotice = Pick<OutboxItem, 'id' | 'createdAtMs' | 'notice'>;

/** The notices of one change, in order; an id is unique in its request. `createdAtMs` is the time of the event. */
export function encodeNotices(
  seals: Seals,
  { id, revision }: Pick<CloseRequest, 'id' | 'revision'>,
  event: RequestEvent,
  notices: readonly Notice[],
): string[] {
  return notices.map((notice, index) =>
    encodeNotice(seals, id, { id: `${revision}.${index + 1}`, createdAtMs: event.atMs, notice }),
  );
}

export function encodeNotice(
  seals: Seals,
  requestId: string,
  { id, createdAtMs, notice }: StoredNotice,
): string {
  const start = `${id} ${createdAtMs}`;
  const json = JSON.stringify(notice);
  return `${start} ${seals.seal(requestId, `${start} ${json}`)} ${json}`;
}

/** The id of a stored notice tells its origin. */
const KEPT = 'kept-';
const REDRAW = 'redraw-';

export function keptId(id: string): string {
  return id.startsWith(KEPT) ? id : `${KEPT}${id}`;
}

export function redrawId(nowMs: number): string {
  return `${REDRAW}${nowMs}`;
}

export function originOf(id: string): OutboxItem['origin'] {
  if (id.startsWith(KEPT)) return 'kept';
  return id.startsWith(REDRAW) ? 'redraw' : 'change';
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

/** A notice as it is stored. Its id and time are told even where it cannot be believed. */
export function decodeNotice(
  seals: Seals,
  requestId: string,
  stored: string,
): Pick<TakenItem, 'id' | 'origin' | 'createdAtMs' | 'notice'> {
  const [id = ''] = stored.split(' ', 1);
  const createdAtMs = createdAtMsOf(stored) ?? 0;
  return { id, origin: originOf(id), createdAtMs, notice: readNotice(seals, requestId, stored) };
}

function readNotice(seals: Seals, requestId: string, stored: string): TakenItem['notice'] {
  const parts = /^(\S+ \d+) ([0-9a-f]{64}) (.*)$/s.exec(stored);
  if (parts === null) return NOT_OURS;
  const [, start = '', seal = '', json = ''] = parts;
  if (!seals.fits(seal, requestId, `${start} ${json}`)) return NOT_SEALED;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return NOT_OURS;
  }
  return isNotice(value) ? value : NOT_OURS;
}

/** Of a stored notice, whether or not it can be believed; null where there is none. */
export function createdAtMsOf(stored: string): number | null {
  const found = /^\S+ (\d{1,15}) /.exec(stored)?.[1];
  return found === undefined ? null : Number(found);
}

function isNotice(value: unknown): value is Notice {
  return notice.safeParse(value).success;
}
