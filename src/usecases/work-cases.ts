/** What people do with a case: take, note, mute, hand over, look, and the drill. */
import type { Person, PersonId } from '../domain/person.ts';
import { done, type Refusal, type Result, refuse } from '../domain/refusal.ts';
import { parseEpisodeId } from '../domain/subject.ts';
import { parseUnitQuery } from '../domain/unit/unit-query.ts';
import { openDrill } from '../domain/watch/drill.ts';
import type { Episode, EpisodeCommand, EpisodeEvent } from '../domain/watch/episode.ts';
import type { WatchRules } from '../domain/watch/watch.ts';
import type { CheckAudit } from './check-audit.ts';
import { exchangeRefusal } from './current-facts.ts';
import type { CaseView, WatchDesk } from './desk.ts';
import { type LoanReader, type Log, type NewId, StoreUnavailable } from './ports.ts';
import type { WatchAccess } from './watch-access.ts';
import type { WatchBook } from './watch-book.ts';
import type { WatchStore } from './watch-ports.ts';

export interface WorkCasesParts {
  readonly access: WatchAccess;
  readonly book: WatchBook;
  readonly store: Pick<WatchStore, 'episode'>;
  readonly checkAudit: Pick<CheckAudit, 'trailOf'>;
  readonly reader: Pick<LoanReader, 'riskUnits'>;
  readonly rules: WatchRules;
  readonly newEpisodeId: NewId;
  readonly log: Log;
}

type CaseVerbs = Omit<WatchDesk, 'viewWatch' | 'viewTrend'>;

export function createWorkCases(parts: WorkCasesParts): CaseVerbs {
  const { access, book, store, reader, rules } = parts;

  async function admit(
    by: PersonId,
    typedId: string,
  ): Promise<Result<{ readonly person: Person; readonly caseId: string }>> {
    const person = await access.requireWatcher(by);
    if (!person.ok) return person;
    const caseId = parseEpisodeId(typedId);
    if (caseId === null) return refuse({ code: 'bad-case-id', input: typedId });
    return done({ person: person.value, caseId });
  }

  async function act(
    by: PersonId,
    typedId: string,
    command: (by: PersonId) => EpisodeCommand,
  ): Promise<Result<Episode>> {
    const admitted = await admit(by, typedId);
    if (!admitted.ok) return admitted;
    return book.applyToCase(admitted.value.caseId, command(idOf(admitted.value.person)));
  }

  async function findUnit(typed: string) {
    const query = parseUnitQuery(typed);
    if (!query.ok) return query;
    if (query.value.kind !== 'id') return refuse({ code: 'bad-unit-id', input: typed });
    const { groupId } = query.value;
    const read = await reader.riskUnits({ priority: 'interactive' });
    if (!read.ok) return refuse(exchangeRefusal(read.failure));
    const unit = read.value.find((each) => each.groupId === groupId);
    return unit === undefined ? refuse({ code: 'unknown-unit', input: typed }) : done(unit);
  }

  /** The timeline is what the sealed trail says; without it there is none. */
  async function timelineOf(caseId: string): Promise<Pick<CaseView, 'timeline' | 'trail'>> {
    try {
      const checked = await parts.checkAudit.trailOf(caseId);
      if (checked === null)
        return { timeline: [], trail: { kind: 'broken', why: 'it has no entry for this case' } };
      const { verdict, entries } = checked;
      if (verdict.fault !== null) return { timeline: [], trail: { kind: 'broken', why: verdict.fault.what } };
      // The trail serves every kind of subject; entries of a case hold events of a case, sealed as they were written.
      const timeline = entries.map(({ body }) => body.event as EpisodeEvent);
      return { timeline, trail: { kind: 'verified', entries: entries.length } };
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      parts.log.warn({ err: error, episodeId: caseId }, 'audit trail of a case not read');
      return { timeline: [], trail: { kind: 'unread', why: "Redis can't be reached" } };
    }
  }

  return {
    takeCase: (by, caseId) => act(by, caseId, (person) => ({ type: 'take', by: person })),
    noteCase: (by, caseId, text) => act(by, caseId, (person) => ({ type: 'note', by: person, text })),
    muteCase: (by, caseId, forMs) => act(by, caseId, (person) => ({ type: 'mute', by: person, forMs })),
    endDrill: (by, caseId) => act(by, caseId, (person) => ({ type: 'end-drill', by: person })),
    async handOverCase(by, caseId, to) {
      const admitted = await admit(by, caseId);
      if (!admitted.ok) return admitted;
      const receiver = await access.requireWatcher(to);
      if (!receiver.ok) return refuse(refusalOfNewOwner(to, receiver.refusal));
      const command = {
        type: 'hand-over',
        by: idOf(admitted.value.person),
        to: idOf(receiver.value),
      } as const;
      return book.applyToCase(admitted.value.caseId, command);
    },
    async openCase(by, typedId) {
      const admitted = await admit(by, typedId);
      if (!admitted.ok) return admitted;
      const { caseId, person } = admitted.value;
      const opened = await book.applyToCase(caseId, { type: 'open-card', by: idOf(person) });
      // A second look changes nothing, and more than twenty viewers are not listed.
      if (!opened.ok && opened.refusal.code !== 'nothing-changed') return opened;
      const found = await store.episode(caseId);
      if (found === null) return refuse({ code: 'case-not-found', caseId });
      const { episode, nowMs } = found;
      return done({ episode, nowMs, levels: rules.levels, ...(await timelineOf(caseId)) });
    },
    async startDrill(by, typedUnit) {
      const person = await access.requireWatcher(by);
      if (!person.ok) return person;
      const unit = await findUnit(typedUnit);
      if (!unit.ok) return unit;
      const opened = await book.apply(({ watch, episodes, nowMs }) =>
        openDrill({
          state: watch,
          episodes,
          unit: unit.value,
          by: idOf(person.value),
          rules,
          nowMs,
          id: parts.newEpisodeId(),
        }),
      );
      if (!opened.ok) return opened;
      const [drill] = opened.value.episodes;
      return drill === undefined ? refuse({ code: 'changed-meanwhile' }) : done(drill.next);
    },
  };
}

/** The refusal of another person, in words for the one who proposed them. */
function refusalOfNewOwner(to: PersonId, refusal: Refusal): Refusal {
  const code = 'new-owner-not-allowed';
  switch (refusal.code) {
    case 'not-a-full-member':
      return { code, to: idOf(to), why: refusal.kind };
    case 'role-missing':
      return { code, to: idOf(to), why: 'no-role' };
    case 'identity-unavailable':
      return { code, to: idOf(to), why: 'not-looked-up' };
    default:
      return refusal;
  }
}

/** Records and the trail hold who it was, and nothing else about them. */
function idOf({ teamId, userId }: PersonId): PersonId {
  return { teamId, userId };
}
