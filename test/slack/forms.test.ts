/** Forms: faults shown in place, refusals in the form, and what happens when the person closes it too early. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { done, refuse } from '../../src/domain/refusal.ts';
import { ACTIONS, INPUTS } from '../../src/slack/ids.ts';
import type { Desk } from '../../src/usecases/desk.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { facts, request, START_MS } from '../support/close-requests.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

let slack: SlackHarness;
/** Everything below is done twice. */
let transport: 'http' | 'socket';

afterEach(async () => {
  await slack.close();
});

const pending = request({ requester: { teamId: ids.team, userId: ids.rina }, card: null });

/** The bot with this desk, and the card of `about` in the approvals channel. */
async function start(desk: Partial<Desk>, about: CloseRequest = pending) {
  slack = await startSlackHarness({
    transport,
    desk: () =>
      fakeDesk({
        openBallot: async () => done({ request: about, facts: facts() }),
        redrawCard: async () => {},
        ...desk,
      }),
  });
  await slack.clients.notifier.deliver({ kind: 'card' }, about, null);
  const [card] = slack.workspace.store.messages(ids.loanDesk);
  if (card === undefined) throw new Error('no card');
  return card;
}

async function openBallot(card: Awaited<ReturnType<typeof start>>) {
  await slack.workspace.as(ids.ada).click(card, ACTIONS.approve);
  return slack.modal(ids.ada, (text) => text.includes("Type the unit's id"));
}

