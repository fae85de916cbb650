/**
 * Who people are: users.info and usergroups.users.list, remembered for a minute (the latter allows 20 calls per
 * minute). Fails closed: what can't be read is a failure, never a guess or an older answer. "No such user" is an answer.
 */
import type { WebClient } from '@slack/web-api';
import type { Person, PersonId, PersonKind } from '../domain/person.ts';
import type { Directory, Log, Lookup, LookupOptions, MembersLookup } from '../usecases/ports.ts';
import type { HomeWorkspace } from './home-workspace.ts';
import { failureText, slackCall } from './slack-call.ts';

const REMEMBERED_MS = 60_000;
const MAX_ENTRIES = 5_000;

interface Remembered<Value> {
  readonly answer: Promise<Lookup<Value>>;
  readonly untilMs: number;
}

/** Answers by key. Simultaneous questions share one call; failures are not remembered. */
class TtlCache<Value> {
  readonly #entries = new Map<string, Remembered<Value>>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get(
    key: string,
    ask: () => Promise<Lookup<Value>>,
    { fresh = false }: LookupOptions = {},
  ): Promise<Lookup<Value>> {
    const known = this.#entries.get(key);
    if (!fresh && known !== undefined && this.#now() < known.untilMs) return known.answer;
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.clear();
    const entry = { answer: ask(), untilMs: this.#now() + REMEMBERED_MS };
    this.#entries.set(key, entry);
    void entry.answer.then(({ ok }) => {
      if (!ok && this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry.answer;
  }
}

interface NamedPerson extends Person {
  /** As shown in Slack; null for people of other workspaces. For display only. */
  readonly name: string | null;
}

type SlackUser = NonNullable<Awaited<ReturnType<WebClient['users']['info']>>['user']>;

export interface SlackDirectoryParts {
  readonly client: WebClient;
  readonly home: HomeWorkspace;
  /** UTC milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

export class SlackDirectory implements Directory {
  readonly #client: WebClient;
  readonly #home: HomeWorkspace;
  readonly #log: Log;
  readonly #people: TtlCache<NamedPerson>;
  /** Null: Slack says that there is no such group. */
  readonly #groups: TtlCache<readonly string[] | null>;
  readonly #handles: TtlCache<ReadonlyMap<string, string>>;

  constructor({ client, home, now, log }: SlackDirectoryParts) {
    this.#client = client;
    this.#home = home;
    this.#log = log;
    this.#people = new TtlCache(now);
    this.#groups = new TtlCache(now);
    this.#handles = new TtlCache(now);
  }

  async person(id: PersonId, options?: LookupOptions): Promise<Lookup<Person>> {
    const found = await this.#named(id, options);
    if (!found.ok) return found;
    const { teamId, userId, kind, timeZone } = found.value;
    return { ok: true, value: { teamId, userId, kind, timeZone } };
  }

  async homeTeam(): Promise<Lookup<string>> {
    const home = await this.#home.read();
    return home.ok ? { ok: true, value: home.value.teamId } : home;
  }

  /** The name to show for a member of the home workspace, or a group's handle; null when it can't be read now. */
  async nameOf(id: string): Promise<string | null> {
    if (id.startsWith('S')) {
      const handles = await this.#handles.get('', () => this.#readHandles());
      return handles.ok ? (handles.value.get(id) ?? null) : null;
    }
    const home = await this.#home.read();
    if (!home.ok) return null;
    const known = await this.#named({ teamId: home.value.teamId, userId: id });
    return known.ok ? known.value.name : null;
  }

  async members(names: readonly string[], options?: LookupOptions): Promise<MembersLookup> {
    const groups = names.filter((name) => name.startsWith('S'));
    const found = new Set(names.filter((name) => !name.startsWith('S')));
    const missingGroups: string[] = [];
    const unread: { readonly group: string; readonly why: string }[] = [];
    const looked = await Promise.all(
      groups.map(async (group) => {
        const members = await this.#groups.get(group, () => this.#readGroup(group), options);
        return { group, members };
      }),
    );
    for (const { group, members } of looked) {
      if (!members.ok) unread.push({ group, why: members.why });
      else if (members.value === null) missingGroups.push(group);
      else for (const userId of members.value) found.add(userId);
    }
    const [first] = unread;
    if (first === undefined) return { ok: true, value: found, missingGroups };
    const why = `user group ${first.group}: ${first.why}`;
    return { ok: false, why, unreadGroups: unread.map(({ group }) => group), known: found };
  }

  #named(id: PersonId, options?: LookupOptions): Promise<Lookup<NamedPerson>> {
    return this.#people.get(`${id.teamId}:${id.userId}`, () => this.#readPerson(id), options);
  }

  async #readPerson(id: PersonId): Promise<Lookup<NamedPerson>> {
    const home = await this.#home.read();
    if (!home.ok) return home;
    // People who act in another workspace are not looked up. In the home workspace, Slack says who is a member.
    if (id.teamId !== home.value.teamId) {
      return { ok: true, value: { ...id, kind: 'foreign', timeZone: null, name: null } };
    }
    const answer = await slackCall(() => this.#client.users.info({ user: id.userId }));
    if (!answer.ok && answer.failure.kind === 'refused' && answer.failure.error === 'user_not_found') {
      return { ok: true, value: { ...id, kind: 'not-found', timeZone: null, name: null } };
    }
    if (!answer.ok) return { ok: false, why: `users.info: ${failureText(answer.failure)}` };
    const { user } = answer.value;
    if (user?.id !== id.userId)
      return { ok: false, why: 'users.info: Slack answered for nobody or for another user' };
    return {
      ok: true,
      value: {
        ...id,
        kind: kindOf(user, home.value.teamId),
        timeZone: user.tz ?? null,
        name: user.real_name || user.profile?.real_name || user.name || null,
      },
    };
  }

  /** Of all groups. For display only. */
  async #readHandles(): Promise<Lookup<ReadonlyMap<string, string>>> {
    const answer = await slackCall(() => this.#client.usergroups.list({}));
    if (!answer.ok) return { ok: false, why: failureText(answer.failure) };
    const found = answer.value.usergroups ?? [];
    return { ok: true, value: new Map(found.map(({ id = '', handle = '' }) => [id, handle])) };
  }

  async #readGroup(group: string): Promise<Lookup<readonly string[] | null>> {
    const answer = await slackCall(() => this.#client.usergroups.users.list({ usergroup: group }));
    if (answer.ok) {
      const { users } = answer.value;
      return users === undefined ? { ok: false, why: 'Slack named no members' } : { ok: true, value: users };
    }
    const { failure } = answer;
    if (failure.kind === 'refused' && failure.error === NO_SUCH_GROUP) {
      this.#log.warn({ group }, 'user group does not exist in Slack');
      return { ok: true, value: null };
    }
    const why = failureText(failure);
    this.#log.warn({ group, why }, 'user group could not be read');
    return { ok: false, why };
  }
}

/** "No usergroup found with the given ID" (docs.slack.dev, usergroups.users.list): deleted, disabled or mistyped. */
const NO_SUCH_GROUP = 'no_such_subteam';

/** A missing team counts against the person, because Slack always sends it. */
function kindOf(user: SlackUser, homeTeamId: string): PersonKind {
  if (user.deleted === true) return 'deactivated';
  if (user.is_bot === true || user.is_workflow_bot === true || user.id === 'USLACKBOT') return 'bot';
  const grid: readonly string[] = user.enterprise_user?.teams ?? [];
  if (user.is_stranger === true || (user.team_id !== homeTeamId && !grid.includes(homeTeamId)))
    return 'foreign';
  return user.is_restricted === true || user.is_ultra_restricted === true ? 'guest' : 'member';
}
