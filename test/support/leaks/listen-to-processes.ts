/**
 * What processes print that tests start: bots, command-line tools. Their settings say which secrets they were given.
 * All that do not wait (`spawn`, `exec`, `fork`, …) go through one method of `ChildProcess`.
 */
import childProcess, { ChildProcess } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Heard } from './heard.ts';
import { registerSettings } from './known-secrets.ts';

/** What `ChildProcess.prototype.spawn` is given; undocumented, but all of them go through it. */
interface SpawnOptions {
  readonly file: string;
  readonly envPairs?: readonly string[];
  stdio?: unknown;
}

interface Spawning {
  spawn(this: ChildProcess, options: SpawnOptions): unknown;
}

const NODE = basename(process.execPath);

export function listenToProcesses(heard: Heard): void {
  const prototype = ChildProcess.prototype as unknown as Spawning;
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    registerSettings(Object.fromEntries((options.envPairs ?? []).map(nameAndValue)));
    // What Node runs may be ours, from here or from a copy: it is heard whatever becomes of its output.
    const places = basename(options.file) === NODE ? placesOf(options.stdio) : [];
    if (places.length > 0) options.stdio = [places[0], ...places.slice(1).map((place) => piped(place))];
    const answer = spawn.call(this, options);
    for (const [stream, place, own] of [
      [this.stdout, places[1], process.stdout],
      [this.stderr, places[2], process.stderr],
    ] as const) {
      if (stream === null) continue;
      listenTo(stream, heard);
      if (place === 'inherit') stream.pipe(own, { end: false });
      if (place === 'ignore') stream.resume();
    }
    return answer;
  };
  childProcess.spawnSync = heardSync(childProcess.spawnSync, heard);
  childProcess.execFileSync = heardSync(childProcess.execFileSync, heard);
  childProcess.execSync = heardSync(childProcess.execSync, heard);
  syncBuiltinESMExports();
}

/** The same function; what the process printed is in its answer or in what it throws. */
function heardSync<Run extends (...words: never[]) => unknown>(run: Run, heard: Heard): Run {
  return new Proxy(run, {
    apply(target, self, words) {
      for (const word of words) if (isWithEnvironment(word)) registerSettings(word.env);
      try {
        const answer: unknown = Reflect.apply(target, self, words);
        addPrinted(heard, answer);
        return answer;
      } catch (error) {
        addPrinted(heard, error);
        throw error;
      }
    },
  });
}

function addPrinted(heard: Heard, answer: unknown): void {
  if (typeof answer === 'string' || Buffer.isBuffer(answer)) addLines(heard, String(answer).split('\n'));
  else if (typeof answer === 'object' && answer !== null) {
    if ('stdout' in answer) addPrinted(heard, answer.stdout);
    if ('stderr' in answer) addPrinted(heard, answer.stderr);
  }
}

/** Sees what arrives without reading it away from whoever reads the stream. */
function listenTo(stream: Readable, heard: Heard): void {
  const decoder = new StringDecoder();
  const push = stream.push.bind(stream);
  let rest = '';
  stream.push = (chunk: unknown, ...more) => {
    rest += Buffer.isBuffer(chunk) ? decoder.write(chunk) : (chunk ?? '');
    const lines = rest.split('\n');
    rest = chunk === null ? '' : (lines.pop() ?? '');
    addLines(heard, lines);
    return push(chunk, ...more);
  };
}

function addLines(heard: Heard, lines: readonly string[]): void {
  for (const line of lines) if (line !== '') heard.add('log line', line);
}

/** stdin, stdout, stderr as they were asked for. */
function placesOf(stdio: unknown): unknown[] {
  return Array.isArray(stdio) ? [...stdio] : [stdio ?? 'pipe', stdio ?? 'pipe', stdio ?? 'pipe'];
}

function piped(place: unknown): unknown {
  return place === 'ignore' || place === 'inherit' ? 'pipe' : place;
}

function nameAndValue(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function isWithEnvironment(word: unknown): word is { readonly env: Record<string, string> } {
  return typeof word === 'object' && word !== null && 'env' in word && typeof word.env === 'object';
}
