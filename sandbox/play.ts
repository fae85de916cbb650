/** What `npm run sandbox` does: starts everything, says what runs where, serves the page, plays the tour. */
import { spawn } from 'node:child_process';
import { pino } from 'pino';
import { createLogger } from '../src/ops/logger.ts';
import { startPage } from './page/page-server.ts';
import { startPlayground } from './page/playground.ts';
import { skipMinutes } from './skip-time.ts';
import { type TourStep, tourOf } from './tour.ts';
import { type SkipTime, watchTourOf } from './watch-tour.ts';
import { PLAYED_WATCH, startWorld, type World } from './world.ts';

const bold = (text: string) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text);
const dim = (text: string) => (process.stdout.isTTY ? `\u001b[2m${text}\u001b[0m` : text);

/** The tour closes unit 7: this one is left to close by hand. */
const SPARE_UNIT = '8';

const BANNER = 'Loandesk sandbox: everything runs on this machine, nothing leaves it.';

/** The tour alone, with the bot in this process. Answers the exit status: 0 if every step was as expected. */
export async function playOnce(log: boolean): Promise<number> {
  const stopped = untilStopped();
  const world = await startWorld({
    ...redisFromSettings(),
    settings: PLAYED_WATCH,
    log: createLogger(log ? 'info' : 'silent', pino.destination(2)),
  });
  try {
    console.log(bold(BANNER));
    describeWorld(world, `http://127.0.0.1:${world.bots[0]?.port}`);
    const skip = world.redis.kind === 'given' ? null : skipMinutes;
    return await Promise.race([tellTour(world, skip), stopped.then(() => 0)]);
  } finally {
    await world.close();
  }
}

/** The page, the bot as a process that can be killed, and the tour; until it is stopped. Answers the exit status. */
export async function playSandbox(options: { log: boolean; open: boolean; port: number }): Promise<number> {
  const stopped = untilStopped();
  console.log(bold(BANNER));
  const playground = await startPlayground({
    ...redisFromSettings(),
    exchange: { settings: { interestAccrues: true } },
    onLine: options.log ? (line) => console.error(line) : () => {},
  });
  const { world } = playground;
  const page = await startPage(playground, { port: options.port }).catch((error: unknown) => {
    console.error(`The page cannot listen on port ${options.port}: ${errorCode(error)}`);
    return null;
  });
  if (page === null) {
    await playground.close();
    return 1;
  }
  try {
    console.log(`\n  ${bold('Page')}      ${bold(page.url)} (open it in a browser)\n`);
    if (options.open) openInBrowser(page.url);
    describeWorld(world, `process ${playground.fleet.list()[0]?.pid}`);
    const skip = world.redis.kind === 'given' ? null : playground.skipTime;
    const status = await Promise.race([tellTour(world, skip), stopped.then(() => null)]);
    if (status === null) return 0;
    await playground.addUnit(SPARE_UNIT, '0');
    console.log(`\nIt stays up. Play on in the page: ${bold(page.url)}`);
    console.log(
      `Unit ${SPARE_UNIT} is repaid: close it by hand, as Rina, with /close-unit ${SPARE_UNIT} repaid`,
    );
    console.log('\nCtrl-C ends it and leaves nothing behind.');
    await stopped;
    return status;
  } finally {
    await page.close();
    await playground.close();
  }
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

function redisFromSettings(): { redisUrl?: string } {
  const redisUrl = process.env.REDIS_URL;
  return redisUrl ? { redisUrl } : {};
}

/** Where there is no browser to open, the printed address stays. */
function openInBrowser(url: string): void {
  const [command, ...words] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[
    process.platform as string
  ] ?? ['xdg-open'];
  const child = spawn(command ?? 'xdg-open', [...words, url], { stdio: 'ignore', detached: true });
  child.on('error', () => console.log(dim('  (no browser could be opened: use the address above)')));
  child.unref();
}

async function tellTour(world: World, skip: SkipTime): Promise<number> {
  const failed = await playTour(world, skip);
  console.log(
    failed === 0 ? bold('\nEvery step was as expected.') : bold(`\n${failed} step(s) were NOT as expected.`),
  );
  return failed === 0 ? 0 : 1;
}

function describeWorld({ redis, exchange, workspace }: World, bot: string): void {
  console.log(
    `  Redis     ${redis.url} (${redis.kind === 'embedded' ? 'embedded, keeps nothing' : 'yours, from REDIS_URL'})`,
  );
  console.log(`  Exchange  ${exchange.url} (stand-in for Binance: keys, signatures, weights, faults)`);
  console.log(`  Slack     ${workspace.url} (stand-in for a workspace: people, channels, limits)`);
  console.log(`  Bot       ${bot} (the real app: POST /slack/events, GET /livez /readyz)`);
}

/** Answers how many steps failed; later steps are not played after a failure, since they build on it. */
async function playTour(world: World, skip: SkipTime): Promise<number> {
  const steps = [...tourOf(world), ...watchTourOf(world, skip)];
  for (const [index, step] of steps.entries()) {
    console.log(`\n${bold(`${index + 1}. ${step.title}`)}`);
    console.log(dim(`   ${whoDoes(step, world)}`));
    try {
      console.log(indent(await step.run()));
    } catch (error) {
      console.log(`   FAILED: ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    }
  }
  return 0;
}

function whoDoes({ actor, does }: TourStep, { workspace }: World): string {
  const person = actor === null ? undefined : workspace.directory.people.get(actor);
  return person === undefined ? does : `${person.realName} (${actor}): ${does}`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '   │ ');
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
