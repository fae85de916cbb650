/** App Home and `/loandesk status`: what waits for me, where the units stand, and whether everything behind works. */
import type { CloseRequest } from '../domain/close/close-request.ts';
import { isTerminal } from '../domain/close/close-state.ts';
import { type PersonId, personKey, type Role } from '../domain/person.ts';
import type { ClosePolicy } from '../domain/policy.ts';
import { done, type Result, refuse } from '../domain/refusal.ts';
import type { Access } from './access.ts';
import { approverLine, missingGroupsText } from './approver-line.ts';
import type { Desk, StatusView } from './desk.ts';
import type { CloseRequestStore } from './ports.ts';
import type { RequestBook } from './request-book.ts';
import type { ViewUnits } from './view-units.ts';

export interface ViewHomeParts {
  readonly access: Access;
  readonly store: CloseRequestStore;
  readonly book: RequestBook;
  readonly viewUnits: ViewUnits;
  readonly probe: () => Promise<StatusView>;
  readonly policy: ClosePolicy;
}

const RECENT = 5;

export function createViewHome({
  access,
  store,
  book,
  viewUnits,
  probe,
  policy,
}: ViewHomeParts): Pick<Desk, 'admit' | 'home' | 'requestsMark' | 'status'> {
  async function admit(by: PersonId): Promise<Result<readonly Role[]>> {
    const roles = await access.rolesOf(by);
    if (!roles.ok || roles.value.length > 0) return roles;
    return refuse({ code: 'role-missing', role: 'viewer' });
  }

  /** Those on which this person's approval would count. */
  async function waitingFor(
    by: PersonId,
    open: readonly CloseRequest[],
    nowMs: number,
  ): Promise<CloseRequest[]> {
    const candidates = open.filter((request) => waitsFor(request, by, nowMs));
    const eligible = await Promise.all(
      candidates.map(({ policy, requester }) => access.eligibleFor(policy, requester)),
    );
    return candidates.filter((_, index) => {
      const accounts = eligible[index];
      return accounts?.ok === true && accounts.value.has(by.userId);
    });
  }

  return {
    admit,
    async home(by) {
      const roles = await admit(by);
      if (!roles.ok) return roles;
      const [stored, recent, units, nowMs] = await Promise.all([
        store.listOpen(),
        store.listRecent(RECENT * 2),
        viewUnits.allUnits(),
        store.nowMs(),
      ]);
      const open = stored.map(book.underRule);
      const mayVote = roles.value.includes('approver');
      return done({
        roles: roles.value,
        waitingForMe: mayVote ? await waitingFor(by, open, nowMs) : [],
        open,
        recent: recent
          .filter((request) => isTerminal(request.state))
          .slice(0, RECENT)
          .map(book.underRule),
        units: units.ok ? units.value : null,
        unitsRefusal: units.ok ? null : units.refusal,
        nowMs,
      });
    },
    async requestsMark() {
      const [open, recent] = await Promise.all([store.listOpen(), store.listRecent(RECENT * 2)]);
      return [...open, ...recent].map(({ id, revision }) => `${id}:${revision}`).join(' ');
    },
    async status(by) {
      const roles = await admit(by);
      if (!roles.ok) return roles;
      const [view, approvers, missing] = await Promise.all([
        probe(),
        access.approvers(by.teamId),
        access.missingGroups(),
      ]);
      const lines = [...view.lines, approverLine(approvers, policy)];
      if (missing.length > 0)
        lines.push({ name: 'User groups', level: 'warning', text: missingGroupsText(missing) });
      return done({ ...view, lines });
    },
  };
}

function waitsFor(request: CloseRequest, { userId }: PersonId, nowMs: number): boolean {
  if (request.state !== 'pending' || nowMs >= request.expiresAtMs) return false;
  const { samePerson } = request.policy;
  const me = personKey(userId, samePerson);
  return !request.votes.some((vote) => personKey(vote.voter.userId, samePerson) === me);
}
