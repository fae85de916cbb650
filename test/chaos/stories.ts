/** What happens to one unit: somebody asks, others approve, reject, change their mind, cheat, or walk away. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Exchange } from '../../sandbox/binance/exchange.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../sandbox/slack/store.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { isTerminal } from '../../src/domain/close/close-state.ts';
import { ACTIONS } from '../../src/slack/ids.ts';
import { offers, type People } from './people.ts';
import type { Random } from './random.ts';
import type { Records } from './records.ts';
import { votersOf } from './rules.ts';

const { rina, ada, ben, chen, vera, gus, una, dora, frank } = SEED_IDS;
const APPROVERS: readonly [string, ...string[]] = [ada, ben, chen];
const BAD_ACTORS: readonly [string, ...string[]] = [rina, vera, gus, una, dora, frank];

const STORIES = {
  approve: 40,
  'approve at once': 18,
  reject: 11,
  withdraw: 9,
  'change the facts': 8,
  'close elsewhere': 6,
  'walk away': 8,
} as const;

/**
 * The exchange allows 60 reads of units a minute to one address, and lets people share what was read within 2 s.
 * So people here act in beats: what they do at once costs one read, and the rest is left for the reads before a send.
 */
const BEAT_MS = 6_000;
const BEAT_LASTS_MS = 1_200;

/** A collateral account that joined a unit, by the machine's clock: whoever votes later has to know of it. */
export interface NewCollateral {
  readonly unit: string;
  readonly email: string;
  readonly atMs: number;
}

export interface StoryParts {
  readonly people: People;
  readonly records: Records;
  readonly exchange: Exchange;
  readonly random: Random;
  readonly stopped: AbortSignal;
  /** Cards as they were, for clicks on what is long gone. */
  readonly oldCards: StoredMessage[];
  /** Grows with each change. */
  readonly newCollateral: NewCollateral[];
}

/** Asks for the close of a unit. Null when it came to nothing: no bot, no exchange, no card. */
export async function askToClose(unit: string, parts: StoryParts): Promise<CloseRequest | null> {
  await beat(parts);
  await parts.people.ask(rina, unit, `repaid, says ${parts.random.between(1, 1_000_000)}`);
  return posted(unit, parts);
}

/** Plays one story about this request, which may well be open when it ends. */
export async function playStory(request: CloseRequest, parts: StoryParts): Promise<void> {
  const { people, random } = parts;
  const card = people.cardOf(request);
  if (card !== null) parts.oldCards.push(card);
  if (random.chance(0.5)) await cheat(request, parts);
  const voters = shuffled(votersOf(request), random);
  const [first, second, third] = voters;
  switch (random.weighted(STORIES)) {
    case 'approve':
      await vote(first, request, parts);
      if (random.chance(0.3)) await cheat(request, parts);
      await vote(second, request, parts);
      if ((request.policy.delayMs ?? 0) > 0 && random.chance(0.4)) return stop(third, request, parts);
      return retryVotes(request.id, voters, parts);
    case 'approve at once':
      await beat(parts);
      await Promise.all(voters.map((voter) => people.approve(voter, request)));
      return retryVotes(request.id, voters, parts);
    case 'reject':
      await vote(first, request, parts);
      await Promise.all([vote(second, request, parts), people.reject(third, request, 'not yet')]);
      return;
    case 'withdraw':
      await vote(first, request, parts);
      await Promise.all([vote(second, request, parts), people.withdraw(rina, request)]);
      return;
    case 'change the facts':
      await vote(first, request, parts);
      await changeFacts(request.groupId, parts);
      await vote(second, request, parts);
      return retryVotes(request.id, voters, parts);
    case 'close elsewhere':
      await vote(first, request, parts);
      closeElsewhere(request.groupId, parts);
      await vote(second, request, parts);
      return;
    case 'walk away':
      await vote(first, request, parts);
      return;
  }
}

/** Somebody stops it, while it can be stopped or a moment too late. */
async function stop(who: string, request: CloseRequest, { people, random }: StoryParts): Promise<void> {
  await pause(random.between(0, (request.policy.delayMs ?? 0) + 500));
  if (random.chance(0.5)) await people.reject(who, request, 'wait');
  else await people.withdraw(rina, request);
}

async function vote(voter: string, request: CloseRequest, parts: StoryParts): Promise<void> {
  await beat(parts);
  const { people, records, random } = parts;
  const now = (await records.load(request.id)) ?? request;
  if (random.chance(0.15)) return people.approveTwice(voter, now);
  await people.approve(voter, now, random.chance(0.05) ? '424242' : request.groupId);
}

