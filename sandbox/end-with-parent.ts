/**
 * Loaded into a bot process before `main.ts`: its standard input is a pipe that the process that started it holds
 * open, so its end says that that process is gone, however it ended. Then nobody wants this bot any more.
 */
process.stdin.on('error', () => {});
process.stdin.once('close', () => process.kill(process.pid, 'SIGKILL'));
process.stdin.resume();
process.stdin.unref();
