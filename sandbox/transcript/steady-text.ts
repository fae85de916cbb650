/** What differs from run to run, put into one form: times of the run, random ids, measured milliseconds. */

/** The documents' own examples are dated, and stay as they are. */
const OF_THE_DOCUMENTS = /2025-07-25|Jul 25, 2025/;

const UNSTEADY: readonly (readonly [RegExp, string])[] = [
  [/\b[A-Z][a-z]{2} \d{1,2}, 20\d\d \d\d:\d\d:\d\d UTC/g, 'Nov 20, 2026 12:00:00 UTC'],
  [/\b[A-Z][a-z]{2} \d{1,2}, 20\d\d \d\d:\d\d UTC/g, 'Nov 20, 2026 12:00 UTC'],
  [/\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d/g, '2026-11-20 12:00:00'],
  [/\b20\d\d-\d\d-\d\d \d\d:\d\d(?!:)/g, '2026-11-20 12:00'],
  [/\b20\d\d-\d\d-\d\d(?=[. ]*(?:$|csv\b))/g, '2026-11-20'],
  [/\bclosed-units-20\d\d-\d\d-\d\d/g, 'closed-units-2026-11-20'],
  [/\b20\d\d-\d\d-\d\dT[\d:.]+Z/g, '2026-11-20T12:00:00.000Z'],
  [/\b[0-9a-f]{64}\b/g, `${'0123456789abcdef'.repeat(4)}`],
  [/digest `[0-9a-f]{8}`/g, 'digest `01234567`'],
  [/\/p\d{16}\b/g, '/p1700000000000100'],
  [/-?\b\d+(?:\.\d+)? ms\b/g, '2 ms'],
  [/for 20\d\d-\d\d-\d\d to 20\d\d-\d\d-\d\d/g, 'for 2026-10-22 to 2026-11-20'],
  [/\b\d+ s ago\b/g, '1 s ago'],
  [/Node \d+\.\d+\.\d+/g, 'Node 24.0.0'],
  [/: \d+ of (\d+) this minute/g, ': 12 of $1 this minute'],
  [/\b\d+ (?:hours|hour|minutes|minute|seconds|second) ago\b/g, 'now'],
  [/\bin [34] hours\b/g, 'in 4 hours'],
  [
    /record: \d+, (?:none yet|last .*?: still-active); late/g,
    'record: 2, last Nov 20, 2026 12:00 UTC (2026-11-20 12:00:00 UTC): still-active; late',
  ],
  [/\b\d+ audit entries\b/g, '9 audit entries'],
  [/\b\d+ entries of (\d+) request/g, '30 entries of $1 request'],
  [/still active: \d+/g, 'still active: 2'],
];

/** Which limits were used in this very minute differs: left out, and said so where it is. */
const LIMIT_LINE = / \*Weight\*: /;

export function steadyText(text: string): string {
  return text
    .split('\n')
    .filter((line) => !LIMIT_LINE.test(line))
    .map((line) =>
      UNSTEADY.reduce(
        (steady, [pattern, form]) =>
          steady.replace(pattern, (found, ...groups) =>
            OF_THE_DOCUMENTS.test(found) ? found : form.replace('$1', String(groups[0])),
          ),
        line,
      ),
    )
    .join('\n');
}

/** Ten characters of Crockford's alphabet, as domain/request-id.ts makes them. */
const REQUEST_ID = /\b[0-9A-HJKMNP-TV-Z]{10}\b/g;

/** Request ids in the order in which they appear: R000000001, R000000002, … */
export function steadyIds(text: string): string {
  const known = new Map<string, string>();
  return text.replaceAll(REQUEST_ID, (id) => {
    const steady = known.get(id) ?? `R${String(known.size + 1).padStart(9, '0')}`;
    known.set(id, steady);
    return steady;
  });
}
