/** What the bot has stored about a request, and whether its audit trail holds. */
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import type { PersonId } from '../../src/domain/person.ts';
import type { Directory } from '../slack/directory.ts';
import { clockText, labelled, table } from './draw-panel.ts';
import { attributes, type Content, html, type Markup, toHtml } from './html.ts';
import type { AuditLine, RecordView } from './record-reader.ts';

function nameOf(directory: Directory, { userId }: PersonId): string {
  return directory.people.get(userId)?.realName ?? userId;
}

function drawChoice(requests: readonly CloseRequest[], chosen: CloseRequest): Markup {
  const options = requests.map(
    ({ id, groupId, state }) =>
      html`<option ${attributes({ value: id, selected: id === chosen.id })}>unit ${groupId}: ${state}, ${id}</option>`,
  );
  return labelled('Close request', html`<select id="record-choice">${options}</select>`);
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

function drawFields(request: CloseRequest, directory: Directory): Markup {
  const { sent, answer } = request;
  const pairs: readonly (readonly [string, Content])[] = [
    ['State', html`<strong class="state ${request.state}">${request.state}</strong>`],
    ['Version', `${request.version} (revision ${request.revision})`],
    ['Asked by', `${nameOf(directory, request.requester)} at ${clockText(request.createdAtMs)}`],
    [`Votes, ${request.policy.quorum} needed`, votesOf(request, directory)],
    ['Facts', html`<code>${request.factsDigest.slice(0, 16)}</code>`],
    ['DELETE marked', sent === null ? 'not sent' : `at ${clockText(sent.atMs)}`],
    ['Answer', answer === null ? 'none' : `${answer.kind}: ${answer.meaning}`],
    ['Read back', readBackText(request)],
  ];
  const rows = pairs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return html`<dl class="record">${rows}</dl>`;
}

function drawTrail(trail: readonly AuditLine[], directory: Directory): Markup {
  const rows = trail.map((line) => {
    const [className, text] = line.holds ? ['good', '✓ fits'] : ['bad', '✗ does not fit'];
    return [
      line.sequence,
      clockText(line.atMs),
      line.by === null ? 'the bot' : nameOf(directory, line.by),
      `${line.type} → ${line.stateAfter}`,
      html`<span class="${className}">${text} <code>${line.seal.slice(0, 8)}</code></span>`,
    ];
  });
  return table('Audit trail', ['#', 'Time', 'Who', 'What → state after', 'Seal'], rows);
}

export function recordHtml(view: RecordView, directory: Directory): string {
  const { requests, chosen, trail, fault } = view;
  if (chosen === null)
    return toHtml(html`<p class="quiet">No close was asked for yet. Try /close-unit 7 repaid, as Rina.</p>`);
  const verdict =
    fault === null
      ? html`<p class="good verdict">✓ The audit chain holds: ${trail.length} entries.</p>`
      : html`<p class="bad verdict" role="alert">✗ The audit chain is broken at ${fault}</p>`;
  return toHtml(html`<div>
    ${drawChoice(requests, chosen)}${drawFields(chosen, directory)}
    <h3>Audit trail (UTC)</h3>${verdict}${drawTrail(trail, directory)}
  </div>`);
}
