/** What the image holds, in a temporary folder: a bundle, code compiled beforehand, and the variables it starts with. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { copyFile, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BundleOptions, buildBundle } from '../../scripts/bundle.ts';
import { imageCommand, imageEnvironment } from '../../scripts/dockerfile.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/**
 * Builds programs as the image's are built, with `node_modules` in reach only if packages stay outside. Resolves with
 * the folder of which `dist/` is a part; it is gone when this process ends.
 */
export async function bundled(options: BundleOptions = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-bundle-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await copyFile(join(ROOT, 'package.json'), join(folder, 'package.json'));
  if (options.outside !== undefined) await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await buildBundle(join(folder, 'dist'), options);
  return folder;
}

export interface Image {
  /** What node is given to start the bot. */
  readonly bot: readonly string[];
  /** And bare Bolt: its package as npm installs it, its few own lines without types to strip. */
  readonly bolt: readonly string[];
  /** For every program that is compared: how memory is given back, and a warm compile cache. */
  readonly environment: Readonly<Record<string, string>>;
}

let image: Promise<Image> | null = null;

/** Built at the first call. */
export function builtImage(): Promise<Image> {
  image ??= build();
  return image;
}

async function build(): Promise<Image> {
  const folder = await bundled();
  const bolt = await bundled({ programs: { bolt: 'bench/slack/bolt-process.ts' }, outside: ['@slack/bolt'] });
  const { HOST, PORT, ...variables } = imageEnvironment();
  const environment = { ...variables, NODE_COMPILE_CACHE: join(folder, '.compile-cache') };
  // As the Dockerfile does for the bot.
  for (const [module, cwd] of [
    [join(folder, 'dist/app.js'), folder],
    ['@slack/bolt', bolt],
  ] as const) {
    const program = `import(${JSON.stringify(module)}).then(() => require('node:module').flushCompileCache())`;
    await run(process.execPath, ['-e', program], { cwd, env: environment });
  }
  const [, ...bot] = imageCommand('CMD').map((word) => word.replace(/^dist\//, join(folder, 'dist/')));
  return { bot, bolt: [join(bolt, 'dist/bolt.js')], environment };
}
