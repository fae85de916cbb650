/** The bot's programs, to be started as processes of their own, and what they get of this process's environment. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Names a folder with a bundle of the programs, which starts sooner. Without it they run from the sources. */
export const PROGRAMS_FOLDER = 'LOANDESK_PROGRAMS';
/** A program gets its settings and these, nothing else of our environment. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'SystemRoot', 'NODE_COMPILE_CACHE'];

/** The path of its first file, for Node. */
export function programPath(name: 'main' | 'audit' | 'doctor'): string {
  const folder = process.env[PROGRAMS_FOLDER];
  return folder === undefined
    ? fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url))
    : join(folder, `${name}.js`);
}

export function passedOn(): Record<string, string> {
  const { env } = process;
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
}
