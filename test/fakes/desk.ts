/** A desk that answers what a test says; a verb that the test did not name fails it. */
import { done } from '../../src/domain/refusal.ts';
import type { Desk } from '../../src/usecases/desk.ts';
import type { LoanDesk } from '../../src/usecases/loan-desk.ts';

const unexpected = (verb: string) => async (): Promise<never> => {
  throw new Error(`not expected: ${verb}`);
};

export function fakeLoans(answers: Partial<LoanDesk>): LoanDesk {
  return {
    viewLoan: unexpected('viewLoan'),
    exportLoan: unexpected('exportLoan'),
    viewStatement: unexpected('viewStatement'),
    exportStatement: unexpected('exportStatement'),
    loanProgress: async () => done(null),
    stopLoan: unexpected('stopLoan'),
    ...answers,
  };
}

export function fakeDesk(answers: Partial<Desk>): Desk {
  const desk: Desk = {
    admit: async () => done(['viewer', 'requester', 'approver']),
    viewUnits: unexpected('viewUnits'),
    exportUnits: unexpected('exportUnits'),
    listClosedUnits: unexpected('listClosedUnits'),
    exportClosedUnits: unexpected('exportClosedUnits'),
    prepareAsk: unexpected('prepareAsk'),
    askToClose: unexpected('askToClose'),
    openBallot: unexpected('openBallot'),
    approve: unexpected('approve'),
    openRejection: unexpected('openRejection'),
    reject: unexpected('reject'),
    withdraw: unexpected('withdraw'),
    checkAgain: unexpected('checkAgain'),
    startSending: unexpected('startSending'),
    settle: unexpected('settle'),
    viewRequest: unexpected('viewRequest'),
    listRequests: unexpected('listRequests'),
    verifyAudit: unexpected('verifyAudit'),
    exportAudit: unexpected('exportAudit'),
    status: unexpected('status'),
    liftStop: unexpected('liftStop'),
    listAbsences: unexpected('listAbsences'),
    enterAbsence: unexpected('enterAbsence'),
    endAbsence: unexpected('endAbsence'),
    home: unexpected('home'),
    requestsMark: async () => '',
    redrawCard: unexpected('redrawCard'),
    isCopyOfCard: async () => false,
    noteForgery: unexpected('noteForgery'),
  };
  return { ...desk, ...answers };
}
