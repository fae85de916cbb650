/**
 * Whether a message that may have been posted is there: by the key in its metadata, since an answer that was lost says
 * nothing. Needs the optional scopes channels:history and groups:history.
 */
import type { WebClient } from '@slack/web-api';
import type { CardLocation } from '../domain/card-location.ts';
import type { HomeWorkspace } from './home-workspace.ts';
import { KEYED_MESSAGE } from './send-message.ts';
import { type SlackFailure, slackCall } from './slack-call.ts';
import type { Hints } from './views/alert-message.ts';

export type Searched =
  | { readonly kind: 'found'; readonly place: CardLocation }
  | { readonly kind: 'absent' }
  /** Slack doesn't let us look, or there is more to read than is read here. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed'; readonly failure: SlackFailure };

export interface SearchFor {
  readonly key: string;
  readonly channelId: string;
  /** The thread it belongs to, which is looked at before the channel itself; null: the channel only. */
  readonly threadTs: string | null;
  /** It was not posted before then, UTC milliseconds. */
  readonly sinceMs: number;
}

/** A message of the outbox on its way. */
export interface KeyedAttempt {
  readonly key: string;
  /** An earlier attempt may have posted it. */
  readonly mayBeThere: boolean;
  readonly createdAtMs: number;
  readonly nowMs: number;
}

/** A clock of Slack's may be behind the store's. */
const SEARCHED_BEFORE_MS = 60_000;
const LATE_AFTER_MS = 60_000;

/** Looks for it where an earlier attempt may have posted it. */
export async function searchAttempt(
  parts: SearchParts,
  { key, mayBeThere, createdAtMs }: KeyedAttempt,
  place: Pick<SearchFor, 'channelId' | 'threadTs'>,
): Promise<Searched> {
  if (!mayBeThere) return { kind: 'absent' };
  return searchMessage(parts, { ...place, key, sinceMs: createdAtMs - SEARCHED_BEFORE_MS });
}

/** `mayRepeat`: it wasn't possible to look. */
export function hintsOf({ createdAtMs, nowMs }: KeyedAttempt, mayRepeat: boolean): Hints {
  const lateMs = nowMs - createdAtMs;
  return { lateMs: lateMs > LATE_AFTER_MS ? lateMs : null, mayRepeat, createdAtMs };
}

const PER_PAGE = 200;
const PAGES_AT_MOST = 5;

interface SearchParts {
  readonly client: WebClient;
  readonly home: HomeWorkspace;
}

/** A reply is in the channel where its parent was gone. */
export async function searchMessage(parts: SearchParts, wanted: SearchFor): Promise<Searched> {
  if (wanted.threadTs === null) return searchPlace(parts, wanted);
  const inThread = await searchPlace(parts, wanted);
  if (inThread.kind === 'found' || inThread.kind === 'failed') return inThread;
  const inChannel = await searchPlace(parts, { ...wanted, threadTs: null });
  return inChannel.kind === 'absent' && inThread.kind === 'unknown' ? inThread : inChannel;
}

async function searchPlace(
  { client, home }: SearchParts,
  { key, channelId, threadTs, sinceMs }: SearchFor,
): Promise<Searched> {
  const workspace = await home.read();
  const own = workspace.ok ? workspace.value.botUserId : null;
  const window = { channel: channelId, oldest: String(sinceMs / 1_000), limit: PER_PAGE };
  let cursor = '';
  for (let page = 0; page < PAGES_AT_MOST; page += 1) {
    const wanted = { ...window, include_all_metadata: true, ...(cursor === '' ? {} : { cursor }) };
    const answer = await slackCall(() =>
      threadTs === null
        ? client.conversations.history(wanted)
        : client.conversations.replies({ ...wanted, ts: threadTs }),
    );
    if (!answer.ok)
      return answer.failure.kind === 'refused'
        ? { kind: 'unknown' }
        : { kind: 'failed', failure: answer.failure };
    // Others can write metadata, too: only what this bot posted counts as delivered.
    const found = answer.value.messages?.find(
      ({ metadata, user }) =>
        metadata?.event_type === KEYED_MESSAGE &&
        keyOf(metadata.event_payload) === key &&
        (own === null || user === own),
    );
    if (found?.ts !== undefined) {
      const place = { channelId, messageTs: found.ts };
      return { kind: 'found', place: threadTs === null ? place : { ...place, threadTs } };
    }
    cursor = answer.value.response_metadata?.next_cursor ?? '';
    if (cursor === '') return { kind: 'absent' };
  }
  return { kind: 'unknown' };
}

function keyOf(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'key' in payload ? payload.key : undefined;
}
