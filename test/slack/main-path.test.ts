/** The main path as people see it: signed requests or a socket, the real desk, the real adapter. */
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { longId } from '../../src/domain/amount.ts';
import { ACTIONS, INPUTS } from '../../src/slack/ids.ts';
import { exampleUnit, policy } from '../support/close-requests.ts';
import { DeskHarness } from '../support/desk-harness.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

let slack: SlackHarness;
let office: DeskHarness;

async function start(transport: 'http' | 'socket', mode: 'live' | 'dry-run' = 'live'): Promise<void> {
  slack = await startSlackHarness({
    transport,
    desk: ({ directory, notifier }) => {
      office = new DeskHarness(
        { approvers: [ids.approvers], mode },
        {
          directory,
          notifier,
          roles: {
            requesters: [ids.requesters],
            approvers: [ids.approvers],
            viewers: [ids.requesters, ids.approvers],
          },
          policy: policy({ approvers: [ids.approvers], mode }),
        },
      );
      office.exchange.units.set(longId('1'), exampleUnit());
      return office.desk;
    },
  });
}

afterEach(async () => {
  await slack.close();
});

async function card() {
  return slack.workspace.until(() =>
    slack.workspace.store.messages(ids.loanDesk).find((message) => message.threadTs === undefined),
  );
}

function shown(): string {
  const [message] = slack.workspace.store
    .messages(ids.loanDesk)
    .filter((each) => each.threadTs === undefined);
  return message === undefined ? '' : slack.workspace.renderText(message);
}

async function vote(userId: string): Promise<void> {
  const clicked = await slack.workspace.as(userId).click(await card(), ACTIONS.approve);
  expect(clicked.failure).toBeUndefined();
  const ballot = await slack.modal(userId, (text) => text.includes("Type the unit's id"));
  await slack.workspace.as(userId).submit(ballot.id, { [INPUTS.typedId]: '7' });
  await slack.modal(userId, (text) => text.includes('Your approval is recorded'));
}

it('closes a unit over sockets that Slack refreshes and cuts between the steps', async () => {
  await start('socket');
  const { workspace } = slack;
  const reconnected = async (happens: () => void) => {
    const former = workspace.sockets.open[0]?.id;
    happens();
    await expect
      .poll(
        () => {
          const now = workspace.sockets.open[0]?.id;
          return now !== undefined && now !== former && slack.app.connected();
        },
        { timeout: 5_000 },
      )
      .toBe(true);
  };
  await workspace.as(ids.rina).command('/close-unit', '7 Loan repaid');
  await office.settled();
  await reconnected(() => workspace.sockets.refresh({ warningMs: 0 }));
  await vote(ids.ada);
  await office.settled();
  await reconnected(() => workspace.sockets.drop());
  await vote(ids.ben);
  await office.settled();
  await office.pass(5_000);
  expect(office.exchange.deletes).toEqual(['7']);
  expect(shown()).toContain('Closed.');
});

