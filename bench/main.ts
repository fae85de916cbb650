/**
 * `npm run bench [-- exchange slack limiter vote life watch] [--quick] [--write]`: every benchmark, or those named. Prints
 * medians and spreads side by side, and which goals are met; `--write` puts the same text into docs/benchmarks.md.
 * Needs redis-server on the PATH, and Linux. Exit status 1 when a goal was missed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, release } from 'node:os';
import { parseArgs } from 'node:util';
import { exchangeBench } from './exchange/exchange-bench.ts';
import { lifeBench } from './life/life-bench.ts';
import { limiterBench } from './limiter/limiter-bench.ts';
import { slackBench } from './slack/slack-bench.ts';
import { canPin, leaveCore0 } from './support/child.ts';
import { type BenchOptions, renderSection, type Section } from './support/report.ts';
import { voteBench } from './vote/vote-bench.ts';
import { watchBench } from './watch/watch-bench.ts';

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<Section>>> = {
  exchange: exchangeBench,
  slack: slackBench,
  limiter: limiterBench,
  vote: voteBench,
  life: lifeBench,
  watch: watchBench,
};

const DOCUMENT = new URL('../docs/benchmarks.md', import.meta.url);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
});
const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals;
const unknown = names.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  console.error(`No such benchmark: ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(64);
}

const cores = availableParallelism();
leaveCore0();
const tally = { met: 0, missed: 0 };
for (const name of names) {
  console.error(`${name}…`);
  const startedAtMs = performance.now();
  const section = await BENCHES[name]?.({ quick: values.quick });
  if (section === undefined) continue;
  const text = `${renderSection(section)}\n${footer(name, performance.now() - startedAtMs)}\n`;
  console.log(text);
  for (const { met } of section.goals) tally[met ? 'met' : 'missed'] += 1;
  if (values.write) put(section.title, text);
}
console.log(`Goals met: ${tally.met}, missed: ${tally.missed}.`);
process.exitCode = tally.missed === 0 ? 0 : 1;

function footer(name: string, tookMs: number): string {
  const command = `npm run bench -- ${name}${values.quick ? ' --quick' : ''}`;
  const machine = `${cores} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${platform()} ${release()}`;
  const pinning = canPin ? 'pinned with taskset' : 'not pinned';
  return `- *\`${command}\`, ${new Date().toISOString().slice(0, 10)}, ${Math.round(tookMs / 1000)} s; ${machine}, Node ${process.versions.node}, ${pinning}.*`;
}

/** Replaces the part of the document under this heading, or adds it at the end. */
function put(title: string, text: string): void {
  const before = readFileSync(DOCUMENT, 'utf8');
  const from = before.indexOf(`## ${title}\n`);
  const next = before.indexOf('\n## ', from);
  const after =
    from < 0
      ? `${before.trimEnd()}\n\n${text}`
      : before.slice(0, from) + text + (next < 0 ? '' : before.slice(next));
  writeFileSync(DOCUMENT, after);
}
