/** A desk with people, an exchange and a clock that the test moves, behind the real adapter and a workspace. */
import { SEED_IDS as ids } from '../../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../../sandbox/slack/store.ts';
import type { WorkspaceOptions } from '../../../sandbox/slack/workspace.ts';
import type { CloseRequest } from '../../../src/domain/close/close-request.ts';
import { ACTIONS, type ActionId, INPUTS } from '../../../src/slack/ids.ts';
import type { DeskParts } from '../../../src/usecases/create-desk.ts';
import { policy } from '../../support/close-requests.ts';
import { DeskHarness } from '../../support/desk-harness.ts';
import { memoryLog } from '../../support/logs.ts';
import { type SlackHarness, startSlackHarness } from './slack-harness.ts';

export interface Office {
  readonly slack: SlackHarness;
  readonly desk: DeskHarness;
  readonly log: ReturnType<typeof memoryLog>;
  /** Rina asks to close unit 7; her request as it is then. */
  ask(): Promise<CloseRequest>;
  /** The cards in the approvals channel, oldest first. */
  cards(): StoredMessage[];
  /** Clicks Approve on this card and answers what the form shows in the end. */
  form(userId: string, card: StoredMessage, action?: ActionId): Promise<string>;
  /** Approves on the newest card. */
  vote(userId: string, options?: { readonly userTeamId?: string }): Promise<void>;
}

export async function openOffice(
  overrides: Partial<DeskParts> = {},
  workspace: WorkspaceOptions = {},
): Promise<Office> {
  const log = memoryLog();
  const rules = { approvers: [ids.approvers], quorum: 2 };
  let desk: DeskHarness | undefined;
  const slack = await startSlackHarness({
    workspace: { strictRateLimits: false, ...workspace },
    steadyNow: () => desk?.nowMs ?? 0,
    desk: ({ directory, notifier, ruleNotifier }) => {
      desk = new DeskHarness(rules, {
        directory,
        notifier,
        ruleNotifier,
        log,
        roles: {
          requesters: [ids.requesters],
          approvers: [ids.approvers],
          viewers: [ids.requesters, ids.approvers, ids.vera],
        },
        policy: policy(rules),
        ...overrides,
      });
      return desk.desk;
    },
  });
  if (desk === undefined) throw new Error('no desk');
  const harness = desk;
  const store = slack.workspace.store;
  const cards = () =>
    store
      .messages(ids.loanDesk)
      .filter(({ threadTs, viewerId }) => threadTs === undefined && viewerId === undefined);
  const openForm = async (
    userId: string,
    card: StoredMessage,
    action: ActionId,
    options: { readonly userTeamId?: string } = {},
  ) => {
    const { order } = store;
    await slack.workspace.as(userId).click(card, action, { ...options, stale: true });
    return slack.workspace.until(() =>
      store
        .modals(userId)
        .findLast(
          (view) => view.order > order && !/…\s*\[Close window\]/.test(slack.workspace.renderText(view)),
        ),
    );
  };
  return {
    slack,
    desk: harness,
    log,
    cards,
    async ask() {
      await slack.workspace.as(ids.rina).command('/close-unit', '7 Repaid');
      await slack.privateText(ids.rina, (text) => text.includes('is recorded'));
      await harness.settled();
      const [newest] = await harness.store.listRecent(1);
      if (newest === undefined) throw new Error('no request');
      return harness.get(newest.id);
    },
    async form(userId, card, action = ACTIONS.approve) {
      return slack.workspace.renderText(await openForm(userId, card, action));
    },
    async vote(userId, options = {}) {
      const card = cards().at(-1);
      if (card === undefined) throw new Error('no card');
      const form = await openForm(userId, card, ACTIONS.approve, options);
      await slack.workspace.as(userId).submit(form.id, { [INPUTS.typedId]: '7' }, options);
      await slack.modal(userId, (text) => text.includes('Your approval is recorded'));
      await harness.settled();
    },
  };
}
