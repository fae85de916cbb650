/** `/loandesk requests` and `/loandesk request <id>`: what is open, what was decided, and on which evidence. */

import type { CloseRequest } from '../domain/close/close-request.ts';
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

  /** Only what was sent goes on without its unit key: then another request may have taken the key. */
  async function alsoOpen({ id, groupId, sent, ending }: CloseRequest): Promise<string | null> {
    if (sent === null || ending !== null) return null;
    const others = await store.listOpen();
    return others.find((other) => other.groupId === groupId && other.id !== id)?.id ?? null;
  }

  return {
    async viewRequest(by, typedId) {
      const viewer = await access.admit(by, 'viewer');
      if (!viewer.ok) return viewer;
      const requestId = parseRequestId(typedId);
      if (requestId === null) return refuse({ code: 'bad-request-id', input: typedId });
      const stored = await store.load(requestId);
      if (stored === null) return refuse({ code: 'request-not-found', requestId });
      const unproved = await book.refuseUnproved(stored);
      if (unproved?.code === 'record-not-proved') return refuse(unproved);
      const { nowMs } = stored;
      const request = book.underRule(stored.request);
      const eligible = await access.eligibleFor(request.policy, request.requester);
      return done({
        request,
        nowMs,
        approvers: eligible.ok ? eligible.value : null,
        alsoOpen: await alsoOpen(request),
      });
    },
    async listRequests(by) {
      const viewer = await access.admit(by, 'viewer');
      if (!viewer.ok) return viewer;
      const [open, recent] = await Promise.all([store.listOpen(), store.listRecent(RECENT)]);
      return done({ open: open.map(book.underRule), recent: recent.map(book.underRule) });
    },
  };
}