describe.each(['http', 'socket'] as const)('over %s', (way) => {
  beforeEach(() => {
    transport = way;
  });

  describe('the ballot', () => {
    it('stays open with a fault under the field when another id is typed', async () => {
      const ballot = await openBallot(await start({}));
      await slack.workspace.as(ids.ada).submit(ballot.id, { [INPUTS.typedId]: '72' });
      expect(slack.workspace.store.modals(ids.ada).at(-1)?.errors).toEqual({
        [INPUTS.typedId]: 'That is not the id of this unit. Expected: 7. Your approval was not recorded.',
      });
    });

    it('carries the version and digest that its reader saw, and takes an id typed as code', async () => {
      const votes: unknown[] = [];
      const ballot = await openBallot(
        await start({
          approve: async (by, vote) => {
            votes.push([by, vote]);
            return done(pending);
          },
        }),
      );
      await slack.workspace.as(ids.ada).submit(ballot.id, { [INPUTS.typedId]: ' `7` ' });
      await slack.modal(ids.ada, (text) => text.includes('Your approval is recorded'));
      expect(votes).toEqual([
        [
          { teamId: ids.team, userId: ids.ada },
          { requestId: pending.id, version: 1, digest: pending.factsDigest, typedId: '7' },
        ],
      ]);
    });

    it('turns into the refusal, and has the card redrawn', async () => {
      const redrawn: string[] = [];
      const ballot = await openBallot(
        await start({
          approve: async () => refuse({ code: 'old-version' }),
          redrawCard: async (requestId) => void redrawn.push(requestId),
        }),
      );
      await slack.workspace.as(ids.ada).submit(ballot.id, { [INPUTS.typedId]: '7' });
      await slack.modal(ids.ada, (text) => text.includes('no longer the current version'));
      await expect.poll(() => redrawn).toEqual([pending.id]);
    });

    it('answers directly when the form was closed meanwhile', async () => {
      const held = Promise.withResolvers<void>();
      const ballot = await openBallot(
        await start({
          approve: async () => {
            await held.promise;
            return done(pending);
          },
        }),
      );
      await slack.workspace.as(ids.ada).submit(ballot.id, { [INPUTS.typedId]: '7' });
      await slack.workspace.as(ids.ada).close(ballot.id);
      held.resolve();
      await slack.privateText(ids.ada, (text) => text.includes('Your approval is recorded'));
    });

    it('says in the form that something unexpected happened, with a reference that is in the log', async () => {
      const ballot = await openBallot(
        await start({
          approve: async () => {
            throw new Error('broken pipe');
          },
        }),
      );
      await slack.workspace.as(ids.ada).submit(ballot.id, { [INPUTS.typedId]: '7' });
      const shown = await slack.modal(ids.ada, (text) => text.includes('Something unexpected'));
      const failure = slack.log.find(({ level }) => level === 'error');
      expect(failure?.fields).toMatchObject({ message: 'broken pipe' });
      const reference = /reference \*?(id\d+)/.exec(slack.workspace.renderText(shown))?.[1];
      expect(failure?.fields).toMatchObject({ reference });
      expect(slack.workspace.renderText(shown)).not.toContain('broken pipe');
    });
  });

  describe('settling an unknown outcome', () => {
    const unknown = request({
      requester: pending.requester,
      card: null,
      state: 'unknown',
      sent: { atMs: START_MS, signedTimestampMs: START_MS, recvWindowMs: 5_000 },
    });

    it('starts from the private view with the evidence, and needs a verdict and a note', async () => {
      const settled: unknown[] = [];
      await start(
        {
          viewRequest: async () => done({ request: unknown, approvers: null, nowMs: START_MS }),
          settle: async (_by, ...rest) => {
            settled.push(rest);
            return done(unknown);
          },
        },
        unknown,
      );
      const { workspace } = slack;
      await workspace.as(ids.ada).command('/loandesk', `request ${unknown.id}`, { channelId: ids.general });
      const view = await slack.privateText(ids.ada, (text) => text.includes('Evidence'), ids.general);
      await workspace.as(ids.ada).click(view, ACTIONS.settle);
      const form = await slack.modal(ids.ada, (text) => text.includes('On what evidence?'));
      await workspace
        .as(ids.ada)
        .submit(form.id, { [INPUTS.verdict]: 'not-closed', [INPUTS.note]: 'Seen active in the account' });
      await slack.modal(ids.ada, (text) => text.includes('Your finding is recorded'));
      expect(settled).toEqual([[unknown.id, 'not-closed', 'Seen active in the account']]);
    });
  });

  describe('starting an approved request again', () => {
    it('is offered on the card, and shows the current finding', async () => {
      const stuck = request({
        requester: pending.requester,
        card: null,
        state: 'approved',
        version: 3,
        abandonedClaims: 1,
      });
      const seen: number[] = [];
      const startSending: Desk['startSending'] = async (_by, _id, version) => {
        seen.push(version);
        return done({ ...stuck, state: 'sending' });
      };
      const card = await start({ startSending }, stuck);
      await slack.workspace.as(ids.ada).click(card, ACTIONS.startSending);
      await slack.privateText(ids.ada, (text) => text.includes('started again'), ids.loanDesk);
      expect(seen).toEqual([stuck.version]);
    });
  });

  describe('/closed-units', () => {
    it('turns its pages in place with the filter that was typed', async () => {
      const asked: unknown[] = [];
      await start({
        listClosedUnits: async (_by, filter, page) => {
          asked.push([filter, page]);
          return done({
            rows: [],
            page,
            pages: 3,
            total: 25,
            filter,
            timeZone: 'Europe/London',
            asOfMs: START_MS,
            flaws: [],
          });
        },
      });
      const { workspace } = slack;
      await workspace.as(ids.rina).command('/closed-units', 'last 30d', { channelId: ids.general });
      const first = await slack.privateText(ids.rina, (text) => text.includes('Page 1 of 3'), ids.general);
      await workspace.as(ids.rina).click(first, ACTIONS.closedOlder);
      const second = await slack.privateText(ids.rina, (text) => text.includes('Page 2 of 3'), ids.general);
      await workspace.as(ids.rina).click(second, ACTIONS.closedNewer);
      await slack.privateText(ids.rina, (text) => text.includes('Page 1 of 3'), ids.general);
      expect(second.ts).toBe(first.ts);
      expect(asked).toEqual([
        ['last 30d', 1],
        ['last 30d', 2],
        ['last 30d', 1],
      ]);
    });
  });
});
