/** Starts the world, says what runs where, plays the tour, and stays up until it is stopped. */
import { pino } from 'pino';
import { createLogger } from '../logger.ts';
import { forgetSandbox, rememberSandbox } from './second-terminal.ts';
import { type TourStep, tourOf } from './tour.ts';
import { SEED_IDS } from './workspace/seed.ts';
import { startWorld, type World } from './world.ts';

const bold = (text: string) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text);
const dim = (text: string) => (process.stdout.isTTY ? `\u001b[2m${text}\u001b[0m` : text);

/** Answers the exit status: 0 if every step was as expected. */
export async function playSandbox(options: { once: boolean; log: boolean }): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const redisUrl = process.env.REDIS_URL;
  const world = await startWorld({
    ...(redisUrl ? { redisUrl } : {}),
    log: createLogger(options.log ? 'info' : 'silent', pino.destination(2)),
  });
  try {
    await rememberSandbox(world.workspace.url);
    describeWorld(world);
    const failed = await Promise.race([playTour(world), stopped.then(() => null)]);
    if (failed === null) return 0;
    console.log(
      failed === 0
        ? bold('\nEvery step was as expected.')
        : bold(`\n${failed} step(s) were NOT as expected.`),
    );
    if (!options.once) {
      describeByHand(world);
      await stopped;
    }
    return failed === 0 ? 0 : 1;
  } finally {
    await forgetSandbox();
    await world.close();
  }
}

function describeWorld({ redis, exchange, workspace, bots }: World): void {
  const bot = bots[0];
  console.log(bold('Loandesk sandbox: everything runs on this machine, nothing leaves it.'));
  console.log(
    `  Redis     ${redis.url} (${redis.kind === 'embedded' ? 'embedded, keeps nothing' : 'yours, from REDIS_URL'})`,
  );
  console.log(`  Exchange  ${exchange.url} (stand-in for Binance: keys, signatures, weights, faults)`);
  console.log(`  Slack     ${workspace.url} (stand-in for a workspace: people, channels, limits)`);
  console.log(
    `  Bot       http://127.0.0.1:${bot?.port} (the real app: POST /slack/events, GET /livez /readyz)`,
  );
}

function describeByHand({ workspace }: World): void {
  const people = [SEED_IDS.rina, SEED_IDS.ada, SEED_IDS.ben, SEED_IDS.chen, SEED_IDS.vera, SEED_IDS.gus].map(
    (id) => {
      const person = workspace.directory.people.get(id);
      return `  ${id}  ${person?.realName ?? ''}`;
    },
  );
  console.log('\nIt stays up. From a second terminal, type commands as one of these people:');
  console.log(people.join('\n'));
  console.log(bold(`\n  npm run sandbox -- --as ${SEED_IDS.rina} "/ltv 1"`));
  console.log('\nCtrl-C ends it and leaves nothing behind.');
}

/** Answers how many steps failed; later steps are not played after a failure, since they build on it. */
async function playTour(world: World): Promise<number> {
  const steps = tourOf(world);
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
