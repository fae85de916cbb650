/** axe-core on an open page: every rule it has, and what each violation is about. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/**
 * One line a faulty element; none if there is nothing to complain about. `seen`: a part of the page that was looked at
 * and is as it was.
 */
export async function axeFaults(page: Page, seen?: string): Promise<string[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(await readFile(AXE, 'utf8'));
  const context = seen === undefined ? 'document' : JSON.stringify({ exclude: [[seen]] });
  // What it found in order is not described: a page has thousands of elements.
  const violations = await page.evaluate<AxeResults['violations']>(
    `axe.run(${context}, { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
  );
}
