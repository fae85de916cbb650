/** The card of a close request in the approvals channel: drawn from the record alone, addresses masked. */
import type { KnownBlock } from '@slack/types';
import type { CloseRequest } from '../../domain/close/close-request.ts';
import { isTerminal } from '../../domain/close/close-state.ts';
import { isRepaid } from '../../domain/close/facts.ts';
import { writeRequestValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import {
  type ButtonSpec,
  buttons,
  context,
  fields,
  fitLines,
  header,
  type Message,
  quote,
  section,
} from './blocks.ts';
import { cardMention, countdownToken, dateToken, mention } from './format.ts';
import { escapeMrkdwn } from './limits.ts';
import {
  factChangeLines,
  factPairs,
  quoted,
  votesText,
  whatWillHappen,
  whoMayVote,
} from './request-facts.ts';
import { DRY_RUN_LINE, dryRunPrefix, standingText } from './request-text.ts';

export interface CardOptions {
  /** Who may vote now (user ids); null: not known. */
  readonly approvers: ReadonlySet<string> | null;
  /** Differs from drawing to drawing: Slack asks for new block_ids on each update. At most 50 characters. */
  readonly edition: string;
}

export function requestCard(request: CloseRequest, { approvers, edition }: CardOptions): Message {
  const { mode } = request.policy;
  const ahead = request.state === 'pending' || request.state === 'approved';
  const intro = `${mention(request.requester)} asks to close risk unit *${request.groupId}*.`;
  const standing = standingText(request);
  const votes = votesText(request, 1_400);
  const blocks: KnownBlock[] = [
    header(`${dryRunPrefix(mode)}Close request: unit ${request.groupId}`),
    ...(mode === 'dry-run' ? [context(`:no_entry_sign: *${DRY_RUN_LINE}*`)] : []),
    section(standing, 1_900),
    section(`${intro} Reason:`),
    quote(request.reason, 1_200),
    fields(factPairs(request, request.facts, 'channel')),
    ...changes(request),
    ...(ahead ? [section(`*What will happen*: ${whatWillHappen(request)}`)] : []),
    section(votes),
    ...rules(request, approvers).map((line) => context(line)),
    context(
      `Request \`${escapeMrkdwn(request.id)}\` · asked ${dateToken(request.createdAtMs)}${auditHint(request)}`,
    ),
    ...buttons(cardButtons(request), `card:${request.revision}:${edition}`),
  ];
  const text = fitLines(
    [
      `${dryRunPrefix(mode)}${intro}`,
      ...standing.split('\n'),
      `Reason: ${quoted(request.reason, 600)}`,
      ...votes.split('\n'),
      ...rules(request, approvers),
    ],
    3_500,
    (left) => `… and ${left} more lines`,
  );
  const actions = buttons(cardButtons(request), `card:${request.revision}:${edition}`);
  return { text, blocks, plainer: { text, blocks: [section(text), ...actions] } };
}

/** In place of a second copy of a card (Slack posted it, and its answer was lost). mrkdwn, escaped. */
export function copyText(request: CloseRequest, workspaceUrl: string | null): string {
  const link = cardMention(workspaceUrl, request.card);
  return `${dryRunPrefix(request.policy.mode)}This is a second copy of the card for unit ${request.groupId}, and its buttons do nothing. Use the card itself${link === '' ? ': `/loandesk requests` links to it.' : link}`;
}

function changes(request: CloseRequest): KnownBlock[] {
  if (request.factChanges.length === 0) return [];
  const lines = factChangeLines(request.factChanges, 'channel');
  const head = `:warning: *Changed since version ${request.version - 1}; earlier approvals no longer count*`;
  return [section(fitLines([head, ...lines], 1_200, (left) => `• … and ${left} more changes`))];
}

/** Who may still vote and until when; nothing once the request is being carried out. */
function rules(request: CloseRequest, approvers: ReadonlySet<string> | null): string[] {
  const expiry = `Expires ${countdownToken(request.expiresAtMs)}`;
  if (request.state === 'pending') return [`Can approve: ${whoMayVote(request, approvers)} · ${expiry}`];
  return request.state === 'approved' ? [expiry] : [];
}

function auditHint(request: CloseRequest): string {
  if (!isTerminal(request.state)) return '';
  const id = escapeMrkdwn(request.id).replaceAll('`', '');
  return ` · audit: \`/loandesk audit verify ${id}\``;
}

/** Only what can still be done in this state; the rule itself decides at the click. */
export function cardButtons(request: CloseRequest): ButtonSpec[] {
  const value = writeRequestValue({ requestId: request.id, version: request.version });
  const unit = `unit ${request.groupId}`;
  const specs: ButtonSpec[] = [];
  if (request.state === 'pending' && isRepaid(request.facts)) {
    specs.push({
      id: ACTIONS.approve,
      label: 'Approve close…',
      value,
      spoken: `Approve close of ${unit}; opens a form`,
      style: 'primary',
    });
  }
  if (request.state === 'approved' && request.abandonedClaims > 0) {
    specs.push({
      id: ACTIONS.startSending,
      label: 'Start sending again',
      value,
      spoken: `Start sending again the approved close of ${unit}`,
      style: 'primary',
      confirm: {
        title: 'Start sending again?',
        text: 'Nothing was sent before the process stopped. The unit and the approvers are read again first.',
        yes: 'Start sending',
      },
    });
  }
  if (request.state === 'pending' || request.state === 'approved') {
    specs.push(
      {
        id: ACTIONS.reject,
        label: 'Reject…',
        value,
        spoken: `Reject the close of ${unit}; opens a form`,
        style: 'danger',
      },
      {
        id: ACTIONS.withdraw,
        label: 'Withdraw',
        value,
        spoken: `Withdraw the request to close ${unit}; requester only`,
        confirm: {
          title: 'Withdraw the request?',
          text: 'Only the requester can do this. Nothing will be sent.',
          yes: 'Withdraw',
        },
      },
    );
  }
  return specs;
}
