/** `/loan` from what people type and click to what they see; what is read comes from a desk that the test answers for. */
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { done, type Refusal, refuse } from '../../src/domain/refusal.ts';
import { ACTIONS } from '../../src/slack/ids.ts';
import type { LoanDesk, LoanView, ReadingProgress } from '../../src/usecases/loan-desk.ts';
import { fakeDesk, fakeLoans } from '../fakes/desk.ts';
import { loanView, statementView } from '../support/loans.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

const SCOPES = ['commands', 'chat:write', 'users:read', 'usergroups:read', 'files:write', 'channels:read'];

let slack: SlackHarness;

/** The bot waits for what is under way, also after a test that failed. */
let endReading = () => {};

afterEach(() => {
  endReading();
  return slack.close();
});

async function start(loans: Partial<LoanDesk>, limits: { lateAfterMs?: number } = {}): Promise<void> {
  slack = await startSlackHarness({
    desk: () => fakeDesk({}),
    loans: () => fakeLoans(loans),
    workspace: { scopes: SCOPES },
    limits,
  });
}

const rina = () => slack.workspace.as(ids.rina);
const shown = (part: string) => slack.privateText(ids.rina, (text) => text.includes(part), ids.general);
const ask = (text: string) => rina().command('/loan', text, { channelId: ids.general });

describe('/loan', () => {
  it('hands on what was typed, and turns pages in place with the same question', async () => {
    const asked: unknown[] = [];
    await start({
      viewLoan: async (by, query, page) => {
        asked.push([by.userId, query, page]);
        return done(loanView({ page, pages: 3, total: 50 }));
      },
    });
    await ask('“12 last 90d”');
    const first = await shown('page 1 of 3');
    await rina().click(first, ACTIONS.loanOlder);
    const second = await shown('page 2 of 3');
    expect(second.ts).toBe(first.ts);
    await rina().click(second, ACTIONS.loanNewer);
    await shown('page 1 of 3');
    expect(asked).toEqual([
      [ids.rina, '12 last 90d', 1],
      [ids.rina, '12 last 90d', 2],
      [ids.rina, '12 last 90d', 1],
    ]);
  });

  it('shows a statement for that word, and from the button beneath the loan', async () => {
    const asked: string[] = [];
    await start({
      viewLoan: async () => done(loanView()),
      viewStatement: async (_, query) => {
        asked.push(query);
        return done(statementView());
      },
    });
    await ask('12 statement 2026-09');
    await shown('The principal adds up');
    await ask('12');
    const loan = await shown('Interest USDT');
    await rina().click(loan, ACTIONS.loanStatement);
    const statement = await shown('The principal adds up');
    expect(statement.ts).not.toBe(loan.ts);
    expect(asked).toEqual(['12 statement 2026-09', '12 statement 2026-10']);
  });

  it.each([
    ['12', ACTIONS.loanCsv, 'Interest USDT', 'loan-12.csv'],
    ['12 statement 2026-10', ACTIONS.loanCsv, 'The principal adds up', 'statement-12.csv'],
  ])(
    'sends the file of %s as a direct message, and says what it lacks',
    async (query, button, seen, name) => {
      await start({
        viewLoan: async () => done(loanView()),
        viewStatement: async () => done(statementView()),
        exportLoan: async () =>
          done({ fileName: 'loan-12.csv', csv: 'id\r\n9007199254740993\r\n', flaws: ['row 7'] }),
        exportStatement: async () =>
          done({ fileName: 'statement-12.csv', csv: 'id\r\n9007199254740993\r\n', flaws: ['row 7'] }),
      });
      await ask(query);
      await rina().click(await shown(seen), button);
      const sent = await shown('is in your direct messages');
      expect(slack.workspace.renderText(sent)).toContain('row 7');
      expect(slack.workspace.store.files.at(-1)).toMatchObject({ name });
      expect(slack.workspace.store.files.at(-1)?.bytes.toString()).toContain('9007199254740993');
    },
  );

  it.each<[string, Refusal, string]>([
    [
      '',
      { code: 'unit-id-missing' },
      'The unit is missing. Write its id after the command, for example `/loan 1`',
    ],
    ['99', { code: 'unknown-unit', input: '99' }, 'No unit matches “99”'],
    ['12', { code: 'role-missing', role: 'viewer' }, "You aren't on the list"],
  ])('says why not: /loan %s', async (query, refusal, text) => {
    await start({ viewLoan: async () => refuse(refusal) });
    await ask(query);
    await shown(text);
  });

  it('answers help to anyone with a role', async () => {
    await start({});
    await ask('help');
    await shown('/loan 12 statement 2026-10');
  });
});

