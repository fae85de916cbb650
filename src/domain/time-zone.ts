/** Time zones as profiles name them: by any name that is in use or ever was (`Asia/Kolkata`, `Asia/Calcutta`). */

/** The zone of that name, or UTC where there is none. */
export function knownTimeZone(name: string | null): string {
  try {
    // Not Intl.supportedValuesOf: it lists one name for each zone, often the old one.
    if (name !== null) new Intl.DateTimeFormat('en', { timeZone: name });
    return name ?? 'UTC';
  } catch {
    return 'UTC';
  }
}
