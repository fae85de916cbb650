/** A command typed from a second terminal into a sandbox that runs in the first. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { z } from 'zod';
import { SEED_IDS } from './slack/seed.ts';

/** Where the running sandbox says the address of its page; one for each user. */
const PLACE = join(tmpdir(), `loandesk-sandbox-${userInfo().uid}.json`);

const place = z.object({ url: z.url() });
const typed = z.object({ order: z.number(), failure: z.string().optional(), error: z.string().optional() });
const messages = z.array(z.object({ order: z.number(), rendered: z.string() }));

export async function rememberSandbox(url: string): Promise<void> {
  await writeFile(PLACE, JSON.stringify({ url }), { mode: 0o600 });
}

export async function forgetSandbox(): Promise<void> {
  await rm(PLACE, { force: true });
}

/** Types `line` as that person in the approvals channel and prints the answer; the exit status says whether it came. */
export async function typeCommand(user: string, line: string): Promise<number> {
  const [command = '', ...words] = line.trim().split(' ');
  if (!command.startsWith('/')) {
    console.error(
      'Expected a slash command in quotes, for example: npm run sandbox -- --as U0RINA00001 "/ltv 1"',
    );
    return 1;
  }
  const url = await readFile(PLACE, 'utf8').then(
    (text) => place.parse(JSON.parse(text)).url,
    () => null,
  );
  if (url === null) {
    console.error('No sandbox is running: start one with "npm run sandbox" in another terminal.');
    return 1;
  }
  const sent = await post(new URL('slack/command', url), {
    user,
    command,
    text: words.join(' '),
    channel: SEED_IDS.loanDesk,
  });
  const result = typed.parse(sent);
  if (result.error !== undefined || result.failure !== undefined) {
    console.error(`Slack shows: ${result.error ?? result.failure}`);
    return 1;
  }
  console.log(await answerAfter(url, user, result.order));
  return 0;
}

/** The newest message that this person sees since then, once it has stopped changing. */
async function answerAfter(url: string, user: string, order: number): Promise<string> {
  let shown = '';
  for (let look = 0; look < 50; look += 1) {
    await pause(100);
    const { body } = await request(
      new URL(`slack/messages?channel=${SEED_IDS.loanDesk}&viewer=${user}`, url),
    );
    const newest =
      messages
        .parse(await body.json())
        .filter((message) => message.order > order)
        .at(-1)?.rendered ?? '';
    if (newest !== '' && newest === shown && !newest.endsWith('…')) return newest;
    shown = newest;
  }
  return shown || '(no answer)';
}

async function post(url: URL, body: object): Promise<unknown> {
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return answer.body.json();
}
