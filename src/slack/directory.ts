/**
 * Who people are: users.info and usergroups.users.list, remembered for a minute (the latter allows 20 calls a
 * minute). Fails closed: what cannot be read is an answer of "not ok", never a guess and never an old one. That there
 * is no such user is an answer, too: nobody.
 */
import type { WebClient } from '@slack/web-api';
import type { Person, PersonId, PersonKind } from '../domain/policy.ts';
import type { Directory, Lookup, LookupOptions } from '../usecases/ports.ts';
import { failureText, slackCall } from './slack-call.ts';
import type { HomeWorkspace } from './workspace.ts';

const REMEMBERED_MS = 60_000;
const ENTRIES_AT_MOST = 5_000;

interface Remembered<Value> {
  readonly answer: Promise<Lookup<Value>>;
  readonly untilMs: number;
}

/** Answers by key; those asked for at the same time share one call, and failures are not remembered. */
class MinuteMemory<Value> {
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
    if (this.#entries.size >= ENTRIES_AT_MOST) this.#entries.clear();
    const entry = { answer: ask(), untilMs: this.#now() + REMEMBERED_MS };
    this.#entries.set(key, entry);
    void entry.answer.then(({ ok }) => {
      if (!ok && this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry.answer;
  }
}

interface NamedPerson extends Person {
  /** As shown in Slack; null for people of other workspaces. For display only: names decide nothing. */
  readonly name: string | null;
}

type SlackUser = NonNullable<Awaited<ReturnType<WebClient['users']['info']>>['user']>;

export class SlackDirectory implements Directory {
  readonly #client: WebClient;
  readonly #home: HomeWorkspace;
  readonly #people: MinuteMemory<NamedPerson>;
  readonly #groups: MinuteMemory<readonly string[]>;

  constructor(client: WebClient, home: HomeWorkspace, now: () => number) {
    this.#client = client;
    this.#home = home;
    this.#people = new MinuteMemory(now);
    this.#groups = new MinuteMemory(now);
  }

  async person(id: PersonId, options?: LookupOptions): Promise<Lookup<Person>> {
    const found = await this.#named(id, options);
    if (!found.ok) return found;
    const { teamId, userId, kind, timeZone } = found.value;
    return { ok: true, value: { teamId, userId, kind, timeZone } };
  }

  /** The name to show for a member of the home team; null when it is not known now. */
  async nameOf(userId: string): Promise<string | null> {
    const home = await this.#home.read();
    if (!home.ok) return null;
    const known = await this.#named({ teamId: home.value.teamId, userId });
    return known.ok ? known.value.name : null;
  }

  async members(names: readonly string[], options?: LookupOptions): Promise<Lookup<ReadonlySet<string>>> {
    const groups = names.filter((name) => name.startsWith('S'));
    const users = names.filter((name) => !name.startsWith('S'));
    const lookups = await Promise.all(
      groups.map((group) => this.#groups.get(group, () => this.#readGroup(group), options)),
    );
    const failed = lookups.find((lookup) => !lookup.ok);
    if (failed !== undefined && !failed.ok) return failed;
    const inGroups = lookups.flatMap((lookup) => (lookup.ok ? lookup.value : []));
    return { ok: true, value: new Set([...users, ...inGroups]) };
  }

  #named(id: PersonId, options?: LookupOptions): Promise<Lookup<NamedPerson>> {
    return this.#people.get(`${id.teamId}:${id.userId}`, () => this.#readPerson(id), options);
  }

  async #readPerson(id: PersonId): Promise<Lookup<NamedPerson>> {
    const home = await this.#home.read();
    if (!home.ok) return home;
    if (id.teamId !== home.value.teamId) {
      return { ok: true, value: { ...id, kind: 'foreign', timeZone: null, name: null } };
    }
    const answer = await slackCall(() => this.#client.users.info({ user: id.userId }));
    if (!answer.ok && answer.failure.kind === 'refused' && answer.failure.error === 'user_not_found') {
      return { ok: true, value: { ...id, kind: 'not-found', timeZone: null, name: null } };
    }
    if (!answer.ok) return { ok: false, why: `users.info: ${failureText(answer.failure)}` };
    const { user } = answer.value;
    if (user?.id !== id.userId) return { ok: false, why: 'users.info: Slack answered for nobody or another' };
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

  async #readGroup(group: string): Promise<Lookup<readonly string[]>> {
    const answer = await slackCall(() => this.#client.usergroups.users.list({ usergroup: group }));
    if (!answer.ok) return { ok: false, why: `usergroups.users.list: ${failureText(answer.failure)}` };
    const { users } = answer.value;
    if (users === undefined) return { ok: false, why: 'usergroups.users.list: Slack named no members' };
    return { ok: true, value: users };
  }
}

/** A field that is missing counts against the person where Slack always sends it (the team). */
function kindOf(user: SlackUser, homeTeamId: string): PersonKind {
  if (user.deleted === true) return 'deactivated';
  if (user.is_bot === true || user.is_workflow_bot === true || user.id === 'USLACKBOT') return 'bot';
  const grid: readonly string[] = user.enterprise_user?.teams ?? [];
  if (user.is_stranger === true || (user.team_id !== homeTeamId && !grid.includes(homeTeamId)))
    return 'foreign';
  return user.is_restricted === true || user.is_ultra_restricted === true ? 'guest' : 'member';
}
