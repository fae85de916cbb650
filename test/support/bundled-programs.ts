/**
 * The bot's programs as the image has them, for the processes that tests start: a bundle with compiled code beside it
 * starts in a third of the time of the sources. What `npm start` and the sandbox start, the sources, is started by
 * test/npm-scripts.test.ts and test/sandbox/bot-process.test.ts. A run of single files makes no bundle.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROGRAMS_FOLDER } from '../../sandbox/bot-process.ts';
import { buildBundle } from '../../scripts/bundle.ts';

/** What the Dockerfile runs: compiles, and starts nothing. */
const COMPILE = `import('./dist/app.js').then(() => require('node:module').flushCompileCache())`;

export async function setup(): Promise<() => Promise<void>> {
  if (process.argv.some((word) => word.startsWith('test/'))) return async () => {};
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-programs-'));
  // A process that is just ending may still write compiled code there.
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 10 });
  try {
    await copyFile('package.json', join(folder, 'package.json'));
    await buildBundle(join(folder, 'dist'));
    process.env[PROGRAMS_FOLDER] = join(folder, 'dist');
    process.env.NODE_COMPILE_CACHE = join(folder, '.compile-cache');
    await promisify(execFile)(process.execPath, ['-e', COMPILE], { cwd: folder });
  } catch (error) {
    await remove();
    throw error;
  }
  return remove;
}
