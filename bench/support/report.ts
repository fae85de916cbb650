/** What a benchmark found, and how it is written down: the same text on the terminal and in docs/benchmarks.md. */

const OUTCOMES = [
  ['met', true],
  ['**missed**', false],
] as const;

export interface BenchOptions {
  /** Fewer rounds and shorter runs: whether it works, not what to quote. */
  readonly quick: boolean;
}

export interface Table {
  /** Where a section has more than one. */
  readonly title?: string;
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

export function renderSection({ title, method, tables, goals, notes }: Section): string {
  return [
    `## ${title}`,
    '',
    method,
    ...tables.flatMap((table) => ['', ...renderTable(table)]),
    '',
    ...renderGoals(goals),
    ...notes.map((note) => `- ${note}`),
  ].join('\n');
}

/** The title stands over the first column. */
function renderTable({ title, columns: [first = '', ...others], rows }: Table): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const over = [title, first].filter((part) => part !== undefined && part !== '').join(': ');
  return [line([over, ...others]), line([over, ...others].map(() => '---')), ...rows.map(line)];
}

/** One line for the goals that were met, one for those that were missed. */
function renderGoals(goals: readonly Goal[]): string[] {
  return OUTCOMES.flatMap(([outcome, isMet]) => {
    const measured = goals.filter(({ met }) => met === isMet).map((each) => `${each.goal}: ${each.measured}`);
    return measured.length === 0 ? [] : [`- ${outcome}: ${measured.join('; ')}`];
  });
}

/** A goal of the form "at most so much". */
export function atMost(goal: string, limit: number, value: number, digits = 2): Goal {
  return { goal, measured: value.toFixed(digits), met: value <= limit };
}

export function atLeast(goal: string, limit: number, value: number, digits = 2): Goal {
  return { goal, measured: value.toFixed(digits), met: value >= limit };
}
