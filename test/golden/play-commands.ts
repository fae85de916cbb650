/** The commands, from what people type to what they get. */

import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { StoredMessage, StoredView } from '../../sandbox/slack/store.ts';
import type { World } from '../../sandbox/world.ts';
import { ACTIONS, INPUTS } from '../../src/slack/ids.ts';
import type { Scribe } from './scribe.ts';

const { rina, ada, ben, chen, vera, partnerDesk } = SEED_IDS;

/** An answer of the exchange serves everybody who asks within two seconds. */
export const SHARED_ANSWER_MS = 2_100;

/** Moves the clock of everything on. */
export type Advance = (milliseconds: number) => void;

export async function playLtv(world: World, scribe: Scribe): Promise<void> {
  scribe.chapter('/ltv', 'All units, worst first.');
  const all = await scribe.command(rina, '/ltv', { channelId: partnerDesk });
  await scribe.click(rina, all, ACTIONS.refreshUnits, 'clicks Refresh: redrawn in place');
  const { order } = world.workspace.store;
  const asked = await scribe.click(rina, all, ACTIONS.shareUnits, 'clicks Share…');
  await world.workspace.as(rina).click(message(asked), ACTIONS.shareUnitsConfirmed);
  await scribe.shows(
    '**Rina Okafor** clicks Share now: everybody in #partner-desk sees it, without addresses',
    () =>
      world.workspace.store
        .messages(partnerDesk)
        .findLast((each) => each.order > order && each.viewerId === undefined),
    /shared by/,
  );
  await scribe.shows(
    'In place of the question',
    () => world.workspace.store.ephemerals(rina).at(-1),
    /Shared with everyone/,
  );
  await scribe.click(rina, all, ACTIONS.unitsChart, 'clicks Chart');
  scribe.note('A filter, a level, and one unit.');
  await scribe.command(rina, '/ltv > 70%');
  await scribe.command(rina, '/ltv above 90');
  await scribe.command(rina, '/ltv margin-call');
  await scribe.command(rina, '/ltv 95%');
  await scribe.command(rina, '/ltv 1');
  await scribe.command(rina, '/ltv 7');
  scribe.note('Arithmetic on one unit.');
  await scribe.command(rina, '/ltv 12 to 75%');
  await scribe.command(rina, '/ltv 12 if -15%');
  await scribe.command(rina, '/ltv 12 if borrow 500000');
  scribe.note('A part of a name, and one unit of the list.');
  await scribe.command(rina, '/ltv credit');
  await scribe.click(rina, all, ACTIONS.pickSecondUnit, 'clicks Unit 12');
  await scribe.click(rina, all, ACTIONS.unitsCsv, 'clicks CSV');
  scribe.note('The file:');
  scribe.verbatim(world.workspace.store.files.at(-1)?.bytes.toString().trimEnd() ?? '');
  scribe.note('What is not understood or not there.');
  await scribe.command(rina, '/ltv 072');
  await scribe.command(rina, '/ltv 99');
  await scribe.command(rina, '/ltv 12 if 15');
  await scribe.command(rina, '/ltv help');
}

export async function playClosedUnits({ workspace }: World, scribe: Scribe): Promise<void> {
  scribe.chapter('/closed-units', "Newest first, in the asker's own time zone.");
  const all = await scribe.command(rina, '/closed-units');
  await scribe.command(chen, '/closed-units 72');
  await scribe.command(rina, '/closed-units account wdyw from 2025-07-01 to 2025-07-31');
  await scribe.command(rina, '/closed-units last 30d');
  await scribe.command(rina, '/closed-units 2025-02-30');
  await scribe.click(rina, all, ACTIONS.closedCsv, 'clicks CSV file');
  scribe.note('The file:');
  scribe.verbatim(workspace.store.files.at(-1)?.bytes.toString().trimEnd() ?? '');
  const fault = workspace.faults.add('files.getUploadURLExternal', { kind: 'error', code: 'missing_scope' });
  await scribe.click(
    rina,
    all,
    ACTIONS.closedCsv,
    'clicks CSV file, where the app was installed without files',
  );
  workspace.faults.clear(fault);
  await scribe.command(rina, '/closed-units help');
}

export async function playLoan(scribe: Scribe): Promise<void> {
  scribe.chapter('/loan', 'What a loan costs, and whether a month adds up.');
  const loan = await scribe.command(rina, '/loan 12');
  await scribe.click(rina, loan, ACTIONS.loanStatement, 'clicks Statement of last month');
  await scribe.click(rina, loan, ACTIONS.shareLoan, 'clicks Share…');
  scribe.note('A unit that was liquidated by force, one that is closed, and one with a long id.');
  await scribe.command(rina, '/loan 15');
  await scribe.command(rina, '/loan 72 2025-07-01 2025-07-31');
  await scribe.command(rina, '/loan 9007199254740993 last 3d');
  scribe.note('A month that is not over.');
  const statement = await scribe.command(rina, '/loan 15 statement this month');
  await scribe.click(rina, statement, ACTIONS.loanCsv, 'clicks CSV file');
  scribe.note('What is not understood or not there.');
  await scribe.command(rina, '/loan');
  await scribe.command(rina, '/loan 99');
  await scribe.command(rina, '/loan credit');
  await scribe.command(rina, '/loan 12 2026-02-03 2026-02-01');
  await scribe.command(rina, '/loan 12 statement 2026-13');
  await scribe.command(rina, '/loan help');
}

