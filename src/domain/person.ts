/** A Slack account. Only (team id, user id) decides, never a name, an e-mail or channel membership. */
export interface PersonId {
  readonly teamId: string;
  readonly userId: string;
}

/** `not-found`: Slack has no such user (they left, or the id is mistyped). */
export type PersonKind = 'member' | 'guest' | 'bot' | 'deactivated' | 'foreign' | 'not-found';

export interface Person extends PersonId {
  readonly kind: PersonKind;
  /** IANA name from the Slack profile; null when Slack gives none. */
  readonly timeZone: string | null;
}

export type Role = 'viewer' | 'requester' | 'approver';

/** Votes count once per person: the first account listed for a person identifies all of theirs. */
export function personKey(userId: string, samePerson: readonly (readonly string[])[]): string {
  return samePerson.find((accounts) => accounts.includes(userId))?.[0] ?? userId;
}

/** The accounts of each person among these. */
export function accountsByPerson(
  userIds: Iterable<string>,
  samePerson: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const found = new Map<string, string[]>();
  for (const userId of userIds) {
    const key = personKey(userId, samePerson);
    found.set(key, [...(found.get(key) ?? []), userId]);
  }
  return [...found.values()];
}

/** The given zone, current or former name (`Asia/Kolkata`, `Asia/Calcutta`), or UTC if it isn't known. */
export function knownTimeZone(name: string | null): string {
  try {
    // Intl.supportedValuesOf lists only one name per zone, often the old one.
    if (name !== null) new Intl.DateTimeFormat('en', { timeZone: name });
    return name ?? 'UTC';
  } catch {
    return 'UTC';
  }
}