/** Much gets lost on the way: people look at the card again and do what is still to be done. */
async function retryVotes(requestId: string, voters: readonly string[], parts: StoryParts): Promise<void> {
  for (let tries = 0; tries < 4 && !parts.stopped.aborted; tries += 1) {
    await pause(1_500);
    const now = await parts.records.load(requestId);
    if (now === null) continue;
    if (isTerminal(now.state) || now.state === 'sending' || now.state === 'unknown') return;
    if (now.state === 'approved') {
      if (now.abandonedClaims > 0) await parts.people.startSending(voters[0] ?? ada, now);
      continue;
    }
    const missing = voters.filter((voter) => !now.votes.some((each) => each.voter.userId === voter));
    await beat(parts);
    await Promise.all(missing.slice(0, 2).map((voter) => parts.people.approve(voter, now)));
  }
}

/** The request as soon as its card is up. */
async function posted(unit: string, { records, stopped }: StoryParts): Promise<CloseRequest | null> {
  for (let looks = 0; looks < 60 && !stopped.aborted; looks += 1) {
    await pause(150);
    const found = await records.openFor(unit);
    if (found?.card) return found;
    if (found === null && looks > 30) return null;
  }
  return null;
}

/** Something that must have no effect: the wrong person, an old card, a forged or repeated click. */
async function cheat(request: CloseRequest, parts: StoryParts): Promise<void> {
  const { people, random, oldCards } = parts;
  const cheater = random.pick(BAD_ACTORS);
  const card = people.cardOf(request);
  if (card === null || !offers(card, ACTIONS.approve)) return;
  switch (random.between(0, 7)) {
    case 0:
      await people.approve(cheater, request);
      return;
    case 1: {
      const old = oldCards[random.between(0, oldCards.length - 1)] ?? card;
      await people.clickOn(random.pick(APPROVERS), old, ACTIONS.approve, { stale: true });
      return;
    }
    case 2: {
      const clicked = await people.clickOn(random.pick(APPROVERS), card, ACTIONS.approve);
      if (clicked === null) return;
      await Promise.all([people.replay(clicked), people.replay(clicked), people.replay(clicked)]);
      return;
    }
    case 3:
      await people.clickOn(cheater, card, ACTIONS.approve, { signature: 'wrong', force: true });
      return;
    case 4:
      await people.clickOn(ada, card, ACTIONS.approve, {
        alter: (body) => body.replace(request.id, 'R0000000000000000'),
      });
      return;
    case 5: {
      const forged = JSON.stringify(card.blocks).replaceAll(
        String.raw`\"version\":${request.version}`,
        String.raw`\"version\":${request.version + 1}`,
      );
      await people.clickOn(ben, { ...card, blocks: JSON.parse(forged) }, ACTIONS.approve, { stale: true });
      return;
    }
    case 6:
      await people.clickOn(cheater, card, ACTIONS.withdraw, { force: true });
      await people.clickOn(cheater, card, ACTIONS.startSending, { force: true, stale: true });
      return;
    default:
      await people.clickOn(frank, card, ACTIONS.approve, { force: true, teamId: SEED_IDS.team });
  }
}

async function changeFacts(unit: string, { exchange, random, newCollateral }: StoryParts): Promise<void> {
  try {
    if (random.chance(0.5)) {
      const email = `collateral${random.between(1, 9_999)}@test.com`;
      exchange.addCollateral(unit, email);
      newCollateral.push({ unit, email, atMs: Date.now() });
    } else {
      exchange.borrow(unit, 'USDT', '1');
      if (random.chance(0.7)) setTimeout(() => repay(unit, exchange), 8_000).unref();
    }
  } catch {
    // Closed meanwhile.
  }
}

function repay(unit: string, exchange: Exchange): void {
  try {
    exchange.repay(unit, 'USDT');
  } catch {
    // Closed meanwhile.
  }
}

function closeElsewhere(unit: string, { exchange }: StoryParts): void {
  try {
    exchange.closeOutside(unit);
  } catch {
    // Closed already.
  }
}

async function beat({ random, stopped }: StoryParts): Promise<void> {
  const intoBeatMs = Date.now() % BEAT_MS;
  const waitMs = intoBeatMs < BEAT_LASTS_MS ? 0 : BEAT_MS - intoBeatMs;
  await pause(waitMs + random.between(0, 300), null, { signal: stopped }).catch(() => {});
}

function shuffled(
  [a, b, c]: readonly [string, ...string[]],
  random: Random,
): readonly [string, string, string] {
  const people = [a, b ?? a, c ?? a].map((who) => ({ who, at: random.next() }));
  const [first = '', second = '', third = ''] = people.sort((x, y) => x.at - y.at).map(({ who }) => who);
  return [first, second, third];
}
