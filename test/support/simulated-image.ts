/**
 * The image without a Docker engine: each stage of the Dockerfile in a folder of its own, with what .dockerignore lets
 * in, by the Dockerfile's own commands; `npm ci` is stood in for by the packages that are here.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { assignments, execForm, type Instruction, readDockerfile } from '../../scripts/dockerfile.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

export interface SimulatedImage {
  /** What is /app in the image; nothing in it is writable. */
  readonly folder: string;
  /** Starts a command of the image with the image's variables and these. */
  start(command: readonly string[], settings: Readonly<Record<string, string>>): ChildProcess;
  /** The same, to its end. */
  run(command: readonly string[], settings?: Readonly<Record<string, string>>): Promise<Finished>;
  remove(): Promise<void>;
}

export interface Finished {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** `docker build`. */
export async function simulateImage(): Promise<SimulatedImage> {
  const place = await mkdtemp(join(tmpdir(), 'loandesk-image-'));
  try {
    return await build(place);
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    throw error;
  }
}

async function build(place: string): Promise<SimulatedImage> {
  const stages = new Map<string, string>();
  let folder = place;
  let variables: Record<string, string> = {};
  const environment = () => ({
    ...Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, value.replace('/app', folder)]),
    ),
    // `node` is the one that runs this.
    PATH: dirname(process.execPath) + delimiter + process.env.PATH,
  });
  for (const instruction of readDockerfile()) {
    const { word, rest } = instruction;
    if (word === 'FROM') {
      folder = await mkdtemp(join(place, 'stage-'));
      stages.set(rest.split(' AS ')[1] ?? '', folder);
      variables = {};
    }
    if (word === 'ENV') Object.assign(variables, assignments(instruction));
    if (word === 'COPY') await copy(rest, folder, stages);
    if (word === 'RUN') await runIn(folder, instruction, environment());
  }
  await makeReadOnly(folder);
  const start: SimulatedImage['start'] = (command, settings) => {
    const [, ...args] = command;
    return spawn(process.execPath, args, {
      cwd: folder,
      env: { ...environment(), ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };
  return {
    folder,
    start,
    run: (command, settings = {}) => finished(start(command, settings)),
    async remove() {
      await makeWritable(folder);
      await rm(place, { recursive: true, force: true });
    },
  };
}

async function copy(rest: string, folder: string, stages: ReadonlyMap<string, string>): Promise<void> {
  const [, stage, paths = rest] = /^--from=(\S+) +(.*)$/.exec(rest) ?? [];
  const words = paths.split(/\s+/);
  const to = join(folder, words.at(-1) ?? '');
  const from = stage === undefined ? ROOT : (stages.get(stage) ?? '');
  const letIn = stage === undefined ? await letInByDockerignore() : null;
  for (const word of words.slice(0, -1)) {
    if (letIn?.has(word.replace(/^\.\//, '')) === false) throw new Error(`.dockerignore keeps ${word} out`);
    const source = join(from, word.replace(/^\/app\//, ''));
    // Docker copies a file into a folder under its own name, and of a folder what is in it.
    const target = (await stat(source)).isFile() ? join(to, basename(source)) : to;
    await cp(source, target, { recursive: true });
  }
}

/** What it names after keeping everything out. Throws where it is written otherwise. */
async function letInByDockerignore(): Promise<ReadonlySet<string>> {
  const lines = (await readFile(join(ROOT, '.dockerignore'), 'utf8')).split('\n');
  const [first, ...others] = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (first !== '*' || !others.every((line) => line.startsWith('!')))
    throw new Error('.dockerignore does not keep everything out but what it names');
  return new Set(others.map((line) => line.slice(1)));
}

async function runIn(folder: string, instruction: Instruction, env: NodeJS.ProcessEnv): Promise<void> {
  const { rest } = instruction;
  if (rest.startsWith('npm ci')) return symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const [program = '', ...args] = rest.startsWith('["')
    ? execForm(instruction).map((word) => word.replaceAll('/app/', `${folder}/`))
    : ['sh', '-c', rest.replaceAll('1000:1000', `${process.getuid?.()}`)];
  await run(program, args, { cwd: folder, env });
}

/** Waits for its end, with all that it printed. */
export async function finished(child: ChildProcess): Promise<Finished> {
  const printed = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => (printed.out += chunk));
  child.stderr?.on('data', (chunk) => (printed.err += chunk));
  await once(child, 'close');
  return { status: child.exitCode, ...printed };
}

async function makeReadOnly(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink())
      await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o555 : 0o444);
  }
  await chmod(folder, 0o555);
}

/** So that whoever ran the suite may remove it again. */
async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
}
