/** An unknown outcome settled by hand: two eligible people say the same, with a note. */
import type { Access } from './access.ts';
import { actingVoter } from './acting-person.ts';
import type { Desk } from './desk.ts';
import type { RequestBook } from './request-book.ts';

export function createSettleClose(parts: { access: Access; book: RequestBook }): Pick<Desk, 'settle'> {
  return {
    async settle(by, requestId, verdict, note) {
      const voter = await actingVoter(parts, by, requestId, 'settle');
      if (!voter.ok) return voter;
      const { person, eligible, stored } = voter.value;
      const command = { type: 'settle', by: person, verdict, note, eligible } as const;
      return parts.book.attempt(stored, by, 'settle', () => command);
    },
  };
}
