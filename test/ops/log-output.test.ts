/** Every log line gets out, also when whoever reads the log is slow, and nobody who logs waits for that. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const LOGGER = fileURLToPath(new URL('../../src/ops/logger.ts', import.meta.url));

/** Runs a program that has `log`; it goes on until its standard input is closed. */
function start(program: string) {
  const source = `
    import { createLogger } from ${JSON.stringify(LOGGER)};
    const log = createLogger('info');
    const say = (text) => process.stderr.write(text);
    process.stdin.on('end', () => process.exit(0)).resume();
    ${program}`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', source], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdout.pause();
  return child;
}

/** Resolves with all that came so far as soon as `text` is in it. */
function said(stream: NodeJS.ReadableStream, text: string): Promise<string> {
  let all = '';
  return new Promise((resolve) => {
    stream.on('data', (chunk) => {
      all += String(chunk);
      if (all.includes(text)) resolve(all);
    });
    stream.resume();
  });
}

it('a line that came while another was being written does not wait for the next one', async () => {
  // More than a pipe holds: its write goes on until somebody reads.
  const child = start(`
    log.info({ much: 'x'.repeat(300_000) }, 'much');
    setTimeout(() => log.info({}, 'last'), 100);
    setTimeout(() => say('not held up'), 300);`);
  await said(child.stderr, 'not held up');
  expect(await said(child.stdout, '"msg":"last"')).toContain('"msg":"much"');
  child.stdin.end();
  await once(child, 'exit');
});

it('the last lines are written when the process ends by itself', async () => {
  const child = start(`
    for (let line = 0; line < 1_000; line += 1) log.info({ line }, 'one of many');
    process.exit(0);`);
  const ended = once(child, 'close');
  let all = '';
  child.stdout.on('data', (chunk) => (all += chunk));
  await ended;
  expect(all.trimEnd().split('\n')).toHaveLength(1_000);
});

it('beyond 32 MiB that nobody reads, lines are lost, and the loss is told', async () => {
  const child = start(`
    const much = 'x'.repeat(1_000_000);
    for (let line = 0; line < 60; line += 1) log.info({ line, much }, 'too much');
    say('not held up');`);
  await said(child.stderr, 'not held up');
  const told = said(child.stderr, 'log lines were lost');
  child.stdout.resume();
  expect(await told).toMatch(/loandesk: \d+ log lines were lost/);
  child.stdin.end();
  await once(child, 'exit');
});
