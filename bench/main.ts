/**
 * `npm run bench [-- exchange limiter slack desk …] [--quick] [--write]`: every benchmark, or those named. Prints
 * medians and spreads side by side, and which goals are met; `--write` puts the same text into docs/benchmarks.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, release } from 'node:os';
import { parseArgs } from 'node:util';
import { exchangeBench } from './exchange/exchange-bench.ts';
import { limiterBench } from './limiter/limiter-bench.ts';
import { crowdBench } from './scale/crowd-bench.ts';
import { lifeBench } from './scale/life-bench.ts';
import { sizeBench } from './scale/size-bench.ts';
import { slackBench } from './slack/slack-bench.ts';
import { canPin } from './support/child.ts';
import type { BenchOptions } from './support/options.ts';
import { renderSection, type Section } from './support/report.ts';
import { votesBench } from './votes/votes-bench.ts';

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<Section>>> = {
  exchange: exchangeBench,
  limiter: limiterBench,
  slack: slackBench,
  crowd: crowdBench,
  size: sizeBench,
  votes: votesBench,
  life: lifeBench,
};

const DOCUMENT = new URL('../docs/benchmarks.md', import.meta.url);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(64);
}

const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals;
const tally = { met: 0, missed: 0 };
for (const name of names) {
  const startedAtMs = performance.now();
  console.error(`${name}…`);
  const section = await BENCHES[name]?.({ quick: values.quick, say: (line) => console.error(line) });
  if (section === undefined) continue;
  const text = `${renderSection(section)}\n${footer(name, performance.now() - startedAtMs)}\n`;
  console.log(text);
  for (const { met } of section.goals) tally[met ? 'met' : 'missed'] += 1;
  if (values.write) put(name, text);
}
console.log(`Goals met: ${tally.met}, missed: ${tally.missed}.`);

function footer(name: string, tookMs: number): string {
  const command = `npm run bench -- ${name}${values.quick ? ' --quick' : ''}`;
  const [cpu] = cpus();
  const machine = `${availableParallelism()} cores (${cpu?.model.trim() ?? 'unknown'}), ${platform()} ${release()}`;
  const pinning = canPin ? 'processes pinned with taskset' : 'no pinning';
  return `*\`${command}\`, ${new Date().toISOString().slice(0, 10)}, ${Math.round(tookMs / 1000)} s; ${machine}, Node ${process.versions.node}, ${pinning}.*`;
}

/** Replaces the part of the document that stands between this benchmark's marks, or adds it at the end. */
function put(name: string, text: string): void {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const part = `${begin}\n${text}${end}`;
  const before = readFileSync(DOCUMENT, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  const after =
    from >= 0 && to > from
      ? before.slice(0, from) + part + before.slice(to + end.length)
      : `${before.trimEnd()}\n\n${part}\n`;
  writeFileSync(DOCUMENT, after);
}
