/**
 * What a record, a chain of audit entries and a line of messages belong to: a close request, an episode, or the watch
 * itself. The id tells which: `C-` and eight characters is an episode, `watch` the watch, anything else a request.
 */
import { parseRequestId, parseShortId, shortIdFrom } from './request-id.ts';

export type SubjectKind = 'request' | 'episode' | 'watch';

/** The id of the watch's own record, messages and audit entries. */
export const WATCH_ID = 'watch';

const EPISODE = 'C-';
const EPISODE_LENGTH = 8;

export function subjectKindOf(subjectId: string): SubjectKind {
  if (subjectId === WATCH_ID) return 'watch';
  return subjectId.startsWith(EPISODE) ? 'episode' : 'request';
}

/** In a sentence: "request …", "case C-…", "the watch". */
export function subjectText(subjectId: string): string {
  switch (subjectKindOf(subjectId)) {
    case 'request':
      return `request ${subjectId}`;
    case 'episode':
      return `case ${subjectId}`;
    case 'watch':
      return 'the watch';
  }
}

/** The field that names the subject in a log line. */
export function subjectField(subjectId: string): { requestId: string } | { episodeId: string } | object {
  switch (subjectKindOf(subjectId)) {
    case 'request':
      return { requestId: subjectId };
    case 'episode':
      return { episodeId: subjectId };
    case 'watch':
      return {};
  }
}

/** 40 random bits, from the first 8 bytes of `random`. */
export function episodeIdFrom(random: Uint8Array): string {
  return `${EPISODE}${shortIdFrom(random, EPISODE_LENGTH)}`;
}

/** Parses what a person typed, with or without `C-`; null when it isn't an episode's id. */
export function parseEpisodeId(text: string): string | null {
  const typed = text.trim().replace(/^c-/i, '');
  const id = parseShortId(typed, EPISODE_LENGTH);
  return id === null ? null : `${EPISODE}${id}`;
}

/** A request's id, an episode's or `watch`, as a person typed it; null when it is none of them. */
export function parseSubjectId(text: string): string | null {
  if (text.trim().toLowerCase() === WATCH_ID) return WATCH_ID;
  return parseRequestId(text) ?? parseEpisodeId(text);
}
