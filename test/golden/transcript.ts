/**
 * Every command, form and button with what it answers, played in the sandbox against the real bot, and every refusal
 * in its words. The clock, the ids and the audit key are fixed, so every run gives the same text.
 */
import { createHash } from 'node:crypto';
import { setTimeout as timer } from 'node:timers/promises';
import { renderMrkdwn } from '../../sandbox/slack/render-mrkdwn.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { refusalText } from '../../src/slack/views/refusal-text.ts';
import { Records } from '../chaos/records.ts';
import { playCard, playReject, playUnknown } from './play-card.ts';
import {
  type Advance,
  playAway,
  playClosedUnits,
  playCloseUnit,
  playLoan,
  playLoandesk,
  playLtv,
} from './play-commands.ts';
import { playElsewhere, playExchangeTrouble, playHome, playPeople } from './play-people.ts';
import { refusalExamples } from './refusal-examples.ts';
import { Scribe } from './scribe.ts';

const AUDIT_KEY = createHash('sha256').update('golden').digest('hex');

const HEAD = `# What people type and click, and what Loandesk answers

People of the sandbox type and click, the real bot answers; what Slack would show is written here as text.
Unless stated otherwise, everything happens in #loan-desk, the approvals channel, and only the person who asks sees
the answer. Buttons are in square brackets.
`;

/** `advance` moves the clock of everything in this process; nothing else moves it. */
export async function writeTranscript(advance: Advance): Promise<string> {
  const requests = countUp();
  const world = await startWorld({
    app: {
      newRequestId: () => requestId(requests()),
      newClaimOwner: () => 'the-only-bot',
      // The looks for a close follow each other at once, at the same time of day.
      pause: async () => {},
    },
    workspace: {
      strictRateLimits: false,
      scopes: ['commands', 'chat:write', 'users:read', 'usergroups:read', 'files:write', 'channels:read'],
    },
    settings: {
      ALLOWED_CHANNELS: SEED_IDS.partnerDesk,
      VIEWERS: `${SEED_IDS.requesters},${SEED_IDS.approvers}`,
      AUDIT_KEY,
      REDIS_MAY_FORGET: 'true',
    },
  });
  const records = new Records({ redisUrl: world.redis.url, prefix: 'loandesk', auditKey: AUDIT_KEY });
  try {
    // vi.waitFor would move the clock.
    const settled = async () => {
      while ((await records.undelivered()) !== 0) await timer(10);
    };
    const scribe = new Scribe(world, settled);
    await playPeople(world, scribe);
    await playLtv(world, scribe);
    await playClosedUnits(world, scribe);
    await playLoan(scribe);
    await playCloseUnit(world, scribe, advance);
    await playCard(world, scribe, advance);
    await playReject(world, scribe);
    await playUnknown(world, scribe);
    await playLoandesk(scribe);
    await playAway(world, scribe);
    await playHome(world, scribe, advance);
    await playElsewhere(world, scribe);
    await playExchangeTrouble(world, scribe);
    writeRefusals(world, scribe);
    return `${HEAD}\n${scribe.text.trimEnd()}\n`;
  } finally {
    await records.close();
    await world.close();
  }
}

function countUp(): () => number {
  let count = 0;
  return () => {
    count += 1;
    return count;
  };
}

/** R000000001, R000000002, … in the form of a request id. */
function requestId(count: number): string {
  return `R${String(count).padStart(9, '0')}`;
}

/** All of them, from the table that the bot itself uses. */
function writeRefusals({ workspace }: World, scribe: Scribe): void {
  scribe.chapter(
    'Every refusal, word for word',
    'By its code, which is also the outcome in the log. What was typed and what the exchange said is filled in.',
  );
  const examples = refusalExamples({
    typed: 'what was typed',
    why: 'what the other side said',
    atMs: Date.UTC(2026, 10, 20, 12),
  });
  for (const [code, refusal] of Object.entries(examples)) {
    const text = renderMrkdwn(refusalText(refusal), (id) => workspace.directory.nameOf(id));
    scribe.note(`- \`${code}\`: ${text.replaceAll('\n', '  \n  ')}`);
  }
}
