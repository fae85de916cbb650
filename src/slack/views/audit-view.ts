/** `/loandesk audit verify`, and the day's head for the channel that keeps it. */

import { type AuditVerdict, isVerified, type KeptHeadFinding } from '../../domain/audit-chain.ts';
import { subjectText } from '../../domain/subject.ts';
import { header, type Message, section } from './blocks.ts';
import { plural, utcText } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';

/** The day's head, with the command that checks it later. */
export function auditHeadMessage(verdict: AuditVerdict, atMs: number): Message {
  const title = `Audit head of ${utcText(atMs).slice(0, 10)}`;
  const read = `Read ${utcText(atMs, 'seconds')}.`;
  const { entries, head } = verdict;
  const check =
    head === ''
      ? ''
      : `\nTo check later that nothing up to here was removed or changed, run \`/loandesk audit verify ${entries} ${head}\` or, from the command line, \`npm run audit -- verify --entries ${entries} --head ${head}\`.`;
  const text = `${verdictText(verdict, null)}\n${headText(verdict)} ${read}${check}`;
  return { text: `${title}: ${text}`, blocks: [header(title), section(text)] };
}

export function auditVerdictMessage(verdict: AuditVerdict, subjectId: string | null): Message {
  const { kept } = verdict;
  const compared =
    kept === null
      ? 'Compare this head with the last one posted in the audit channel to rule out truncation: `/loandesk audit verify &lt;entries&gt; &lt;head&gt;`.'
      : `${kept.kind === 'same' ? ':white_check_mark:' : ':red_circle:'} ${keptHeadText(kept)}`;
  const tell = isVerified(verdict) ? '' : '\nTell your administrator.';
  const text = `${verdictText(verdict, subjectId)}\n${headText(verdict)}\n${compared}${tell}`;
  return { text, blocks: [header('Audit trail'), section(text)] };
}

/** What comparing with a kept head showed, in plain words; the command line prints it, too. */
export function keptHeadText(kept: KeptHeadFinding): string {
  switch (kept.kind) {
    case 'same':
      return `The first ${counted(kept.entries)} still give that head; ${counted(kept.since)} came since.`;
    case 'different':
      return `The first ${counted(kept.entries)} give another head: since then something among them was removed, changed or put in another order. An export from before names it: npm run audit -- verify --against <file>.`;
    case 'fewer':
      return `${counted(kept.missing)} of those ${kept.entries} are missing from the end of the trail.`;
    case 'not-reached':
      return `The head could not be compared: an entry among the first ${kept.entries} cannot be read.`;
  }
}

function verdictText(verdict: AuditVerdict, subjectId: string | null): string {
  const { fault } = verdict;
  const named = (id: string) => subjectText(id).replace(id, () => `\`${shorten(escapeMrkdwn(id), 100)}\``);
  const scope = subjectId === null ? 'the whole audit trail' : named(subjectId);
  const read = readText(verdict);
  if (fault === null)
    return `:white_check_mark: *Audit trail verified*, no gaps in ${scope}: ${read}, every record matches its seal.`;
  return `:red_circle: *FAULT in the audit trail*, checking ${scope}: entry ${fault.position} in order, number ${fault.sequence} of ${named(fault.subjectId)}: ${shorten(escapeMrkdwn(fault.what), 500)}. ${read}; nothing after that entry is verified.`;
}

/** How much was read; the command line prints it, too. */
export function readText({ entries, requests, episodes }: AuditVerdict): string {
  const cases = episodes === 0 ? [] : [plural(episodes, 'case')];
  const ofRequests = requests === 0 ? [] : [plural(requests, 'request')];
  const subjects = [...ofRequests, ...cases].join(' and ');
  return `${counted(entries)}${subjects === '' ? '' : ` of ${subjects}`} read`;
}

function headText({ entries, head }: AuditVerdict): string {
  return head === ''
    ? 'The trail is empty: it has no head.'
    : `Head \`${escapeMrkdwn(head)}\` after ${counted(entries)}.`;
}

function counted(entries: number): string {
  return entries === 1 ? '1 entry' : `${entries} entries`;
}