export async function playCloseUnit({ exchange }: World, scribe: Scribe, advance: Advance): Promise<void> {
  scribe.chapter('/close-unit', 'Asks; nothing is sent to the exchange before others approved.');
  await scribe.command(rina, '/close-unit');
  await scribe.command(rina, '/close-unit 1 the loan is repaid');
  await scribe.command(rina, '/close-unit 72 the loan is repaid');
  await scribe.command(rina, '/close-unit 99 the loan is repaid');
  await scribe.command(rina, '/close-unit seven the loan is repaid');
  exchange.addUnit({ groupId: '88' });
  advance(SHARED_ANSWER_MS);
  await scribe.command(rina, '/close-unit 88 the loan is repaid');
  exchange.removeUnit('88');
  await scribe.command(rina, `/close-unit 7 ${'because '.repeat(600)}`, {
    as: '/close-unit 7 because because …',
  });
  await scribe.command(rina, '/close-unit help');
  scribe.note('Without a reason it opens a form.');
  const form = view(await scribe.command(rina, '/close-unit 7', { modal: true }));
  await scribe.submit(rina, form, { [INPUTS.reason]: ' ' }, 'submits without a reason: the form stays open');
  await scribe.submit(
    rina,
    form,
    { [INPUTS.reason]: 'Repaid on Friday' },
    'writes "Repaid on Friday" and submits',
  );
  await scribe.closeForms(rina);
  await scribe.command(rina, '/close-unit 7 once more');
}

export async function playLoandesk(scribe: Scribe): Promise<void> {
  scribe.chapter('/loandesk');
  await scribe.command(rina, '/loandesk');
  const list = message(await scribe.command(rina, '/loandesk requests'));
  const id = /`([0-9A-Z]{10})`/.exec(list.text)?.[1] ?? '';
  await scribe.command(rina, `/loandesk request ${id}`);
  await scribe.command(rina, '/loandesk request 12');
  await scribe.command(rina, '/loandesk request 0000000000');
  scribe.note('The status also has a line for each limit used in this minute; they are left out here.');
  await scribe.command(rina, '/loandesk status');
  await scribe.command(rina, '/loandesk audit verify');
  await scribe.command(rina, `/loandesk audit verify ${id}`);
  await scribe.command(rina, `/loandesk audit export ${id}`);
  await scribe.command(rina, '/loandesk audit');
  await scribe.command(rina, '/loandesk reqests');
}

export async function playAway({ workspace }: World, scribe: Scribe): Promise<void> {
  scribe.chapter('/loandesk away', 'An approver who is away, and who may act in their place until then.');
  const { store } = workspace;
  const told = (does: string, since: number, fits: RegExp) =>
    scribe.shows(
      `Everybody in #loan-desk reads ${does}`,
      () =>
        store
          .messages(SEED_IDS.loanDesk)
          .findLast((each) => each.order > since && each.viewerId === undefined),
      fits,
    );
  await scribe.command(rina, '/loandesk away');
  let { order } = store;
  await scribe.command(ada, '/loandesk away until 2026-12-06 for @vera');
  await told('it, and the two are notified', order, /is away/);
  await scribe.command(rina, '/loandesk away');
  scribe.note('What does not work.');
  await scribe.command(rina, '/loandesk away until 2026-12-06 for @vera');
  await scribe.command(vera, '/loandesk away until 2026-12-06 for @ben');
  await scribe.command(ben, '/loandesk away until friday for @vera');
  await scribe.command(ben, '/loandesk away until 2026-02-30 for @vera');
  await scribe.command(ben, '/loandesk away until 2026-10-01 for @vera');
  await scribe.command(ben, '/loandesk away until 2027-06-01 for @vera');
  await scribe.command(ben, '/loandesk away for @vera');
  await scribe.command(ben, '/loandesk away until 2026-12-06');
  await scribe.command(ben, '/loandesk away until 2026-12-06 for @vera @chen');
  await scribe.command(ben, '/loandesk away until 2026-12-06 for @loan-approvers');
  await scribe.command(ben, '/loandesk away until 2026-12-06 for @somebody');
  await scribe.command(ben, '/loandesk away until 2026-12-06 for @gus');
  await scribe.command(ben, '/loandesk away until 2026-12-06 for @ada');
  scribe.note('Another approver ends it.');
  ({ order } = store);
  await scribe.command(ben, '/loandesk back @ada');
  await told('it', order, /ended the absence/);
  await scribe.command(ben, '/loandesk back');
}

export function message(shown: StoredMessage | StoredView): StoredMessage {
  if ('payload' in shown) throw new Error('a message was expected');
  return shown;
}

export function view(shown: StoredMessage | StoredView): StoredView {
  if ('payload' in shown) return shown;
  throw new Error('a form was expected');
}
