/**
 * The card of a close request in the approvals channel: drawn from the record alone, addresses masked. In the order in
 * which a person on a phone reads: what this is, who asks and why, what is at stake, who approved, the buttons; then
 * the small print.
 */
import type { KnownBlock } from '@slack/types';
import type { CloseRequest, PeopleNow } from '../../domain/close/close-request.ts';
import { type CloseState, isTerminal } from '../../domain/close/close-state.ts';
import { isBlocked } from '../../domain/close/decision.ts';
import { type FactChange, shortDigest } from '../../domain/close/facts.ts';
import { writeRequestValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import {
  type ButtonSpec,
  buttons,
  context,
  fields,
  fitItems,
  fitLines,
  header,
  inForms,
  type Message,
  quote,
  section,
} from './blocks.ts';
import { account, cardMention, countdownToken, dateToken, mention } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import {
  factChangeLines,
  irreversibleText,
  progressText,
  quoted,
  readText,
  releasedText,
  voidedLines,
  whatWillHappen,
  whoMayVote,
} from './request-facts.ts';
import { DRY_RUN_LINE, dryRunPrefix, isHeld, owedInParts, standingText, titleText } from './request-text.ts';

export interface CardOptions {
  /** Who may vote now (user ids); null: not known. */
  readonly approvers: ReadonlySet<string> | null;
  /** Whom its rules need; absent: not known, or only their number counts. */
  readonly seats?: PeopleNow['seats'] | undefined;
  /** Differs from drawing to drawing: Slack asks for new block_ids on each update. At most 50 characters. */
  readonly edition: string;
}

export function requestCard(request: CloseRequest, { approvers, seats, edition }: CardOptions): Message {
  const { mode } = request.policy;
  const title = titleText(request, seats);
  const lead = leadText(request);
  const progress = `${progressText(request, 1_000, seats)}${rules(request, approvers, seats)}`;
  const controls = buttons(cardButtons(request), `card:${request.revision}:${edition}`);
  const blocks: KnownBlock[] = [
    header(title),
    ...(mode === 'dry-run' ? [context(`:no_entry_sign: *${DRY_RUN_LINE}*`)] : []),
    section(lead, 2_400),
    quote(glimpse(request.reason), LONGEST_GLIMPSE),
    ...figures(request),
    ...changes(request),
    section(progress, 2_400),
    ...controls,
    ...smallPrint(request).map((line) => context(line)),
  ];
  const text = fitLines(
    [
      `${dryRunPrefix(mode)}${escapeMrkdwn(title)}`,
      ...lead.split('\n'),
      `Reason: ${quoted(request.reason, 600)}`,
      ...progress.split('\n'),
    ],
    3_500,
  );
  return inForms(text, blocks, [section(text), ...controls]);
}

/** In place of a second copy of a card (Slack posted it, and its answer was lost). mrkdwn, escaped. */
export function copyText(request: CloseRequest, workspaceUrl: string | null): string {
  const link = cardMention(workspaceUrl, request.card);
  return `${dryRunPrefix(request.policy.mode)}This is a second copy of the card for unit ${request.groupId}, and its buttons do nothing. Use the card itself${link === '' ? ': `/loandesk requests` links to it.' : link}`;
}

/** Where it stands, unless the title says it all; who asks for which unit. */
function leadText(request: CloseRequest): string {
  const { requester, groupId, facts, state } = request;
  const unit = `unit ${groupId} (${account(shorten(facts.creditAccount, 254), 'channel')})`;
  if (state === 'pending' && !isBlocked(request))
    return `*${mention(requester)}* asks to close ${unit}. ${irreversibleText(request)}`.trimEnd();
  return `${standingText(request)}\n*${mention(requester)}* asked to close ${unit}`;
}

const LONGEST_GLIMPSE = 240;
const MOST_LINES = 3;

/** So much of the reason that the buttons stay on a phone's first screen; the form shows the rest. */
function glimpse(reason: string): string {
  const lines = reason.trim().split(/\s*\n\s*/);
  if (lines.length <= MOST_LINES) return reason.trim();
  return `${lines.slice(0, MOST_LINES).join('\n')} …`;
}

/** Where it is not what a close would release. */
const RELEASED: Partial<Readonly<Record<CloseState, string>>> = {
  closed: 'Released',
  unknown: 'Released if executed',
};

/** What is at stake; an end without a close has nothing at stake any more. */
function figures({ state, facts }: CloseRequest): KnownBlock[] {
  const isOver = state === 'closed' || state === 'rehearsed';
  if (isTerminal(state) && !isOver) return [];
  const owed = fitLines(owedInParts(facts).map(escapeMrkdwn), 400, (left) => `… and ${left} more`);
  const released = releasedText(facts);
  return [
    fields([
      [isOver ? 'Owed when approved' : 'Owed', owed === '' ? 'Nothing' : owed],
      ...(released === null ? [] : [[RELEASED[state] ?? 'Would be released', released] as const]),
    ]),
  ];
}

/** What moved since the version before; of a debt the card says what it is now. */
function changes(request: CloseRequest): KnownBlock[] {
  if (isTerminal(request.state)) return [];
  const isDebt = ({ fact }: FactChange): boolean => fact === 'liability' || fact === 'total liability';
  const others = request.factChanges.filter((change) => !isDebt(change));
  const debts = request.factChanges.filter(({ fact }) => fact === 'liability');
  const shown = isBlocked(request)
    ? others
    : [...(debts.length === 0 ? request.factChanges : [...debts, ...others])];
  if (shown.length === 0) return [];
  const head = ':warning: *Changed: earlier approvals no longer count*';
  return [section(fitItems([head, ...factChangeLines(shown, 'channel')], 1_200, ' changes'))];
}

/** So many names fit on a phone above the buttons. */
const NAMED = 6;

/** Who may still vote and until when; nothing once the request is being carried out. */
function rules(
  request: CloseRequest,
  approvers: CardOptions['approvers'],
  seats: CardOptions['seats'],
): string {
  const at = countdownToken(request.expiresAtMs);
  const expiry = `expires ${at}`;
  if (isBlocked(request)) return ` · ${expiry}`;
  // The end of the time to stop it is the nearer one, and the lead says it.
  if (request.state === 'approved') return isHeld(request) ? '' : `\nExpires ${at}`;
  if (request.state !== 'pending') return '';
  // Who could approve would be nobody, and the line above says whom it lacks.
  if (request.unreachable !== undefined) return `\nExpires ${at}`;
  return `\nCan approve: ${whoMayVote(request, approvers, { named: NAMED, seats: seats ?? [] })} · ${expiry}`;
}

function smallPrint(request: CloseRequest): string[] {
  const { facts, state, createdAtMs, expiresAtMs } = request;
  const ahead = state === 'pending' || state === 'approved';
  const voided = voidedLines(request);
  const collateral = facts.collateralAccounts.map((each) => account(shorten(each, 100), 'channel'));
  const accounts =
    collateral.length === 0
      ? 'No collateral accounts'
      : `Collateral accounts: ${fitLines(collateral, 400, (left) => `… and ${left} more`).replaceAll('\n', ', ')}`;
  return [
    ...(voided.length === 0 ? [] : [fitLines(voided, 800, (left) => `… and ${left} more`)]),
    ...(isBlocked(request)
      ? [
          `Loandesk checks the unit every five minutes until ${dateToken(expiresAtMs)}. Once it owes nothing, approvals start again from none.`,
        ]
      : []),
    ...(ahead && !isBlocked(request) ? [whatWillHappen(request)] : []),
    `${accounts} · Facts ${readText(request, facts)}`,
    `Request \`${escapeMrkdwn(request.id)}\` · asked ${dateToken(createdAtMs)}${ruleText(request)}${auditHint(request)}`,
  ];
}

/** Which rule of the file it was made under. */
function ruleText({ policy: { ruleDigest } }: CloseRequest): string {
  return ruleDigest === undefined ? '' : ` · rule \`${shortDigest(ruleDigest).replaceAll('`', '')}\``;
}

function auditHint(request: CloseRequest): string {
  if (!isTerminal(request.state)) return '';
  const id = escapeMrkdwn(request.id).replaceAll('`', '');
  return ` · full record: \`/loandesk request ${id}\` · audit: \`/loandesk audit verify ${id}\``;
}

/** Only what can still be done in this state; the rule itself decides at the click. */
export function cardButtons(request: CloseRequest): ButtonSpec[] {
  const value = writeRequestValue({ requestId: request.id, version: request.version });
  const unit = `unit ${request.groupId}`;
  const withdraw: ButtonSpec = {
    id: ACTIONS.withdraw,
    label: 'Withdraw',
    value,
    spoken: `Withdraw the request to close ${unit}; requester only`,
    confirm: {
      title: 'Withdraw the request?',
      text: 'Only the requester can do this. Nothing will be sent.',
      yes: 'Withdraw',
    },
  };
  const reject: ButtonSpec = {
    id: ACTIONS.reject,
    label: 'Reject…',
    value,
    spoken: `Reject the close of ${unit}; opens a form`,
  };
  if (isBlocked(request)) {
    const check: ButtonSpec = {
      id: ACTIONS.checkAgain,
      label: 'Check again',
      value,
      spoken: `Check again what ${unit} owes`,
      style: 'primary',
    };
    return [check, withdraw, reject];
  }
  switch (request.state) {
    case 'pending':
      return [
        {
          id: ACTIONS.approve,
          label: 'Review and approve…',
          value,
          spoken: `Review and approve the close of ${unit}; opens a form`,
          style: 'primary',
        },
        reject,
        withdraw,
      ];
    case 'approved':
      return request.abandonedClaims > 0 ? [startSending(value, unit), reject, withdraw] : [reject, withdraw];
    case 'sending':
      // With a time to stop it, it can be stopped until the close order is sent.
      return request.sent === null && (request.policy.delayMs ?? 0) > 0 ? [reject, withdraw] : [];
    case 'unknown':
      return [
        {
          id: ACTIONS.openRequest,
          label: 'Show evidence',
          value,
          spoken: `Show evidence on the close of ${unit}, to me alone`,
        },
        resolveManually(value, unit),
      ];
    default:
      return [];
  }
}

/** Opens the form for an outcome that is not known. */
export function resolveManually(value: string, unit: string): ButtonSpec {
  return {
    id: ACTIONS.settle,
    label: 'Resolve manually…',
    value,
    spoken: `Resolve manually the outcome for ${unit}; opens a form`,
    style: 'danger',
  };
}

function startSending(value: string, unit: string): ButtonSpec {
  return {
    id: ACTIONS.startSending,
    label: 'Start sending again',
    value,
    spoken: `Start sending again the approved close of ${unit}`,
    style: 'primary',
    confirm: {
      title: 'Start sending again?',
      text: "Nothing was sent before the process stopped. The unit and the approvers are read again first. A close can't be undone.",
      yes: 'Start sending',
    },
  };
}
