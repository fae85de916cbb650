/** `/loandesk requests` and `/loandesk request <id>`: what is open, what was decided, and on which evidence. */

import { done, refuse } from '../domain/refusal.ts';
import { parseRequestId } from '../domain/request-id.ts';
import type { Access } from './access.ts';
import type { Desk } from './desk.ts';
import type { CloseRequestStore } from './ports.ts';
import type { RequestBook } from './request-book.ts';

const RECENT = 10;

export function createViewRequests(parts: {
  access: Access;
  store: CloseRequestStore;
  book: RequestBook;
}): Pick<Desk, 'viewRequest' | 'listRequests'> {
  const { access, store, book } = parts;
  return {
    async viewRequest(by, typedId) {
      const viewer = await access.admit(by, 'viewer');
      if (!viewer.ok) return viewer;
      const requestId = parseRequestId(typedId);
      if (requestId === null) return refuse({ code: 'bad-request-id', input: typedId });
      const stored = await store.load(requestId);
      if (stored === null) return refuse({ code: 'request-not-found', requestId });
      const { nowMs } = stored;
      const request = book.underRule(stored.request);
      const eligible = await access.eligibleFor(request.policy, request.requester);
      return done({ request, nowMs, approvers: eligible.ok ? eligible.value : null });
    },
    async listRequests(by) {
      const viewer = await access.admit(by, 'viewer');
      if (!viewer.ok) return viewer;
      const [open, recent] = await Promise.all([store.listOpen(), store.listRecent(RECENT)]);
      return done({ open: open.map(book.underRule), recent: recent.map(book.underRule) });
    },
  };
}
