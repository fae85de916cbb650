/** Requests for App Home, `/loandesk requests` and `/loandesk request <id>`. */
import type { CloseRequest } from '../domain/close/close-request.ts';
import { isTerminal } from '../domain/close/close-state.ts';
import { isBlocked } from '../domain/close/decision.ts';
import { type PersonId, personKey } from '../domain/person.ts';
import { done, refuse } from '../domain/refusal.ts';
import { parseRequestId } from '../domain/request-id.ts';
import type { Access } from './access.ts';
import type { Desk, HomeView } from './desk.ts';
import type { CloseRequestStore } from './ports.ts';
import type { RequestBook } from './request-book.ts';
import type { ViewUnits } from './view-units.ts';

export interface ViewRequestsParts {
  readonly access: Access;
  readonly store: CloseRequestStore;
  readonly book: RequestBook;
  readonly viewUnits: ViewUnits;
  /** Null: the watch is off, or couldn't be read. */
  readonly glimpse: () => Promise<HomeView['watch']>;
}

const RECENT_AT_HOME = 5;
const RECENT_IN_LIST = 10;

export function createViewRequests({
  access,
  store,
  book,
  viewUnits,
  glimpse,
}: ViewRequestsParts): Pick<Desk, 'admit' | 'home' | 'requestsMark' | 'viewRequest' | 'listRequests'> {
  /** Only a request whose close was sent may lose its unit key to another request. */
  async function alsoOpen({ id, groupId, sent, ending }: CloseRequest): Promise<string | null> {
    if (sent === null || ending !== null) return null;
    const others = await store.listOpen();
    return others.find((other) => other.groupId === groupId && other.id !== id)?.id ?? null;
  }

  /** Those on which this person's approval, or finding on an unknown outcome, would count. */
  async function waitingFor(
    by: PersonId,
    open: readonly CloseRequest[],
    nowMs: number,
  ): Promise<CloseRequest[]> {
    const candidates = open.filter((request) => waitsFor(request, by, nowMs));
    const found = await Promise.all(candidates.map((request) => access.votersFor(request)));
    return candidates.filter((_, index) => {
      const voters = found[index];
      return voters?.ok === true && voters.value.eligible.has(by.userId);
    });
  }

  return {
    admit: access.rolesOf,
    async home(by) {
      const roles = await access.rolesOf(by);
      if (!roles.ok) return roles;
      const [{ open: stored, recent, unreadable }, units, nowMs, watch] = await Promise.all([
        store.overview(RECENT_AT_HOME * 2),
        viewUnits.allUnits(),
        store.nowMs(),
        glimpse(),
      ]);
      const open = stored.map(book.underRule);
      const mayVote = roles.value.includes('approver');
      return done({
        roles: roles.value,
        waitingForMe: mayVote ? await waitingFor(by, open, nowMs) : [],
        open,
        recent: recent
          .filter((request) => isTerminal(request.state))
          .slice(0, RECENT_AT_HOME)
          .map(book.underRule),
        unreadable,
        units: units.ok ? units.value : null,
        unitsRefusal: units.ok ? null : units.refusal,
        watch: watch ?? null,
        nowMs,
      });
    },
    async requestsMark() {
      const [open, recent, watch] = await Promise.all([
        store.listOpen(),
        store.listRecent(RECENT_AT_HOME * 2),
        glimpse(),
      ]);
      const requests = [...open, ...recent].map(({ id, revision }) => `${id}:${revision}`);
      const cases =
        watch?.open.map(({ id, level, owner }) => `${id}:${level}:${owner?.by.userId ?? ''}`) ?? [];
      return [...requests, ...cases].join(' ');
    },
    async viewRequest(by, typedId) {
      // Any role: approvers and requesters get messages about a request, with buttons that show it.
      const roles = await access.rolesOf(by);
      if (!roles.ok) return roles;
      const requestId = parseRequestId(typedId);
      if (requestId === null) return refuse({ code: 'bad-request-id', input: typedId });
      const stored = await store.load(requestId);
      if (stored === null) return refuse({ code: 'request-not-found', requestId });
      const unproved = await book.refuseUnproved(stored);
      if (unproved?.code === 'record-not-proved') return refuse(unproved);
      const { nowMs } = stored;
      const request = book.underRule(stored.request);
      const voters = await access.votersFor(request);
      return done({
        request,
        nowMs,
        approvers: voters.ok ? voters.value.eligible : null,
        ...(voters.ok && { seats: voters.value.seats }),
        alsoOpen: await alsoOpen(request),
      });
    },
    async listRequests(by) {
      const viewer = await access.requireRole(by, 'viewer');
      if (!viewer.ok) return viewer;
      const { open, recent, unreadable } = await store.overview(RECENT_IN_LIST);
      return done({ open: open.map(book.underRule), recent: recent.map(book.underRule), unreadable });
    },
  };
}

function waitsFor(request: CloseRequest, { userId }: PersonId, nowMs: number): boolean {
  const { samePerson } = request.policy;
  const me = personKey(userId, samePerson);
  // Two people must record a finding, so it waits for those who haven't.
  if (request.state === 'unknown') {
    const { settlement } = request;
    return settlement === null || personKey(settlement.by.userId, samePerson) !== me;
  }
  if (request.state !== 'pending' || isBlocked(request) || nowMs >= request.expiresAtMs) return false;
  return !request.votes.some((vote) => personKey(vote.voter.userId, samePerson) === me);
}
