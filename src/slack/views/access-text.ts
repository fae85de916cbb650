/** Who could have approved on one day, as plain text for a terminal: ids, digests and UTC, as in the audit trail. */
import type { ResolvedAccess, RuleEvent } from '../../domain/close/rule-book.ts';
import type { AccessOfDay, ChangeOfDay, RecordedAccess } from '../../usecases/access-of-day.ts';
import { utcText } from './format.ts';
import { differences, ruleText } from './rule-message.ts';

export function accessText(found: AccessOfDay): string {
  const { recorded, changes, verdict } = found;
  const { fault } = verdict;
  const lines = [
    ...(recorded.length === 0 ? [missingText(found)] : recorded.flatMap(recordedLines)),
    ...(changes.length === 0 ? ['No change of rules or absences on that day.'] : ['Changes on that day:']),
    ...changes.flatMap((change) => changeLines(change, recorded)),
    fault === null
      ? `Audit trail of the rules verified, no gaps: each of its ${verdict.entries} seals and its record fit.`
      : `THE AUDIT TRAIL IS BROKEN at entry ${fault.sequence} of the rules: ${fault.what}`,
  ];
  return `${lines.join('\n')}\n`;
}

function missingText({ day, before, after }: AccessOfDay): string {
  const nearest = [
    before === null ? [] : [`before it: ${before}`],
    after === null ? [] : [`after it: ${after}`],
  ];
  const named = nearest.flat();
  return `No entry says who could have approved on ${day}. The nearest ${named.length === 0 ? 'entry: none, no day was recorded' : named.join(', ')}.`;
}

function recordedLines({ event, sequence, sealFits }: RecordedAccess): string[] {
  const { day, access, atMs } = event;
  return [
    `Who could have approved on ${day}, as recorded ${utcText(atMs, 'seconds')} (entry ${sequence} of the rules${sealFits ? '' : ", WHOSE SEAL DOESN'T FIT"})`,
    access.rulesDigest === null
      ? 'Rules: none, the settings decided.'
      : `Rules: CLOSE_RULES_FILE with the digest ${access.rulesDigest}`,
    ...access.lists.map(
      ({ from, people }) =>
        `  ${namesText(from)}: ${people.length === 0 ? 'nobody' : `${people.length === 1 ? '1 person' : `${people.length} people`}: ${people.join(', ')}`}`,
    ),
    ...standInLines(access),
  ];
}

function standInLines({ standIns }: ResolvedAccess): string[] {
  if (standIns.length === 0) return ['Stand-ins: none'];
  return [`Stand-ins: ${standIns.map(({ approver, standIn }) => `${standIn} for ${approver}`).join(', ')}`];
}

function changeLines({ event, sequence }: ChangeOfDay, recorded: readonly RecordedAccess[]): string[] {
  const isLater = recorded.some((entry) => sequence > entry.sequence);
  const when = `  ${utcText(event.atMs, 'seconds')}${isLater ? ', after the entry' : ''}:`;
  switch (event.type) {
    case 'away':
      return [
        `${when} ${event.approver} is away until ${utcText(event.untilMs)}, ${event.standIn} may act in their place`,
      ];
    case 'back':
      // As in the channel's message: CLOSE_RULES_FILE may still say that they are away.
      return [
        `${when} ${event.by?.userId ?? event.approver} ended the absence of ${event.approver}, in which ${event.standIn} could act in their place`,
      ];
    case 'rules-changed':
      return [
        `${when} the rules changed from ${event.from ?? 'none'} to ${event.to ?? 'none'}`,
        ...differences(event, (rule) => ruleText(rule, namesText)).map((text) => `    ${text}`),
        ...absenceLines(event),
      ];
  }
}

function absenceLines({ after }: Extract<RuleEvent, { type: 'rules-changed' }>): string[] {
  return (after?.away ?? []).map(
    ({ approver, standIn, untilMs }) =>
      `    By the file ${approver} is away until ${utcText(untilMs)}, ${standIn} may act in their place`,
  );
}

function namesText(from: readonly string[]): string {
  return from.join(' or ');
}
