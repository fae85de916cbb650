/** The bot scopes of manifest.yml and what each is for; a test compares the two. */
export const NEEDED_SCOPES: ReadonlyMap<string, string> = new Map([
  ['commands', 'the slash commands'],
  ['chat:write', 'cards, answers and direct messages'],
  ['users:read', 'to know guests, bots and deactivated people'],
  ['usergroups:read', 'approvers and requesters that are named by user group'],
]);

export const OPTIONAL_SCOPES: ReadonlyMap<string, string> = new Map([
  ['files:write', 'CSV and audit files; without it they are not sent'],
  ['channels:read', 'Share: whether another organisation reads a channel; without it nothing is shared'],
  ['groups:read', 'Share in private channels'],
  ['channels:history', 'alerts: whether one was posted before a crash; without it one may come twice'],
  ['groups:history', 'the same for alerts in a private channel'],
]);