describe('a loan that is shared', () => {
  const publicMessages = () =>
    slack.workspace.store.messages(ids.general).filter(({ viewerId }) => viewerId === undefined);

  it.each([
    ['12', 'Interest USDT'],
    ['12 statement 2026-10', 'The principal adds up'],
  ])('/loan %s is asked for, read again, and posted without e-mails and buttons', async (query, seen) => {
    const asked: string[] = [];
    await start({
      viewLoan: async (_by, each) => {
        asked.push(each);
        return done(loanView());
      },
      viewStatement: async (_by, each) => {
        asked.push(each);
        return done(statementView());
      },
    });
    await ask(query);
    await rina().click(await shown(seen), ACTIONS.shareLoan);
    const question = await shown(
      'Share this in #general? Everyone there (8 members) will see every amount and rate.',
    );
    expect(publicMessages()).toEqual([]);
    await rina().click(question, ACTIONS.shareLoanConfirmed);
    const shared = await slack.workspace.until(() => publicMessages()[0]);
    expect(slack.workspace.renderText(shared)).toContain('c***2@test.com');
    expect(slack.workspace.renderText(shared)).toContain('shared by Rina Okafor');
    expect(JSON.stringify(shared)).not.toContain('credit12@');
    expect(shared.blocks.some(({ type }) => type === 'actions')).toBe(false);
    expect(asked).toEqual([query, query]);
  });

  it('is refused where another organisation reads along', async () => {
    await start({ viewLoan: async () => done(loanView()) });
    await rina().command('/loan', '12', { channelId: ids.partnerDesk });
    const loan = await slack.privateText(ids.rina, (text) => text.includes('Interest USDT'), ids.partnerDesk);
    await rina().click(loan, ACTIONS.shareLoan);
    await slack.privateText(ids.rina, (text) => text.includes('another organisation'), ids.partnerDesk);
  });
});

describe('a reading that takes long', () => {
  /** One reading that the test ends, and how far it is. */
  async function longReading() {
    const reading = Promise.withResolvers<LoanView | null>();
    const state: { id: string; progress: ReadingProgress | null } = { id: '', progress: { done: 5, of: 26 } };
    endReading = () => reading.resolve(null);
    await start(
      {
        viewLoan: async (_by, _query, _page, readingId) => {
          state.id = readingId;
          const view = await reading.promise;
          return view === null ? refuse({ code: 'reading-stopped' }) : done(view);
        },
        loanProgress: async (_by, readingId) => done(readingId === state.id ? state.progress : null),
        stopLoan: async (_by, readingId) => {
          if (readingId !== state.id || state.progress === null) return done(false);
          reading.resolve(null);
          return done(true);
        },
      },
      { lateAfterMs: 1 },
    );
    await ask('12 last 90d');
    const notice = await shown('Reading `/loan 12 last 90d`: 5 of 26 calls.');
    return { reading, state, notice };
  }

  it('says how far it is, again at a click, and then shows the loan beneath', async () => {
    const { reading, state, notice } = await longReading();
    state.progress = { done: 20, of: 26 };
    await rina().click(notice, ACTIONS.readingProgress);
    const now = await shown('20 of 26 calls');
    expect(now.ts).toBe(notice.ts);
    reading.resolve(loanView());
    const answer = await shown('Interest USDT');
    expect(answer.ts).not.toBe(notice.ts);
    state.progress = null;
    await rina().click(now, ACTIONS.readingProgress);
    expect((await shown('This reading is over')).ts).toBe(notice.ts);
  });

  it('is given up at a click, and shows nothing', async () => {
    const { notice } = await longReading();
    await rina().click(notice, ACTIONS.stopReading);
    expect((await shown('Stopping `/loan 12 last 90d`')).ts).toBe(notice.ts);
    await shown('Stopped. Nothing was shown.');
    expect(slack.workspace.store.ephemerals(ids.rina).some(({ text }) => text.includes('owes'))).toBe(false);
  });

  it('cannot be stopped once it is over', async () => {
    const { state, notice, reading } = await longReading();
    state.progress = null;
    await rina().click(notice, ACTIONS.stopReading);
    await shown('If none comes');
    reading.resolve(loanView());
    await shown('Interest USDT');
  });
});
