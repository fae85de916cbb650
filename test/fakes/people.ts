/** A directory and a notifier without Slack: people as plain data, deliveries as a list. */
import type { CardLocation } from '../../src/domain/card-location.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import type { Notice } from '../../src/domain/close/notices.ts';
import type { Person, PersonId } from '../../src/domain/person.ts';
import type { Delivery, Directory, Lookup, MembersLookup, Notifier } from '../../src/usecases/ports.ts';
import type { RuleMessage, RuleNotifier } from '../../src/usecases/rule-book.ts';
import { HOME_TEAM } from '../support/close-requests.ts';

export class FakeDirectory implements Directory {
  readonly people: Map<string, Person>;
  readonly groups = new Map<string, readonly string[]>();
  /** Groups that were deleted. */
  readonly missingGroups = new Set<string>();
  /** Groups about which Slack doesn't answer. */
  readonly unreadGroups = new Set<string>();
  down = false;

  constructor(...people: Person[]) {
    this.people = new Map(people.map((each) => [each.userId, each]));
  }

  async homeTeam(): Promise<Lookup<string>> {
    return this.down ? { ok: false, why: 'Slack did not answer' } : { ok: true, value: HOME_TEAM };
  }

  async person({ teamId, userId }: PersonId): Promise<Lookup<Person>> {
    const known = this.people.get(userId);
    if (this.down || known === undefined) return { ok: false, why: 'Slack did not answer' };
    return { ok: true, value: known.teamId === teamId ? known : { ...known, teamId, kind: 'foreign' } };
  }

  async members(names: readonly string[]): Promise<MembersLookup> {
    if (this.down) {
      const unreadGroups = names.filter((name) => name.startsWith('S'));
      return { ok: false, why: 'Slack did not answer', unreadGroups, known: new Set() };
    }
    const missingGroups = names.filter((name) => this.missingGroups.has(name));
    const there = names.filter((name) => !this.missingGroups.has(name));
    const unreadGroups = there.filter((name) => this.unreadGroups.has(name));
    const read = there.filter((name) => !this.unreadGroups.has(name));
    const value = new Set(read.flatMap((name) => this.groups.get(name) ?? [name]));
    if (unreadGroups.length > 0)
      return { ok: false, why: 'Slack did not answer', unreadGroups, known: value };
    return { ok: true, value, missingGroups };
  }
}

export interface Delivered {
  readonly notice: Notice;
  /** The record it was drawn from. */
  readonly request: CloseRequest;
}

export class FakeRuleNotifier implements RuleNotifier {
  readonly delivered: RuleMessage[] = [];
  /** Answers to give before deliveries work again. */
  readonly failures: Delivery[] = [];

  async deliver(message: RuleMessage): Promise<Delivery> {
    const failure = this.failures.shift();
    if (failure) return failure;
    this.delivered.push(message);
    return { ok: true, card: null };
  }
}

export class FakeNotifier implements Notifier {
  readonly delivered: Delivered[] = [];
  /** Answers to give before deliveries work again. */
  readonly failures: Delivery[] = [];
  #posted = 0;

  async deliver(notice: Notice, request: CloseRequest): Promise<Delivery> {
    const failure = this.failures.shift();
    if (failure) return failure;
    this.delivered.push({ notice, request });
    const isNewCard = notice.kind === 'card' && request.card === null;
    if (!isNewCard) return { ok: true, card: null };
    this.#posted += 1;
    return { ok: true, card: { channelId: 'C0DESK', messageTs: `1700000000.00000${this.#posted}` } };
  }

  /** Copies of a card that were redrawn to say where the card is. */
  readonly pointedAway: CardLocation[] = [];

  async pointAway(copy: CardLocation): Promise<void> {
    this.pointedAway.push(copy);
  }
}
