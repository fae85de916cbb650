/** Before the run: a folder for what each test file heard. After it: the sum, and whether anything was heard at all. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { z } from 'zod';
import type { Source } from './heard.ts';

declare module 'vitest' {
  interface ProvidedContext {
    leakSearchFolder: string;
  }
}

const record = z.object({
  file: z.string(),
  counts: z.object({ 'log line': z.number(), message: z.number(), error: z.number() }).optional(),
});

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-heard-'));
  project.provide('leakSearchFolder', folder);
  return async () => {
    const files = await readdir(folder);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    await rm(folder, { recursive: true });
    const records = texts.map((text) => record.parse(JSON.parse(text)));
    const sum = (source: Source) => records.reduce((total, { counts }) => total + (counts?.[source] ?? 0), 0);
    const [lines, messages, errors] = [sum('log line'), sum('message'), sum('error')];
    console.log(
      `Searched for keys, secrets and signatures: ${lines} log lines, ${messages} messages and ${errors} errors of ${records.length} test files.`,
    );
    const { testFiles } = await project.globTestFiles();
    const heardOf = new Set(records.map(({ file }) => file));
    const isWhole =
      testFiles.every((file) => heardOf.has(file)) && project.config.testNamePattern === undefined;
    if (isWhole && Math.min(lines, messages, errors) === 0) {
      throw new Error(
        'Nothing was heard of one kind in a whole run: test/support/leaks does not listen any more.',
      );
    }
  };
}
