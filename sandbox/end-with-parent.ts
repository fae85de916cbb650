/**
 * Loaded into a bot process before `main.ts`: its standard input is a pipe that its parent holds open. When the pipe
 * ends, the parent is gone, however it ended, and the bot ends too.
 */
process.stdin.on('error', () => {});
process.stdin.once('close', () => process.kill(process.pid, 'SIGKILL'));
process.stdin.resume();
process.stdin.unref();
