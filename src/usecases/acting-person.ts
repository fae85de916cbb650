/** Who acts on which request: looked up at every click. Somebody who may not act at all is noted in its audit. */
import { type Person, type PersonId, personKey } from '../domain/person.ts';
import { done, type Result, refuse } from '../domain/refusal.ts';
import type { Access } from './access.ts';
import type { LoadedRequest, RequestBook } from './request-book.ts';

export interface ActingPerson {
  readonly person: Person;
  readonly stored: LoadedRequest;
}

export interface ActingVoter extends ActingPerson {
  /** The accounts that may vote on this request now. */
  readonly eligible: ReadonlySet<string>;
}

interface Parts {
  readonly access: Access;
  readonly book: RequestBook;
}

/** `what` they try, for the audit. */
export async function actingPerson(
  { access, book }: Parts,
  by: PersonId,
  requestId: string,
  what: string,
): Promise<Result<ActingPerson>> {
  const [person, stored] = await Promise.all([access.identify(by), book.load(requestId)]);
  if (!stored.ok) return stored;
  if (!person.ok) {
    await book.noteRefusal(requestId, by, what, person.refusal.code);
    return person;
  }
  return done({ person: person.value, stored: stored.value });
}

export async function actingVoter(
  parts: Parts,
  by: PersonId,
  requestId: string,
  what: string,
): Promise<Result<ActingVoter>> {
  const acting = await actingPerson(parts, by, requestId, what);
  if (!acting.ok) return acting;
  const { policy, requester } = acting.value.stored.request;
  const eligible = await parts.access.eligibleFor(policy, requester);
  if (!eligible.ok) return eligible;
  // The rule refuses them, too; here the reason can be named.
  const isRequester = by.userId === requester.userId;
  if (!isRequester && !eligible.value.has(personKey(by.userId, policy.samePerson))) {
    const missingGroups = await parts.access.missingGroups(policy.approvers);
    if (missingGroups.length > 0) {
      await parts.book.noteRefusal(requestId, by, what, 'role-missing');
      return refuse({ code: 'role-missing', role: 'approver', missingGroups });
    }
  }
  return done({ ...acting.value, eligible: eligible.value });
}
