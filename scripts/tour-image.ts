/**
 * `node scripts/tour-image.ts IMAGE`: the sandbox's tour against the bot in a container. People, Slack and the exchange
 * are stand-ins on this machine, on the Redis that REDIS_URL names or else an embedded one; the bot is the image, under
 * the same restrictions as in compose.yaml. Needs Docker on Linux: the container shares the network of this machine.
 */
import { spawn } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { startWorld } from '../sandbox/world.ts';
import { playTour, startImageBot } from '../test/support/image-bot.ts';

const ACCOUNTS = '/run/secrets/binance_accounts';
const READY_WITHIN_MS = 60_000;

const [image] = process.argv.slice(2);
if (image === undefined) {
  console.error('Usage: node scripts/tour-image.ts IMAGE');
  process.exit(64);
}
const { REDIS_URL } = process.env;
const world = await startWorld({
  ...(REDIS_URL ? { redisUrl: REDIS_URL } : {}),
  replicas: 0,
  workspace: { transport: 'http' },
});
try {
  // The stand-in's keys: the image's user 1000 has to read them, whoever runs this.
  await chmod(world.accountsFile, 0o644);
  const bot = await startImageBot(
    world,
    (given) => {
      const settings = { ...given, BINANCE_ACCOUNTS_FILE: ACCOUNTS };
      const args = [
        ...['run', '--rm', '--network', 'host', '--read-only', '--cap-drop', 'ALL'],
        ...['--security-opt', 'no-new-privileges:true'],
        ...['--tmpfs', '/tmp:size=16m,mode=1777,noexec,nosuid,nodev'],
        ...['--volume', `${world.accountsFile}:${ACCOUNTS}:ro`],
        ...Object.keys(settings).flatMap((name) => ['--env', name]),
        image,
      ];
      return spawn('docker', args, {
        env: { ...process.env, ...settings },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    },
    READY_WITHIN_MS,
  );
  try {
    await playTour(world, (title) => console.log(`ok  ${title}`));
  } finally {
    const { status, out, err } = await bot.stop();
    if (status !== 0) {
      console.error(`The bot ended with ${status}:\n${out}${err}`);
      process.exitCode = 1;
    }
  }
} finally {
  await world.close();
}
