import type { Person, WorkspaceSeed } from './directory.ts';

const HOME = 'T0LOANDESK1';
const PARTNER = 'T0PARTNER01';

/** The ids of the seeded workspace, for tests, the tour and the browser page. */
export const SEED_IDS = {
  team: HOME,
  foreignTeam: PARTNER,
  app: 'A0LOANDESK1',
  bot: 'B0LOANDESK1',
  botUser: 'U0LOANDESK1',
  /** Speaks for Slack itself. */
  slackbot: 'USLACKBOT',
  /** Asks for closes. */
  rina: 'U0RINA00001',
  /** The three approvers. */
  ada: 'U0ADA000001',
  ben: 'U0BEN000001',
  chen: 'U0CHEN00001',
  /** The risk team: approvers where a rule names their group. */
  mara: 'U0MARA00001',
  omar: 'U0OMAR00001',
  /** May look only. */
  vera: 'U0VERA00001',
  /** A multi-channel guest. */
  gus: 'U0GUS000001',
  /** A single-channel guest. */
  una: 'U0UNA000001',
  /** Deactivated. */
  dora: 'U0DORA00001',
  /** Of another organisation, through Slack Connect. */
  frank: 'U0FRANK0001',
  loanDesk: 'C0LOANDESK1',
  /** Where the watch speaks. */
  loanAlerts: 'C0LNALERTS1',
  /** Where the risk team talks. */
  risk: 'C0RISK00001',
  general: 'C0GENERAL01',
  partnerDesk: 'C0PARTNER01',
  archived: 'C0OLDDESK01',
  approvers: 'S0APPROVERS',
  requesters: 'S0REQUESTER',
  treasuryTeam: 'S0TREASURY1',
  riskTeam: 'S0RISKTEAM1',
} as const;

function person(
  id: string,
  name: string,
  realName: string,
  tz: string,
  hours: number,
  more: Partial<Person> = {},
): Person {
  return { id, teamId: HOME, name, realName, tz, tzOffsetS: hours * 3600, ...more };
}

function createPeople(): readonly Person[] {
  const ids = SEED_IDS;
  return [
    person(ids.rina, 'rina', 'Rina Okafor', 'Europe/London', 0),
    person(ids.ada, 'ada', 'Ada Lindqvist', 'Europe/Stockholm', 1),
    person(ids.ben, 'ben', 'Ben Carter', 'America/New_York', -5),
    person(ids.chen, 'chen', 'Chen Wei', 'Asia/Singapore', 8),
    person(ids.mara, 'mara', 'Mara Silva', 'America/Sao_Paulo', -3),
    person(ids.omar, 'omar', 'Omar Haddad', 'Asia/Dubai', 4),
    person(ids.vera, 'vera', 'Vera Novak', 'Europe/Prague', 1),
    person(ids.gus, 'gus', 'Gus Guest', 'Europe/London', 0, { isRestricted: true }),
    person(ids.una, 'una', 'Una Single', 'Europe/London', 0, { isUltraRestricted: true }),
    person(ids.dora, 'dora', 'Dora Gone', 'Europe/London', 0, { deleted: true }),
    person(ids.frank, 'frank', 'Frank Foreign', 'Europe/Berlin', 1, { teamId: PARTNER }),
    person(ids.botUser, 'loandesk', 'Loandesk', 'Etc/UTC', 0, { isBot: true }),
    person(ids.slackbot, 'slackbot', 'Slackbot', 'Etc/UTC', 0, { isBot: true }),
  ];
}

/** A fresh copy of the workspace that the sandbox starts with. */
export function createSeed(): WorkspaceSeed {
  const ids = SEED_IDS;
  const risk = [ids.mara, ids.omar];
  const full = [ids.rina, ids.ada, ids.ben, ids.chen, ...risk, ids.vera];
  const channel = { kind: 'channel', isArchived: false, isExternallyShared: false } as const;
  return {
    team: { id: HOME, domain: 'loandesk-sandbox', name: 'Loandesk Sandbox' },
    appId: ids.app,
    botId: ids.bot,
    botUserId: ids.botUser,
    people: createPeople(),
    channels: [
      { ...channel, id: ids.loanDesk, name: 'loan-desk', members: new Set([...full, ids.gus, ids.botUser]) },
      { ...channel, id: ids.loanAlerts, name: 'loan-alerts', members: new Set([...full, ids.botUser]) },
      { ...channel, id: ids.risk, name: 'risk', members: new Set([...risk, ids.botUser]) },
      { ...channel, id: ids.general, name: 'general', members: new Set([...full, ids.gus]) },
      {
        ...channel,
        id: ids.partnerDesk,
        name: 'partner-desk',
        isExternallyShared: true,
        members: new Set([ids.rina, ids.ada, ids.una, ids.frank, ids.botUser]),
      },
      {
        ...channel,
        id: ids.archived,
        name: 'old-desk',
        isArchived: true,
        members: new Set([...full, ids.botUser]),
      },
    ],
    userGroups: [
      {
        id: ids.approvers,
        handle: 'loan-approvers',
        name: 'Loan approvers',
        members: new Set([ids.ada, ids.ben, ids.chen]),
      },
      {
        id: ids.requesters,
        handle: 'loan-requesters',
        name: 'Loan requesters',
        members: new Set([ids.rina]),
      },
      {
        id: ids.treasuryTeam,
        handle: 'treasury',
        name: 'Treasury',
        members: new Set([ids.ada, ids.ben, ids.chen]),
      },
      { id: ids.riskTeam, handle: 'risk', name: 'Risk', members: new Set(risk) },
    ],
  };
}
