/**
 * What a record, a chain of audit entries and a line of messages belong to: a close request, an episode, the watch
 * itself, or what is kept beside the firm's own rules. The id tells which: `C-` and eight characters is an episode,
 * `watch` the watch, `rules` the rules, anything else a request.
 */
import { parseRequestId, parseShortId, shortIdFrom } from './request-id.ts';

export type SubjectKind = 'request' | 'episode' | 'watch' | 'rules';

/** The id of the watch's own record, messages and audit entries. */
export const WATCH_ID = 'watch';
/** The same for what is kept beside the firm's own rules. */
export const RULES_ID = 'rules';

const EPISODE = 'C-';
const EPISODE_LENGTH = 8;

export function subjectKindOf(subjectId: string): SubjectKind {
  if (subjectId === WATCH_ID) return 'watch';
  if (subjectId === RULES_ID) return 'rules';
  return subjectId.startsWith(EPISODE) ? 'episode' : 'request';
}

/** The watch and the rules: also before anything was stored about them. */
export function alwaysExists(subjectId: string): boolean {
  return subjectId === WATCH_ID || subjectId === RULES_ID;
}

/** In a sentence: "request …", "case C-…", "the watch", "the rules". */
export function subjectText(subjectId: string): string {
  switch (subjectKindOf(subjectId)) {
    case 'request':
      return `request ${subjectId}`;
    case 'episode':
      return `case ${subjectId}`;
    case 'watch':
      return 'the watch';
    case 'rules':
      return 'the rules';
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
    case 'rules':
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

/** A request's id, an episode's, `watch` or `rules`, as a person typed it; null when it is none of them. */
export function parseSubjectId(text: string): string | null {
  const word = text.trim().toLowerCase();
  if (word === WATCH_ID || word === RULES_ID) return word;
  return parseRequestId(text) ?? parseEpisodeId(text);
}
