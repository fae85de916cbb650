/** A person, as Slack knows them. Only (team id, user id) decides: never a name, an e-mail or channel membership. */
export interface PersonId {
  readonly teamId: string;
  readonly userId: string;
}

/** `not-found`: Slack says that there is no such user, as of somebody who left or a mistyped id. */
export type PersonKind = 'member' | 'guest' | 'bot' | 'deactivated' | 'foreign' | 'not-found';

export interface Person extends PersonId {
  readonly kind: PersonKind;
  /** IANA name from the Slack profile, to read "yesterday" as the person means it; null when Slack gives none. */
  readonly timeZone: string | null;
}

export type Role = 'viewer' | 'requester' | 'approver';

/** People (not accounts) are counted, so the first account listed for a person stands for all of them. */
export function personKey(userId: string, samePerson: readonly (readonly string[])[]): string {
  return samePerson.find((accounts) => accounts.includes(userId))?.[0] ?? userId;
}

/**
 * The zone of that name (any that is in use or ever was: `Asia/Kolkata`, `Asia/Calcutta`), or UTC where there is none.
 */
export function knownTimeZone(name: string | null): string {
  try {
    // Not Intl.supportedValuesOf: it lists one name for each zone, often the old one.
    if (name !== null) new Intl.DateTimeFormat('en', { timeZone: name });
    return name ?? 'UTC';
  } catch {
    return 'UTC';
  }
}
