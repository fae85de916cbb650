/**
 * The bot as a few files of plain JavaScript with its libraries in them: what the image runs. Smaller and quicker to
 * start than sources and `node_modules` (docs/benchmarks.md has the figures); a clone needs none of it.
 */
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputChunk, type PreRenderedChunk, type RolldownLog, rolldown } from 'rolldown';
import { licencesText, packagesOf } from './bundled-licences.ts';
import type { LicensedPackage } from './production-licences.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const LUA = join(ROOT, 'src/redis/lua');
export const LICENCES_FILE = 'THIRD-PARTY-LICENSES.txt';

/** ws looks for these two and does without. */
const OPTIONAL_OF_WS: ReadonlySet<string> = new Set(['bufferutil', 'utf-8-validate']);

/** The programs of the image, and where each begins. */
const PROGRAMS = { main: 'src/main.ts', audit: 'src/audit.ts', doctor: 'src/doctor.ts' } as const;

export interface Bundle {
  /** Every package of which something is in the files. */
  readonly packages: readonly LicensedPackage[];
  /** Every source file of ours and theirs of which something is in the files, absolute. */
  readonly sources: readonly string[];
}

/**
 * Writes `<name>.js` for each program, the files they share, source maps (read only under `--enable-source-maps`),
 * the Lua scripts and the licences into this folder, which is emptied first. The folder above it must hold
 * package.json when they run: the version is read from there, and that the files are ES modules.
 * Throws at any warning of the bundler that is not explained here.
 */
export async function buildBundle(into: string): Promise<Bundle> {
  await rm(into, { recursive: true, force: true });
  const warnings: string[] = [];
  const build = await rolldown({
    cwd: ROOT,
    input: { ...PROGRAMS },
    platform: 'node',
    // As npm lays the packages out, wherever that folder itself may lie.
    resolve: { symlinks: false },
    // Nothing is rewritten for an older language than the one it is written in.
    tsconfig: false,
    external: (id) => OPTIONAL_OF_WS.has(id),
    // CommonJS has these, ES modules do not: what a library would look for beside itself is looked for here.
    transform: { define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' } },
    onLog(level, log) {
      if (level === 'warn' && !isExplained(log)) warnings.push(log.message);
    },
  });
  const { output } = await build.write({
    dir: into,
    format: 'esm',
    chunkFileNames: nameOf,
    sourcemap: true,
    sourcemapExcludeSources: true,
    // Names stay, so that a stack trace and an error's class say what they say in a clone; nothing is rewritten.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    keepNames: true,
    // One character outside Latin-1 and V8 keeps the whole file in memory at two bytes a character.
    charset: 'ascii',
    // The licences that comments state are in a file of their own.
    comments: { legal: false, annotation: false, jsdoc: false },
  });
  await build.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  const wide = chunks.filter(({ code }) => /[^\p{ASCII}]/u.test(code)).map(({ fileName }) => fileName);
  if (wide.length > 0) warnings.push(`not ASCII alone: ${wide.join(', ')}`);
  if (warnings.length > 0)
    throw new Error(`the bundle was not made as it should be:\n${warnings.join('\n')}`);
  const sources = sourcesOf(chunks);
  const packages = packagesOf(sources, ROOT);
  await writeFile(join(into, LICENCES_FILE), await licencesText(packages, sources, ROOT));
  await copyScripts(into);
  return { packages, sources };
}

/** What programs share is `vendor` where most of it is libraries; otherwise it is named after a module in it. */
function nameOf({ isDynamicEntry, moduleIds }: PreRenderedChunk): string {
  const ours = moduleIds.filter((id) => !isOfPackage(id));
  return !isDynamicEntry && ours.length < moduleIds.length / 2 ? 'vendor.js' : '[name].js';
}

function isOfPackage(id: string | undefined): boolean {
  return /[\\/]node_modules[\\/]/.test(id ?? '');
}

/** Bottleneck's own connection to Redis, which the bot does not use, is loaded by eval. */
function isExplained({ code, id }: RolldownLog): boolean {
  return code === 'EVAL' && /[\\/]node_modules[\\/]bottleneck[\\/]/.test(id ?? '');
}

function sourcesOf(chunks: readonly OutputChunk[]): string[] {
  return [...new Set(chunks.flatMap(({ moduleIds }) => moduleIds))]
    .filter((id) => !id.startsWith('\0'))
    .sort();
}

async function copyScripts(into: string): Promise<void> {
  await cp(LUA, join(into, 'lua'), { recursive: true });
}
