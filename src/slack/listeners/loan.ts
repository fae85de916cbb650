/** `/loan <unit> [days | statement month]`, the buttons under its answer, and those of a reading that takes long. */
import { asksForStatement } from '../../domain/loan/loan-query.ts';
import { done, type Result } from '../../domain/refusal.ts';
import type { LoanView, StatementView } from '../../usecases/loan-desk.ts';
import { readPageValue, readQuery, readReadingValue } from '../button-value.ts';
import { ACTIONS, COMMANDS } from '../ids.ts';
import { answerAnyRole, answerWith, type Listener, type ListenerParts, type Turn } from '../listener.ts';
import { typedQuery } from '../typed-text.ts';
import type { Message } from '../views/blocks.ts';
import { commandHelpMessage } from '../views/help-view.ts';
import { loanMessage, sharedLoanMessage } from '../views/loan-view.ts';
import { readingMessage, readingOverMessage, readingStopsMessage } from '../views/reading-view.ts';
import { sharedStatementMessage, statementMessage } from '../views/statement-view.ts';
import { sendCsv, sharing } from './sharing.ts';

export function loanListeners(parts: ListenerParts) {
  const show = askAgain(parts, 'replace');
  const { ask, share } = sharing<Answer>(parts, {
    words: {
      subject: 'this',
      shown: 'every amount and rate',
      first: 'Loandesk reads it again first, and leaves out e-mails.',
      action: ACTIONS.shareLoanConfirmed,
    },
    read: (turn, query) => read(parts, turn, query, pageOf(turn)),
    forChannel: ({ loan, statement }, by) =>
      statement === null ? sharedLoanMessage(loan, by) : sharedStatementMessage(statement, by),
    forAsker: draw,
  });
  return {
    commands: { [COMMANDS.loan]: command(parts) },
    actions: {
      [ACTIONS.loanNewer]: show,
      [ACTIONS.loanOlder]: show,
      [ACTIONS.loanStatement]: askAgain(parts, 'tell'),
      [ACTIONS.loanCsv]: csv(parts),
      [ACTIONS.shareLoan]: ask,
      [ACTIONS.shareLoanConfirmed]: share,
      [ACTIONS.readingProgress]: progress(parts),
      [ACTIONS.stopReading]: stop(parts),
    },
  };
}

function command(parts: ListenerParts): Listener {
  return {
    lane: 'read',
    work: (turn) => {
      const query = typedQuery(turn.input);
      if (query.toLowerCase() === 'help')
        return answerAnyRole(parts.desk, turn, commandHelpMessage(COMMANDS.loan));
      return answerWith(read(parts, turn, query, 1), (answer) => turn.tell(draw(answer, query)));
    },
  };
}

/** The question in the value, asked again: in place of the answer, or beneath it. */
function askAgain(parts: ListenerParts, how: 'replace' | 'tell'): Listener {
  return {
    lane: 'read',
    work: (turn) => {
      const query = readQuery(turn.input);
      return answerWith(read(parts, turn, query, pageOf(turn)), (answer) => turn[how](draw(answer, query)));
    },
  };
}

function csv(parts: ListenerParts): Listener {
  return {
    lane: 'read',
    work: (turn) => {
      const query = readQuery(turn.input);
      const readingId = announce(parts, turn, query);
      return sendCsv(
        turn,
        asksForStatement(query)
          ? parts.loans.exportStatement(turn.by, query, readingId)
          : parts.loans.exportLoan(turn.by, query, readingId),
      );
    },
  };
}

function progress({ loans }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: (turn) => {
      const reading = readReadingValue(turn.input);
      return answerWith(loans.loanProgress(turn.by, reading?.readingId ?? ''), (progress) => {
        const isOver = reading === null || progress === null;
        return turn.replace(isOver ? readingOverMessage() : readingMessage(reading, progress));
      });
    },
  };
}

/** The reading itself then says that it was stopped, to the person who asked for it. */
function stop({ loans }: ListenerParts): Listener {
  return {
    // Never behind the readings that it may stop.
    lane: 'decision',
    work: (turn) => {
      const reading = readReadingValue(turn.input);
      return answerWith(loans.stopLoan(turn.by, reading?.readingId ?? ''), (isStopping) =>
        turn.replace(reading === null || !isStopping ? readingOverMessage() : readingStopsMessage(reading)),
      );
    },
  };
}

type Answer =
  | { readonly statement: null; readonly loan: LoanView }
  | { readonly statement: StatementView; readonly loan: null };

async function read(parts: ListenerParts, turn: Turn, query: string, page: number): Promise<Result<Answer>> {
  const readingId = announce(parts, turn, query);
  if (asksForStatement(query)) {
    const result = await parts.loans.viewStatement(turn.by, query, readingId);
    return result.ok ? done({ statement: result.value, loan: null }) : result;
  }
  const result = await parts.loans.viewLoan(turn.by, query, page, readingId);
  return result.ok ? done({ statement: null, loan: result.value }) : result;
}

function draw({ loan, statement }: Answer, query: string): Message {
  return statement === null ? loanMessage(loan, query) : statementMessage(statement, query);
}

/** Names a reading; if it takes long, its person is told how far it is, with a button that gives it up. */
function announce({ loans, newReadingId }: ListenerParts, turn: Turn, query: string): string {
  const readingId = newReadingId();
  turn.whenLate(async () => {
    const result = await loans.loanProgress(turn.by, readingId);
    return result.ok && result.value !== null ? readingMessage({ readingId, query }, result.value) : null;
  });
  return readingId;
}

function pageOf({ input }: Turn): number {
  return readPageValue(input)?.page ?? 1;
}