describe.each(['http', 'socket'] as const)('over %s', (transport) => {
  it('closes a repaid unit after two approvals, and says so only when it is read back', async () => {
    await start(transport);
    const { workspace } = slack;
    await workspace
      .as(ids.rina)
      .command('/close-unit', '7 Loan repaid on Friday', { channelId: ids.general });
    await slack.privateText(ids.rina, (text) => text.includes('is recorded'), ids.general);
    await office.settled();
    expect(shown()).toContain('0 of 2 approvals');
    await vote(ids.ada);
    await office.settled();
    expect(shown()).toContain('1 of 2 approvals');
    await vote(ids.ben);
    await office.settled();
    await office.pass(5_000);
    expect(office.exchange.deletes).toEqual(['7']);
    await workspace.until(() => (shown().includes('Closed.') ? true : undefined));
    expect((await card()).blocks.some((block) => block.type === 'actions')).toBe(false);
    const { messageTs } = (await office.get((await office.store.listRecent(1))[0]?.id ?? '')).card ?? {
      messageTs: '',
    };
    const thread = workspace.store
      .messages(ids.loanDesk)
      .filter((message) => message.threadTs === messageTs)
      .map((message) => message.text);
    expect(thread, 'one for each vote, one for the outcome').toEqual([
      expect.stringContaining('1 of 2'),
      expect.stringContaining('2 of 2'),
      expect.stringContaining('Closed.'),
    ]);
    const told = workspace.store.messages(workspace.directory.directMessage(ids.rina).id);
    expect(told.at(-1)?.text).toContain('Closed.');
  });

  it('asks through the form when no reason is given', async () => {
    await start(transport);
    const { workspace } = slack;
    await workspace.as(ids.rina).command('/close-unit', '`7`', { channelId: ids.general });
    const form = await slack.modal(ids.rina, (text) => text.includes('Why should it be closed?'));
    await workspace.as(ids.rina).submit(form.id, { [INPUTS.reason]: 'Repaid' });
    await slack.modal(ids.rina, (text) => text.includes('is recorded'));
    await office.settled();
    expect(shown()).toContain('Repaid');
  });

  it('refuses a unit that owes, to the last digit, and its own requester', async () => {
    await start(transport);
    const { workspace } = slack;
    await workspace.as(ids.rina).command('/close-unit', '1 because', { channelId: ids.general });
    await slack.privateText(ids.rina, (text) => text.includes('15.30718771'), ids.general);
    await workspace.as(ids.rina).command('/close-unit', '7 Repaid');
    await office.settled();
    await workspace.as(ids.rina).click(await card(), ACTIONS.approve);
    await slack.modal(ids.rina, (text) => text.includes('Nothing was changed.'));
    await workspace.as(ids.vera).click(await card(), ACTIONS.withdraw);
    await slack.privateText(ids.vera, (text) => text.includes('Only the requester'), ids.loanDesk);
    expect(office.exchange.deletes).toEqual([]);
  });

  it('rejects with a reason, and withdraws', async () => {
    await start(transport);
    const { workspace } = slack;
    await workspace.as(ids.rina).command('/close-unit', '7 Repaid');
    await office.settled();
    await workspace.as(ids.chen).click(await card(), ACTIONS.reject);
    const form = await slack.modal(ids.chen, (text) => text.includes('Why do you reject it?'));
    await workspace.as(ids.chen).submit(form.id, { [INPUTS.reason]: 'Wrong unit' });
    await slack.modal(ids.chen, (text) => text.includes('Your rejection is recorded'));
    await office.settled();
    expect(shown()).toContain('Wrong unit');
    await workspace.as(ids.rina).command('/close-unit', '7 Again');
    await office.settled();
    const second = await workspace.until(() =>
      workspace.store
        .messages(ids.loanDesk)
        .filter((message) => message.threadTs === undefined)
        .find((_, index) => index === 1),
    );
    await workspace.as(ids.rina).click(second, ACTIONS.withdraw);
    await slack.privateText(ids.rina, (text) => text.includes('withdrawn'), ids.loanDesk);
  });

  it('marks every message of a rehearsal', async () => {
    await start(transport, 'dry-run');
    const { workspace } = slack;
    await workspace.as(ids.rina).command('/close-unit', '7 Repaid');
    await office.settled();
    await vote(ids.ada);
    await vote(ids.ben);
    await office.settled();
    await office.pass(5_000);
    expect(shown()).toContain('Rehearsed');
    expect(office.exchange.deletes).toEqual([]);
    for (const message of workspace.store.messages(ids.loanDesk)) {
      expect(message.text).toContain('DRY RUN');
    }
  });

  it('refuses a junk id in the form that was opened for it', async () => {
    await start(transport);
    await slack.workspace.as(ids.rina).command('/close-unit', '072');
    await slack.modal(ids.rina, (text) => text.includes('is not a unit id'));
  });

  it('fault A3: an approver sees that Binance stopped Loandesk, and lifts it; others cannot', async () => {
    await start(transport);
    const { workspace } = slack;
    const until = Date.now() + 86_400_000;
    const cause = { httpStatus: 418, exchangeCode: -1003 };
    office.exchange.stopsInForce = [{ bucket: 'ip/ltv-details', untilMs: until, cause }];
    await workspace.as(ids.rina).command('/loandesk', 'resume', { channelId: ids.general });
    await slack.privateText(ids.rina, (text) => text.includes("aren't on the list"), ids.general);
    expect(office.exchange.stopsInForce).toHaveLength(1);
    await workspace.as(ids.ada).command('/loandesk', 'resume', { channelId: ids.general });
    await slack.privateText(
      ids.ada,
      (text) => text.includes('resume now') && text.includes('ip/ltv-details'),
      ids.general,
    );
    expect(office.exchange.stopsInForce).toEqual([]);
    await workspace.as(ids.ada).command('/loandesk', 'resume', { channelId: ids.general });
    await slack.privateText(ids.ada, (text) => text.includes('nothing to lift'), ids.general);
  });

  it.each([
    ['/ltv', '', 'as valued by Binance'],
    ['/ltv', '1', 'Unit 1 · LTV'],
    ['/ltv', 'help', '/ltv [unit | filter | <unit> trend]'],
    ['/closed-units', '', 'holds nothing'],
    ['/loandesk', '', '/close-unit'],
    ['/loandesk', 'requests', 'No close request is open'],
    ['/loandesk', 'status', 'mode live'],
    ['/loandesk', 'reqests', 'Did you mean'],
    ['/loandesk', 'audit verify', 'Audit trail verified'],
    ['/loandesk', 'audit verify 0000000000', 'There is no request'],
    ['/loandesk', `audit verify 90 ${'ab'.repeat(32)}`, '90 entries of those 90 are missing'],
    ['/loandesk', 'audit verify 90 abc', 'is not a number of entries and a head'],
    ['/close-unit', '', 'The unit is missing'],
  ])('%s %s is acked empty and answered by one private message', async (command, text, expected) => {
    await start(transport);
    const asked = await slack.workspace.as(ids.rina).command(command, text, { channelId: ids.general });
    expect(asked.failure).toBeUndefined();
    expect(asked.shown).toBeUndefined();
    const answer = await slack.privateText(ids.rina, (each) => each.includes(expected), ids.general);
    expect(slack.workspace.store.ephemerals(ids.rina)).toEqual([answer]);
  });
});
