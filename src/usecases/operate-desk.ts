/** `/loandesk status`, with the approvers who don't count and why and who stands in, and `/loandesk resume`. */
import { utc } from '../domain/calendar-day.ts';
import { type PersonKind, personKey } from '../domain/person.ts';
import { type ClosePolicy, mergeGroups } from '../domain/policy.ts';
import { done, type Result } from '../domain/refusal.ts';
import type { Access, ApproverLookup } from './access.ts';
import type { AbsenceRow, Desk, StatusView } from './desk.ts';
import type { KeepAbsences } from './keep-absences.ts';
import { type ExchangeStops, type Log, StoreUnavailable, UnreadableRecord } from './ports.ts';

export interface OperateDeskParts {
  readonly access: Access;
  readonly probe: () => Promise<StatusView>;
  readonly policy: ClosePolicy;
  readonly stops: ExchangeStops;
  /** Throws UnreadableRecord, StoreUnavailable. */
  readonly absencesNow: KeepAbsences['absencesNow'];
  readonly log: Log;
}

export function createOperateDesk(parts: OperateDeskParts): Pick<Desk, 'status' | 'liftStop'> {
  const { access, stops, log } = parts;

  /** With the line about them; the rest of the status is shown even if they can't be read. */
  async function absencesOf(teamId: string): Promise<{ rows: readonly AbsenceRow[]; lines: StatusLine[] }> {
    try {
      const rows = await parts.absencesNow(teamId);
      return { rows, lines: rows.length === 0 ? [] : [absenceLine(rows)] };
    } catch (error) {
      if (!(error instanceof UnreadableRecord) && !(error instanceof StoreUnavailable)) throw error;
      const why = error instanceof UnreadableRecord ? error.what : "Redis can't be reached";
      const text = `the record of who is away can't be read: ${why}. Nobody stands in for them until it can`;
      return { rows: [], lines: [{ name: 'Stand-ins', level: 'fault', text }] };
    }
  }

  return {
    async status(by) {
      const roles = await access.rolesOf(by);
      if (!roles.ok) return roles;
      const [view, approvers, missing, absences] = await Promise.all([
        parts.probe(),
        access.approvers(by.teamId),
        access.missingGroups(),
        absencesOf(by.teamId),
      ]);
      const { quorum } = parts.policy;
      // A stand-in and those in whose place they act are one person.
      const pairs = absences.rows.flatMap((row) => (row.noEffect ? [] : [[row.approver, row.standIn]]));
      const samePerson = mergeGroups([...parts.policy.samePerson, ...pairs]);
      const lines = [...view.lines, approverLine(approvers, { quorum, samePerson }), ...absences.lines];
      if (missing.length > 0)
        lines.push({ name: 'User groups', level: 'warning', text: missingGroupsText(missing) });
      return done({ ...view, lines });
    },
    async liftStop(by) {
      const approver = await access.requireRole(by, 'approver');
      if (!approver.ok) return approver;
      const inForce = await stops.list();
      if (inForce.length === 0) return done([]);
      await stops.lift();
      log.warn({ by, stops: inForce }, 'exchange stops lifted by a person');
      return done(inForce);
    },
  };
}

const WHY: Readonly<Record<PersonKind, string>> = {
  member: 'a full member',
  guest: 'a guest',
  bot: 'a bot',
  deactivated: 'deactivated',
  foreign: 'from another workspace',
  'not-found': 'not found in Slack',
};

/** Null: every approver in the settings counts. */
export function leftOutText({ leftOut, missingGroups }: ApproverLookup): string | null {
  const parts: string[] = [];
  if (leftOut.length > 0) {
    const people = leftOut.map(({ userId, kind }) => `${userId} (${WHY[kind]})`);
    parts.push(`these approvers don't count: ${people.join(', ')}`);
  }
  if (missingGroups.length > 0) parts.push(missingGroupsText(missingGroups));
  return parts.length === 0 ? null : parts.join('; ');
}

export function missingGroupsText(groups: readonly string[]): string {
  return groups.length === 1
    ? `user group ${groups[0]} doesn't exist in Slack, so no one gets a role from it`
    : `these user groups don't exist in Slack: ${groups.join(', ')}; no one gets a role from them`;
}

type StatusLine = StatusView['lines'][number];

const NO_EFFECT: Readonly<Record<NonNullable<AbsenceRow['noEffect']>, (row: AbsenceRow) => string>> = {
  'not-an-approver': ({ approver }) => `${approver} is no approver`,
  'not-looked-up': () => "Slack couldn't confirm who they are",
  guest: ({ standIn }) => `${standIn} is ${WHY.guest}`,
  bot: ({ standIn }) => `${standIn} is ${WHY.bot}`,
  deactivated: ({ standIn }) => `${standIn} is ${WHY.deactivated}`,
  foreign: ({ standIn }) => `${standIn} is ${WHY.foreign}`,
  'not-found': ({ standIn }) => `${standIn} is ${WHY['not-found']}`,
};

function absenceLine(rows: readonly AbsenceRow[]): StatusLine {
  const texts = rows.map((row) => {
    const until = utc(row.untilMs);
    const why = row.noEffect === null ? '' : ` (without effect: ${NO_EFFECT[row.noEffect](row)})`;
    return `${row.standIn} for ${row.approver} until ${until} UTC${why}`;
  });
  const level = rows.some(({ noEffect }) => noEffect !== null) ? 'warning' : 'ok';
  return { name: 'Stand-ins', level, text: texts.join('; ') };
}

function approverLine(
  found: Result<ApproverLookup>,
  { quorum, samePerson }: Pick<ClosePolicy, 'quorum' | 'samePerson'>,
): StatusLine {
  const name = 'Approvers';
  if (!found.ok) {
    const { refusal } = found;
    const groups = refusal.code === 'identity-unavailable' ? (refusal.groups ?? []) : [];
    const which = groups.length === 0 ? '' : ` (user group ${groups.join(', ')})`;
    const text = `Slack couldn't confirm who they are${which}: no vote counts and nothing is sent until it does`;
    return { name, level: 'fault', text };
  }
  const people = new Set(found.value.members.map((userId) => personKey(userId, samePerson))).size;
  const leftOut = leftOutText(found.value);
  const others = leftOut === null ? '' : `; ${leftOut}`;
  const may = `${people} ${people === 1 ? 'person' : 'people'} can approve`;
  if (people < quorum) return { name, level: 'fault', text: `${may}, ${quorum} are needed${others}` };
  return { name, level: leftOut === null ? 'ok' : 'warning', text: `${may}${others}` };
}
