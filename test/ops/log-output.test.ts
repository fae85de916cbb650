/** Every log line gets out, also when whoever reads the log is slow, and nobody who logs waits for that. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { LogOutput } from '../../src/ops/log-output.ts';
import { createProcessLogger } from '../../src/ops/logger.ts';

const LOGGER = fileURLToPath(new URL('../../src/ops/logger.ts', import.meta.url));
const OUTPUT = fileURLToPath(new URL('../../src/ops/log-output.ts', import.meta.url));

/** Runs a program that has `log`; it goes on until its standard input is closed. */
function start(program: string) {
  const source = `
    import { LogOutput } from ${JSON.stringify(OUTPUT)};
    import { createProcessLogger } from ${JSON.stringify(LOGGER)};
    const log = createProcessLogger('info', new LogOutput());
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
  const all: string[] = [];
  return new Promise((resolve) => {
    stream.on('data', (chunk) => {
      // Only in the newest, or a long text is searched over and over.
      if ((all.at(-1) + String(chunk)).includes(text)) resolve(all.join('') + String(chunk));
      all.push(String(chunk));
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

type Answer = number | NodeJS.ErrnoException['code'];

/** An output whose writes end as told, one after the other; the last answer goes on. */
function outputThat(...answers: readonly Answer[]) {
  const written: string[] = [];
  const left = [...answers];
  const output = new LogOutput({
    tryAgainAfterMs: 1,
    write: (bytes, done) => {
      const answer = left.length > 1 ? left.shift() : left[0];
      if (typeof answer === 'string') {
        done(Object.assign(new Error(answer), { code: answer }), 0);
        return;
      }
      const some = Math.min(answer ?? 0, bytes.length);
      written.push(bytes.subarray(0, some).toString());
      done(null, some);
    },
  });
  const log = createProcessLogger('info', output);
  const messages = () =>
    written
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).msg);
  return { output, log, messages };
}

const ALL = Number.MAX_SAFE_INTEGER;

it('drops lines beyond 32 MiB of unread output, and logs how many once it is read again', async () => {
  const held: (() => void)[] = [];
  const written: string[] = [];
  const output = new LogOutput({
    write: (bytes, done) => {
      held.push(() => {
        written.push(bytes.toString());
        done(null, bytes.length);
      });
    },
  });
  const log = createProcessLogger('info', output);
  const much = 'x'.repeat(1_000_000);
  for (let line = 0; line < 40; line += 1) log.info({ much }, 'too much');
  const { promise, resolve } = Promise.withResolvers<void>();
  output.flush(resolve);
  expect(output.state().lost).toBe(7);
  for (let write = held.shift(); write !== undefined; write = held.shift()) write();
  await promise;
  const lines = written.join('').trimEnd().split('\n');
  expect(lines).toHaveLength(34);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ lost: 7, msg: 'log output recovered' });
});

it.each([
  ['fault A8: a full disk', ['ENOSPC', 'ENOSPC', ALL]],
  ['fault A8, relative: a disk that fills up within a line', [40, 'ENOSPC', 7, 'EDQUOT', ALL]],
  ['fault A8, relative: a pipe without a reader for a while', ['EPIPE', ALL]],
] as const)(
  '%s costs no line that can be kept, and the log says when it is written again',
  async (_, answers) => {
    const { output, log, messages } = outputThat(...answers);
    log.info({}, 'first');
    log.info({}, 'second');
    expect(output.state()).toEqual({ lost: 0, trouble: null });
    const { promise, resolve } = Promise.withResolvers<void>();
    output.flush(resolve);
    await promise;
    expect(messages()).toEqual(['first', 'second', expect.stringMatching(/^log output recovered/)]);
    expect(output.state()).toEqual({ lost: 0, trouble: null });
  },
);

it('fault A8, relative: while nothing can be written, the state says why and how much is lost', () => {
  const { output, log } = outputThat('ENOSPC');
  log.info({}, 'first');
  output.flush(() => {});
  expect(output.state()).toEqual({ lost: 0, trouble: 'ENOSPC' });
  const much = 'x'.repeat(1_000_000);
  for (let line = 0; line < 40; line += 1) log.info({ much }, 'too much');
  expect(output.state()).toEqual({ lost: 7, trouble: 'ENOSPC' });
});

it('fault A8, relative: a pipe that is full and not to be waited for is tried again, and is no trouble', async () => {
  const { output, log, messages } = outputThat('EAGAIN', ALL);
  log.info({}, 'first');
  const { promise, resolve } = Promise.withResolvers<void>();
  output.flush(resolve);
  await promise;
  expect(messages()).toEqual(['first']);
});
