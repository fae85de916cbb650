/** RFC 4180, with a line of headings. */
export function csvText(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headings, ...rows].map((row) => `${row.map(csvField).join(',')}\r\n`).join('');
}

/** A leading =, +, - or @ would run as a formula in a spreadsheet, so it is defused with a quote mark; a number stays. */
function csvField(text: string): string {
  const runs = /^[=+\-@\t\r]/.test(text) && !/^-\d+(?:\.\d+)?$/.test(text);
  const safe = runs ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** UTC with milliseconds, as files have it. */
export function csvTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
