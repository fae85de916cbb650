/** What the documents for operators name exists: metrics in alerts and dashboard, settings in the README. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
/** `test/metrics.test.ts` holds this table against what is served. */
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
