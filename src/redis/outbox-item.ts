/** The stored form of a notice: `<id> <createdAtMs> <JSON>`, so that a script can tell the id without reading JSON. */
import { z } from 'zod';
import type { CloseRequest, RequestEvent, RequestEventType } from '../domain/close/close-request.ts';
import type { Notice } from '../domain/close/notices.ts';

export interface StoredNotice {
  readonly id: string;
  readonly createdAtMs: number;
  readonly notice: Notice;
}

/** The notices of one change, in order; an id is unique in its request. `createdAtMs` is the time of the event. */
export function encodeNotices(
  next: Pick<CloseRequest, 'revision'>,
  event: RequestEvent,
  notices: readonly Notice[],
): string[] {
  return notices.map(
    (notice, index) =>
      `${noticePrefix(`${next.revision}.${index + 1}`)}${event.atMs} ${JSON.stringify(notice)}`,
  );
}

/** What the stored text of the notice with this id begins with. */
export function noticePrefix(id: string): string {
  return `${id} `;
}

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

/** Null when it is not what `encodeNotices` of this version writes. */
export function decodeNotice(stored: string): StoredNotice | null {
  const parts = /^(\S+) (\d+) (.*)$/s.exec(stored);
  if (parts === null) return null;
  const [, id = '', createdAtMs = '', json = ''] = parts;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  return isNotice(value) ? { id, createdAtMs: Number(createdAtMs), notice: value } : null;
}

function isNotice(value: unknown): value is Notice {
  return notice.safeParse(value).success;
}
