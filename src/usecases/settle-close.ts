/** An unknown outcome settled by hand: two eligible people say the same, with a note. */
import type { Access } from './access.ts';
import type { Desk } from './desk.ts';
import type { RequestBook } from './request-book.ts';

export function createSettleClose(parts: { access: Access; book: RequestBook }): Pick<Desk, 'settle'> {
  const { access, book } = parts;
  return {
    async settle(by, requestId, verdict, note) {
      const [person, stored] = await Promise.all([access.identify(by), book.load(requestId)]);
      if (!stored.ok) return stored;
      if (!person.ok) {
        await book.noteRefusal(requestId, by, 'settle', person.refusal.code);
        return person;
      }
      const { policy, requester } = stored.value.request;
      const eligible = await access.eligibleFor(policy, requester);
      if (!eligible.ok) return eligible;
      return book.attempt(stored.value, by, 'settle', () => ({
        type: 'settle',
        by: person.value,
        verdict,
        note,
        eligible: eligible.value,
      }));
    },
  };
}
