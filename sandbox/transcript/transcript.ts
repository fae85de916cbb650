/**
 * docs/commands.md: every command, form and button with what it answers, played in the sandbox against the real bot,
 * and every refusal in its words. The same text comes out of every run.
 */

import { refusalText } from '../../src/slack/views/refusal-text.ts';
import { renderMrkdwn } from '../slack/render-mrkdwn.ts';
import { SEED_IDS } from '../slack/seed.ts';
import { startWorld, type World } from '../world.ts';
import { playCard, playReject, playUnknown } from './play-card.ts';
import { playClosedUnits, playCloseUnit, playLoandesk, playLtv } from './play-commands.ts';
import { playElsewhere, playExchangeTrouble, playHome, playPeople } from './play-people.ts';
import { refusalExamples } from './refusal-examples.ts';
import { Scribe } from './scribe.ts';
import { steadyIds, steadyText } from './steady-text.ts';

const HEAD = `# Commands, and what they answer

This file is written by \`npm run docs\`: people of the sandbox type and click, the real bot answers, and what Slack
would show stands here as text. A test writes it again and compares. Times and ids are replaced by fixed ones.
Unless it says otherwise, everything happens in #loan-desk, the approvals channel, and only the person who asks sees
the answer. Buttons stand in square brackets.
`;

export async function writeTranscript(redisUrl?: string): Promise<string> {
  const world = await startWorld({
    ...(redisUrl === undefined ? {} : { redisUrl }),
    workspace: {
      strictRateLimits: false,
      scopes: ['commands', 'chat:write', 'users:read', 'usergroups:read', 'files:write'],
    },
    settings: {
      ALLOWED_CHANNELS: SEED_IDS.partnerDesk,
      VIEWERS: `${SEED_IDS.requesters},${SEED_IDS.approvers}`,
      REDIS_PREFIX: `transcript-${process.pid}-${Date.now()}`,
      REDIS_MAY_FORGET: 'true',
    },
  });
  try {
    const scribe = new Scribe(world);
    await playPeople(world, scribe);
    await playLtv(world, scribe);
    await playClosedUnits(world, scribe);
    await playCloseUnit(world, scribe);
    await playCard(world, scribe);
    await playReject(world, scribe);
    await playUnknown(world, scribe);
    await playLoandesk(scribe);
    await playHome(world, scribe);
    await playElsewhere(world, scribe);
    await playExchangeTrouble(world, scribe);
    writeRefusals(world, scribe);
    return steadyIds(`${HEAD}\n${scribe.text.trimEnd()}\n`);
  } finally {
    await world.close();
  }
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
    scribe.note(`- \`${code}\`: ${steadyText(text).replaceAll('\n', '  \n  ')}`);
  }
}
