/**
 * Every name that Slack sends back: commands, buttons, modals and their inputs. A test compares manifest.yml and
 * register.ts with this list.
 */

export const COMMANDS = {
  ltv: '/ltv',
  closedUnits: '/closed-units',
  loan: '/loan',
  closeUnit: '/close-unit',
  loandesk: '/loandesk',
} as const;

export type CommandName = (typeof COMMANDS)[keyof typeof COMMANDS];

/** action_ids of buttons. Those that act on a request carry `{requestId, version}` and nothing else. */
export const ACTIONS = {
  approve: 'request:approve',
  reject: 'request:reject',
  withdraw: 'request:withdraw',
  checkAgain: 'request:check-again',
  startSending: 'request:start-sending',
  openRequest: 'request:open',
  openCard: 'request:open-card',
  settle: 'request:settle',
  refreshRequest: 'request:refresh',
  requestsPageBack: 'requests:page-back',
  requestsPageOn: 'requests:page-on',
  /** In answers of earlier versions. */
  unitsPageBack: 'units:page-back',
  unitsPageOn: 'units:page-on',
  refreshUnits: 'units:refresh',
  unitsCsv: 'units:csv',
  shareUnits: 'units:share',
  shareUnitsConfirmed: 'units:share-confirmed',
  unitsChart: 'units:chart',
  pickUnit: 'units:pick',
  pickSecondUnit: 'units:pick-2',
  pickThirdUnit: 'units:pick-3',
  askToClose: 'unit:ask-to-close',
  closedNewer: 'closed:newer',
  closedOlder: 'closed:older',
  closedCsv: 'closed:csv',
  loanNewer: 'loan:newer',
  loanOlder: 'loan:older',
  loanCsv: 'loan:csv',
  loanStatement: 'loan:statement',
  shareLoan: 'loan:share',
  shareLoanConfirmed: 'loan:share-confirmed',
  /** Those of a reading carry `{readingId, query}` and nothing else. */
  readingProgress: 'reading:progress',
  stopReading: 'reading:stop',
  trendDay: 'trend:24h',
  trendWeek: 'trend:7d',
  trendMonth: 'trend:30d',
  /** Those of a case carry `{caseId, level}` and nothing else. */
  takeCase: 'case:take',
  noteCase: 'case:note',
  muteCase: 'case:mute',
  handOverCase: 'case:hand-over',
  openCase: 'case:open',
  refreshCase: 'case:refresh',
  openAlertCard: 'case:open-card',
  endDrill: 'case:end-drill',
  refreshHome: 'home:refresh',
  closeAUnit: 'home:close-a-unit',
} as const;

export type ActionId = (typeof ACTIONS)[keyof typeof ACTIONS];

/** callback_ids of modals that are submitted. */
export const MODALS = {
  ask: 'modal:ask',
  askForUnit: 'modal:ask-for-unit',
  ballot: 'modal:ballot',
  rejection: 'modal:rejection',
  settle: 'modal:settle',
  noteCase: 'modal:note-case',
  muteCase: 'modal:mute-case',
  handOverCase: 'modal:hand-over-case',
} as const;

export type ModalId = (typeof MODALS)[keyof typeof MODALS];

/** block_ids of modal inputs; each holds one element whose action_id is `INPUT`. */
export const INPUTS = {
  unit: 'input:unit',
  reason: 'input:reason',
  typedId: 'input:typed-id',
  verdict: 'input:verdict',
  note: 'input:note',
  muteFor: 'input:mute-for',
  newOwner: 'input:new-owner',
} as const;

export const INPUT = 'value';

export const EVENTS = { homeOpened: 'app_home_opened' } as const;
