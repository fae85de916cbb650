/** What a benchmark found, and how it is written down: the same text on the terminal and in docs/benchmarks.md. */

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Goal {
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
}

export interface Section {
  readonly title: string;
  /** How it was measured, in a sentence or two. */
  readonly method: string;
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
  /** What the figures do not say by themselves. */
  readonly notes: readonly string[];
}

export function renderSection(section: Section): string {
  return [
    `## ${section.title}`,
    '',
    section.method,
    ...section.tables.flatMap((table) => ['', ...renderTable(table)]),
    ...(section.goals.length === 0 ? [] : ['', ...renderGoals(section.goals)]),
    ...(section.notes.length === 0 ? [] : ['', ...section.notes.map((note) => `- ${note}`)]),
    '',
  ].join('\n');
}

function renderTable({ title, columns, rows }: Table): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [`**${title}**`, '', line(columns), line(columns.map(() => '---')), ...rows.map(line)];
}

function renderGoals(goals: readonly Goal[]): string[] {
  return renderTable({
    title: `Goals: ${goals.filter(({ met }) => met).length} met, ${goals.filter(({ met }) => !met).length} missed`,
    columns: ['goal', 'measured', ''],
    rows: goals.map(({ goal, measured, met }) => [goal, measured, met ? 'met' : '**missed**']),
  });
}

/** A goal of the form "at most so much". */
export function atMost(goal: string, limit: number, value: number, digits = 2): Goal {
  return { goal, measured: value.toFixed(digits), met: value <= limit };
}

export function atLeast(goal: string, limit: number, value: number, digits = 2): Goal {
  return { goal, measured: value.toFixed(digits), met: value >= limit };
}
