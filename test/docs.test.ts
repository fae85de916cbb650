/** What the documents name exists: links, paths and npm scripts in the pages, metrics in alerts and dashboard. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
/** `test/ops/metrics.test.ts` holds this table against what is served. */
const documented = new Set(
  [...read('docs/operations.md').matchAll(/^\| `(loandesk_[a-z_]+)`/gm)].map((match) => match[1]),
);

function unknownIn(expression: string): string[] {
  return [...expression.matchAll(/loandesk_[a-z0-9_]+/g)]
    .map(([name]) => name)
    .filter((name) => !/^loandesk_(?:process|nodejs)_/.test(name))
    .filter((name) => !documented.has(name) && !documented.has(name.replace(/_(?:count|sum|bucket)$/, '')));
}

it('the alerts name metrics that exist, and say what is the matter', () => {
  const { groups } = parse(read('docs/alerts.yml'));
  const rules = groups.flatMap((group: { rules: object[] }) => group.rules);
  expect(rules.length).toBeGreaterThan(5);
  for (const rule of rules) {
    expect(unknownIn(rule.expr)).toEqual([]);
    expect(rule).toMatchObject({
      alert: expect.stringMatching(/^Loandesk/),
      labels: { severity: expect.stringMatching(/^(?:page|ticket)$/) },
      annotations: { summary: expect.any(String) },
    });
  }
});

it('the dashboard names metrics that exist, in panels that do not overlap', () => {
  const { panels } = JSON.parse(read('docs/grafana-dashboard.json'));
  const places = panels.map(({ gridPos: { x, y } }: { gridPos: { x: number; y: number } }) => `${x},${y}`);
  expect(new Set(places).size).toBe(panels.length);
  for (const panel of panels) {
    for (const { expr } of panel.targets) expect(unknownIn(expr)).toEqual([]);
  }
});

/** CHANGELOG.md tells of what was; docs/commands.md is what the bot says. */
const pages = globSync(['*.md', 'docs/*.md'], { cwd: new URL('..', import.meta.url) }).filter(
  (page) => !['CHANGELOG.md', 'docs/commands.md'].includes(page),
);

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('links to files and headings that exist', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    );
    const broken = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const { pathname, hash } = new URL(link, `file:///${page}`);
      const path = pathname.slice(1);
      if (!existsSync(new URL(`../${path}`, import.meta.url))) return true;
      return hash !== '' && !anchorsOf(read(path)).includes(hash.slice(1));
    });
    expect(broken).toEqual([]);
  });

  it('names paths and npm scripts that exist', () => {
    const paths = [...text.matchAll(/`((?:src|test|sandbox|bench|scripts|docs|deploy)\/[\w./-]*)`/g)];
    const missing = paths.filter(([, path]) => !existsSync(new URL(`../${path}`, import.meta.url)));
    expect(missing.map(([, path]) => path)).toEqual([]);
    const { scripts } = JSON.parse(read('package.json'));
    const called = [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] ?? '');
    expect(called.filter((script) => !(script in scripts))).toEqual([]);
  });
});

it('the README fits on a few screens and has the two commands', () => {
  const lines = read('README.md').split('\n');
  expect(lines.length).toBeLessThanOrEqual(150);
  expect(lines).toEqual(expect.arrayContaining(['npm ci && npm run sandbox', 'npm ci && npm test']));
});
