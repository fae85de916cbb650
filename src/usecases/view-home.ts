/** App Home and `/loandesk status`: what waits for me, where the units stand, and whether everything behind works. */
import { type CloseRequest, isTerminal } from '../domain/close/close-request.ts';
import { type ClosePolicy, type PersonId, personKey, type Role } from '../domain/policy.ts';
import { done, type Result, refuse } from '../domain/refusal.ts';
import type { Access } from './access.ts';
import { approverLine } from './approver-line.ts';
import type { Desk, StatusView } from './desk.ts';
import type { CloseRequestStore } from './ports.ts';
import type { ViewUnits } from './view-units.ts';

export interface ViewHomeParts {
  readonly access: Access;
  readonly store: CloseRequestStore;
  readonly viewUnits: ViewUnits;
  readonly probe: () => Promise<StatusView>;
  readonly policy: ClosePolicy;
}

const RECENT = 5;

export function createViewHome({
  access,
  store,
  viewUnits,
  probe,
  policy,
}: ViewHomeParts): Pick<Desk, 'admit' | 'home' | 'requestsMark' | 'status'> {
  async function admit(by: PersonId): Promise<Result<readonly Role[]>> {
    const roles = await access.rolesOf(by);
    if (!roles.ok || roles.value.length > 0) return roles;
    return refuse({ code: 'role-missing', role: 'viewer' });
  }

  return {
    admit,
    async home(by) {
      const roles = await admit(by);
      if (!roles.ok) return roles;
      const [open, recent, units, nowMs] = await Promise.all([
        store.listOpen(),
        store.listRecent(RECENT * 2),
        viewUnits.allUnits(),
        store.nowMs(),
      ]);
      const mayVote = roles.value.includes('approver');
      return done({
        roles: roles.value,
        waitingForMe: mayVote ? open.filter((request) => waitsFor(request, by, nowMs)) : [],
        open,
        recent: recent.filter((request) => isTerminal(request.state)).slice(0, RECENT),
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
      const [view, approvers] = await Promise.all([probe(), access.approvers(by.teamId)]);
      return done({ ...view, lines: [...view.lines, approverLine(approvers, policy)] });
    },
  };
}

function waitsFor(request: CloseRequest, { userId }: PersonId, nowMs: number): boolean {
  if (request.state !== 'pending' || nowMs >= request.expiresAtMs) return false;
  const { samePerson, requesterMayApprove } = request.policy;
  const me = personKey(userId, samePerson);
  if (!requesterMayApprove && me === personKey(request.requester.userId, samePerson)) return false;
  return !request.votes.some((vote) => personKey(vote.voter.userId, samePerson) === me);
}
