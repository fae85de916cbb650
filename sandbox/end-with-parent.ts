/**
 * Loaded into a bot process before `main.ts`: its standard input is a pipe that its parent holds open. When the pipe
 * ends, the parent is gone, however it ended, and the bot ends too. A line in it says how much time is skipped by now,
 * in milliseconds; so does the URL that loads this file.
 */
import { setSkipped } from './skip-time.ts';

setSkipped(Number(new URL(import.meta.url).searchParams.get('skippedMs') ?? 0));
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => setSkipped(Number(String(text).trim().split('\n').at(-1))));
process.stdin.on('error', () => {});
process.stdin.once('close', () => process.kill(process.pid, 'SIGKILL'));
process.stdin.unref();
