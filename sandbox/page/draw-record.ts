/** What the bot has stored about a request, and whether its audit trail holds. */
import type { ReactElement, ReactNode } from 'react';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import type { PersonId } from '../../src/domain/policy.ts';
import type { Directory } from '../slack/directory.ts';
import { clockText, table } from './draw-panel.ts';
import { h, toHtml } from './html.ts';
import type { AuditLine, RecordView } from './record-reader.ts';

function nameOf(directory: Directory, { userId }: PersonId): string {
  return directory.people.get(userId)?.realName ?? userId;
}

function drawChoice(requests: readonly CloseRequest[], chosen: CloseRequest): ReactElement {
  return h(
    'label',
    { className: 'labelled' },
    h('span', null, 'Close request'),
    h(
      'select',
      { id: 'record-choice', defaultValue: chosen.id },
      requests.map(({ id, groupId, state }) =>
        h('option', { key: id, value: id }, `unit ${groupId}: ${state}, ${id}`),
      ),
    ),
  );
}

function votesOf(request: CloseRequest, directory: Directory): string {
  const told = request.votes.map(({ voter, atMs }) => `${nameOf(directory, voter)} at ${clockText(atMs)}`);
  const voided = request.voidedVotes.map(
    ({ voter, because }) => `${nameOf(directory, voter)} (void: ${because})`,
  );
  return [...told, ...voided].join('; ') || 'none';
}

function readBackText({ evidence, readBack }: CloseRequest): string {
  if (evidence !== null) return `in the closed list, closed at ${clockText(evidence.closedAtMs)}`;
  return readBack.lastSeen === null ? 'nothing seen yet' : readBack.lastSeen.kind;
}

function drawFields(request: CloseRequest, directory: Directory): ReactElement {
  const { sent, answer } = request;
  const pairs: readonly (readonly [string, ReactNode])[] = [
    ['State', h('strong', { className: `state ${request.state}` }, request.state)],
    ['Version', `${request.version} (revision ${request.revision})`],
    ['Asked by', `${nameOf(directory, request.requester)} at ${clockText(request.createdAtMs)}`],
    [`Votes, ${request.policy.quorum} needed`, votesOf(request, directory)],
    ['Facts', h('code', null, request.factsDigest.slice(0, 16))],
    ['DELETE marked', sent === null ? 'not sent' : `at ${clockText(sent.atMs)}`],
    ['Answer', answer === null ? 'none' : `${answer.kind}: ${answer.meaning}`],
    ['Read back', readBackText(request)],
  ];
  return h(
    'dl',
    { className: 'record' },
    pairs.map(([name, value]) =>
      h('div', { key: name, 'data-key': name }, h('dt', null, name), h('dd', null, value)),
    ),
  );
}

function drawTrail(trail: readonly AuditLine[], directory: Directory): ReactElement {
  return table(
    'Audit trail',
    ['#', 'Time', 'Who', 'What → state after', 'Seal'],
    trail.map((line) => [
      line.sequence,
      clockText(line.atMs),
      line.by === null ? 'the bot' : nameOf(directory, line.by),
      `${line.type} → ${line.stateAfter}`,
      h(
        'span',
        { className: line.holds ? 'good' : 'bad' },
        line.holds ? '✓ fits ' : '✗ does not fit ',
        h('code', null, line.seal.slice(0, 8)),
      ),
    ]),
  );
}

export function recordHtml(view: RecordView, directory: Directory): string {
  const { requests, chosen, trail, fault } = view;
  if (chosen === null) {
    const hint = 'No close was asked for yet. Try /close-unit 7 repaid, as Rina.';
    return toHtml(h('p', { className: 'quiet' }, hint));
  }
  const verdict =
    fault === null
      ? h('p', { className: 'good verdict' }, `✓ The audit chain holds: ${trail.length} entries.`)
      : h('p', { className: 'bad verdict', role: 'alert' }, `✗ The audit chain is broken at ${fault}`);
  return toHtml(
    h(
      'div',
      null,
      drawChoice(requests, chosen),
      drawFields(chosen, directory),
      h('h3', null, 'Audit trail (UTC)'),
      verdict,
      drawTrail(trail, directory),
    ),
  );
}
