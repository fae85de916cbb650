/**
 * A walk along the whole path, step by step: who does what, what the bot answers, and whether it is what it should
 * be. The terminal shows it; a test plays it.
 */
import { ACTIONS, INPUTS } from '../src/slack/ids.ts';
import { SEED_IDS } from './slack/seed.ts';
import type { StoredMessage, StoredView } from './slack/store.ts';
import type { World } from './world.ts';

export interface TourStep {
  readonly title: string;
  /** Who does it: a user id; null for a look at what happened. */
  readonly actor: string | null;
  /** What is typed or clicked, as a person would say it. */
  readonly does: string;
  /** Does it, waits for the effect, and answers what is shown. Throws when it is not as expected. */
  run(): Promise<string>;
}

const { rina, ada, ben, chen, loanDesk } = SEED_IDS;
const REPAID_UNIT = '7';
const LOADING = /…\s*\[Close window\]\s*$/;

/** The steps, to be run in order: later ones build on earlier ones. */
export function tourOf(world: World): readonly TourStep[] {
  const { workspace, exchange } = world;

  function expectText(text: string, ...parts: (string | RegExp)[]): string {
    for (const part of parts) {
      const found = typeof part === 'string' ? text.includes(part) : part.test(text);
      if (!found) throw new Error(`expected ${String(part)} in:\n${text}`);
    }
    return text;
  }

  /** The answer to a command: the newest ephemeral message that fits. */
  async function command(user: string, name: string, text: string, ready: RegExp): Promise<string> {
    const result = await workspace.as(user).command(name, text, { channelId: loanDesk });
    if (result.failure !== undefined) throw new Error(`Slack shows "${result.failure}" for ${name} ${text}`);
    return workspace.until(() =>
      workspace.store
        .ephemerals(user)
        .filter((message) => message.order > result.order)
        .map((message) => workspace.renderText(message))
        .findLast((shown) => ready.test(shown)),
    );
  }

  function card(): StoredMessage {
    const found = workspace.store
      .messages(loanDesk)
      .findLast(
        (message) =>
          message.blocks.length > 0 && message.threadTs === undefined && message.viewerId === undefined,
      );
    if (found === undefined) throw new Error('there is no card in the channel');
    return found;
  }

  function cardShows(pattern: RegExp): Promise<string> {
    return workspace.until(() => {
      const shown = workspace.renderText(card());
      return pattern.test(shown) ? shown : undefined;
    });
  }

  /** Clicks Approve and answers the modal once it shows the ballot. */
  async function openBallot(user: string): Promise<StoredView> {
    await workspace.as(user).click(card(), ACTIONS.approve);
    return workspace.until(() =>
      workspace.store.modals(user).find((view) => JSON.stringify(view.payload).includes(INPUTS.typedId)),
    );
  }

  async function approve(user: string, pattern: RegExp): Promise<string> {
    const ballot = await openBallot(user);
    const shown = workspace.renderText(ballot);
    await workspace.as(user).submit(ballot.id, { [INPUTS.typedId]: REPAID_UNIT });
    const now = await cardShows(pattern);
    await closeForms(user);
    return `${shown}\n\n(typed ${REPAID_UNIT} and submitted; the card now:)\n\n${now}`;
  }

  /** Somebody who plays on as this person finds no form of the tour. The bot may be about to fill in the last one. */
  async function closeForms(user: string): Promise<void> {
    const forms = await workspace.until(() => {
      const open = workspace.store.modals(user);
      return open.some((view) => LOADING.test(workspace.renderText(view))) ? undefined : open;
    });
    for (const view of forms) workspace.as(user).close(view.id);
  }

  function thread(): string {
    const replies = workspace.store.thread(loanDesk, card().ts).filter((message) => message.ts !== card().ts);
    return replies.map((message) => workspace.renderText(message)).join('\n');
  }

  return [
    {
      title: 'Where the desk stands',
      actor: rina,
      does: '/ltv',
      run: async () => expectText(await command(rina, '/ltv', '', /need attention/), '15', 'LIQUIDATION'),
    },
    {
      title: 'One unit, down to its wallets',
      actor: rina,
      does: '/ltv 1',
      run: async () =>
        expectText(
          await command(rina, '/ltv', '1', /Unit 1 · LTV/),
          '15.31',
          '26.35',
          'Portfolio margin',
          'collateral001',
        ),
    },
    {
      title: 'What a loan costs',
      actor: rina,
      does: '/loan 12',
      run: async () =>
        expectText(
          await command(rina, '/loan', '12', /Unit 12 owes/),
          /Rate of USDT \*rose from/,
          'this month',
          'Repay failed',
        ),
    },
    {
      title: 'History',
      actor: rina,
      does: '/closed-units',
      run: async () =>
        expectText(await command(rina, '/closed-units', '', /Closed units/), '73', '72', 'elsewhere'),
    },
    {
      title: 'A unit that still owes is refused, with the amount',
      actor: rina,
      does: '/close-unit 1 the loan is repaid',
      run: async () => {
        const shown = await command(rina, '/close-unit', '1 the loan is repaid', /owes/);
        if (workspace.store.messages(loanDesk).length > 0)
          throw new Error('a card was posted for a unit that owes');
        return expectText(shown, '15.30718771', 'USDT', 'Nothing was changed');
      },
    },
    {
      title: 'A repaid unit: the card goes to the approvals channel',
      actor: rina,
      does: `/close-unit ${REPAID_UNIT} repaid on Friday, collateral is needed elsewhere`,
      run: async () => {
        await command(
          rina,
          '/close-unit',
          `${REPAID_UNIT} repaid on Friday, collateral is needed elsewhere`,
          /request|card/i,
        );
        await workspace.until(() => workspace.store.messages(loanDesk)[0]);
        return expectText(workspace.renderText(card()), 'repaid on Friday', '[Review and approve…]');
      },
    },
    {
      title: 'The requester cannot approve',
      actor: rina,
      does: 'clicks Approve',
      run: async () => {
        const { order } = workspace.store;
        await workspace.as(rina).click(card(), ACTIONS.approve);
        const refused = await workspace.until(() => {
          const shown = [...workspace.store.ephemerals(rina), ...workspace.store.modals(rina)]
            .filter((each) => each.order > order)
            .map((each) => workspace.renderText(each));
          return shown.findLast((text) => /you requested this close/i.test(text));
        });
        await closeForms(rina);
        return refused;
      },
    },
    {
      title: 'The first of two approvals, on facts read just now',
      actor: ada,
      does: 'clicks Approve, types the unit id',
      run: () => approve(ada, /1 of 2/),
    },
    {
      title: 'The second approval: claim, last look, one DELETE, read-back',
      actor: ben,
      does: 'clicks Approve, types the unit id',
      run: async () => {
        const shown = await approve(ben, /closed/i);
        const closed = await workspace.until(() => {
          const text = workspace.renderText(card());
          return text.includes('[Review and approve…]')
            ? undefined
            : /is closed|closed at|Closed/.test(text)
              ? text
              : undefined;
        });
        const deletes = exchange.requests({ method: 'DELETE' }).length;
        if (deletes !== 1) throw new Error(`${deletes} DELETEs reached the exchange, expected 1`);
        return `${shown.split('(typed')[0]}(typed ${REPAID_UNIT} and submitted; the card now:)\n\n${closed}`;
      },
    },
    {
      title: 'What the thread and the requester were told',
      actor: null,
      does: 'look at the thread and at the direct message',
      run: async () => {
        const direct = await workspace.until(() => {
          const channel = workspace.directory.directMessage(rina).id;
          return workspace.store.messages(channel).findLast((message) => message.userId === SEED_IDS.botUser);
        });
        return `${expectText(thread(), /closed list/i)}\n\nTo the requester alone:\n${workspace.renderText(direct)}`;
      },
    },
    {
      title: 'It is in the closed list, with who approved it',
      actor: chen,
      does: `/closed-units ${REPAID_UNIT}`,
      run: async () =>
        expectText(
          await command(chen, '/closed-units', REPAID_UNIT, /Closed units/),
          `1 closed unit* for unit ${REPAID_UNIT}`,
          'Ada',
          'Ben',
        ),
    },
    {
      title: 'The audit trail verifies',
      actor: chen,
      does: '/loandesk audit verify',
      run: async () =>
        expectText(await command(chen, '/loandesk', 'audit verify', /audit/i), /trail verified/),
    },
  ];
}
