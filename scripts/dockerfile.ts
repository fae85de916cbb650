/** The Dockerfile as far as others hold to it: the tests simulate it, the benchmarks start the bot as it does. */
import { readFileSync } from 'node:fs';

const INSTRUCTION = /^([A-Z]+) +(.*)$/;
const ASSIGNMENT = /(\w+)=(\S+)/g;

export interface Instruction {
  readonly word: string;
  /** What follows the word, on one line. */
  readonly rest: string;
}

/** Its instructions in order, stage after stage, without comments. */
export function readDockerfile(): readonly Instruction[] {
  return readFileSync(new URL('../Dockerfile', import.meta.url), 'utf8')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .flatMap((line) => {
      const [, word, rest] = INSTRUCTION.exec(line) ?? [];
      return word === undefined || rest === undefined ? [] : [{ word, rest }];
    });
}

/** What an ENV or ARG sets. */
export function assignments({ rest }: Instruction): Record<string, string> {
  return Object.fromEntries([...rest.matchAll(ASSIGNMENT)].map(([, name, value]) => [name, value]));
}

/** The variables that the image sets. */
export function imageEnvironment(): Record<string, string> {
  const all = readDockerfile().filter(({ word }) => word === 'ENV');
  return Object.assign({}, ...all.map(assignments));
}

/** The words of an instruction in exec form, `["node", …]`, wherever on its line they begin. Throws if there are none. */
export function execForm({ word, rest }: Instruction): string[] {
  const words: unknown = JSON.parse(rest.slice(rest.indexOf('["')));
  if (!Array.isArray(words) || !words.every((each) => typeof each === 'string'))
    throw new Error(`${word} is not in exec form`);
  return words;
}

/** The one command of this kind that the image has. */
export function imageCommand(word: 'CMD' | 'HEALTHCHECK'): string[] {
  const [command, ...more] = readDockerfile().filter((each) => each.word === word);
  if (command === undefined || more.length > 0) throw new Error(`the Dockerfile has not one ${word}`);
  return execForm(command);
}
