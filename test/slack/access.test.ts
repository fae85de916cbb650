/** Who may use Loandesk, and where: refused kindly, and logged. */
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { ACTIONS, COMMANDS } from '../../src/slack/ids.ts';
import { fakeLoans } from '../fakes/desk.ts';
import { policy } from '../support/close-requests.ts';
import { DeskHarness } from '../support/desk-harness.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

let slack: SlackHarness;

afterEach(() => slack.close());

async function start(transport: 'http' | 'socket', allowedChannels: readonly string[] = []): Promise<void> {
  let harness: DeskHarness | undefined;
  slack = await startSlackHarness({
    transport,
    allowedChannels,
    desk: ({ directory, notifier }) => {
      const groups = { requesters: [ids.requesters], approvers: [ids.approvers] };
      harness = new DeskHarness(
        {},
        {
          directory,
          notifier,
          roles: { ...groups, viewers: [ids.requesters, ids.approvers] },
          policy: policy({ approvers: [ids.approvers] }),
        },
      );
      return harness.desk;
    },
    loans: () => harness?.work.loans ?? fakeLoans({}),
  });
}

const warnings = () =>
  slack.log.filter(({ level, message }) => level === 'warn' && message === 'interaction handled');

describe.each(['http', 'socket'] as const)('over %s', (transport) => {
  it.each([
    ['a guest', ids.gus, 'not for guests'],
    ['a member without a role', ids.vera, "aren't on the list of people"],
  ])('%s is refused every command, help included', async (_, userId, sentence) => {
    await start(transport);
    for (const command of Object.values(COMMANDS)) {
      for (const text of ['', 'help', '7 because', 'audit verify 9 abc', 'audit what']) {
        const { order } = slack.workspace.store;
        await slack.workspace.as(userId).command(command, text, { channelId: ids.general });
        const told = await slack.privateText(userId, (shown) => shown.includes(sentence), ids.general, order);
        expect(slack.workspace.renderText(told)).toContain('Nothing was changed.');
      }
    }
    // The line comes after the answer.
    await expect.poll(() => warnings().length).toBe(25);
    expect(warnings()[0]?.fields).toMatchObject({ listener: '/ltv', actor: `${ids.team}/${userId}` });
  });

  it('somebody of another workspace is refused, whatever team the payload names', async () => {
    await start(transport);
    await slack.workspace.as(ids.frank).command('/ltv', '', { channelId: ids.partnerDesk });
    await slack.privateText(ids.frank, (text) => text.includes('another workspace'), ids.partnerDesk);
    await slack.workspace
      .as(ids.frank)
      .command('/ltv', '', { channelId: ids.partnerDesk, teamId: ids.team, force: true });
    await expect.poll(() => warnings().length).toBe(2);
    expect(warnings().map(({ fields }) => fields)).toMatchObject([
      { outcome: 'not-a-full-member' },
      { outcome: 'not-a-full-member' },
    ]);
  });

  it('commands are answered in allowed channels, the approvals channel and direct messages only', async () => {
    await start(transport, [ids.partnerDesk]);
    const rina = slack.workspace.as(ids.rina);
    const ask = (channelId: string) => rina.command('/ltv', '', { channelId });
    const dm = slack.workspace.directory.directMessage(ids.rina).id;
    for (const channelId of [ids.partnerDesk, ids.loanDesk, dm]) {
      await ask(channelId);
      await slack.privateText(ids.rina, (text) => text.includes('as valued by Binance'), channelId);
    }
    await ask(ids.general);
    const told = await slack.privateText(ids.rina, (text) => text.includes("doesn't answer"), ids.general);
    expect(slack.workspace.renderText(told)).toBe(
      "Loandesk doesn't answer in this channel: positions are shown only where your administrator allows it. Repeat it in a direct message with Loandesk or in #loan-desk, #partner-desk. Nothing was changed.",
    );
    await expect
      .poll(() => warnings().map(({ fields }) => fields))
      .toMatchObject([{ outcome: 'channel-not-allowed' }]);
  });

  it('no form opens outside them, and no button of an older answer shows figures there', async () => {
    await start(transport, [ids.partnerDesk]);
    const rina = slack.workspace.as(ids.rina);
    await rina.command('/close-unit', '7', { channelId: ids.general });
    await slack.privateText(ids.rina, (text) => text.includes("doesn't answer"), ids.general);
    expect(slack.workspace.store.modals(ids.rina)).toEqual([]);
    await rina.command('/ltv', '', { channelId: ids.partnerDesk });
    const shown = await slack.privateText(
      ids.rina,
      (text) => text.includes('as valued by Binance'),
      ids.partnerDesk,
    );
    const { order } = slack.workspace.store;
    const copy = slack.workspace.store.addMessage(
      { channelId: ids.general, userId: ids.botUser, viewerId: ids.rina },
      { text: shown.text, blocks: shown.blocks },
    );
    await rina.click(copy, ACTIONS.refreshUnits);
    await slack.privateText(ids.rina, (text) => text.includes("doesn't answer"), ids.general, order);
  });
});
