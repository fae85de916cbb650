/** What each command answers to `help`, and to what it does not understand. */
import { COMMANDS, type CommandName } from '../ids.ts';
import { header, type Message, section } from './blocks.ts';
import { escapeMrkdwn, shorten } from './limits.ts';

interface Usage {
  readonly usage: string;
  readonly does: string;
  readonly examples: readonly (readonly [command: string, meaning: string])[];
}

export const USAGE: Readonly<Record<CommandName, Usage>> = {
  '/ltv': {
    usage: '/ltv [unit | filter | <unit> trend]',
    does: 'Shows the risk units, worst first, or one unit down to its wallets. Only you see the answer.',
    examples: [
      ['/ltv', 'all units'],
      ['/ltv 1', 'unit 1: LTV, cushion and cure, what is owed, wallets'],
      ['/ltv 1 to 75%', 'what brings unit 1 to that LTV'],
      ['/ltv 1 if -15%', 'its LTV if net equity falls by that much'],
      ['/ltv 1 if borrow 500000', 'its LTV after that borrow'],
      ['/ltv 1 trend 7d', 'its LTV over time against the levels; also `24h` and `30d`'],
      ['/ltv tst2024', 'the unit or units whose credit account contains that text'],
      ['/ltv > 70%', 'units with an LTV above 70%; also `above 70`, `below 50`, `80%`'],
      ['/ltv margin-call', 'units at that level or a worse one'],
    ],
  },
  '/closed-units': {
    usage: '/closed-units [filter]',
    does: "Shows Binance's closed list, newest first, and who approved what was closed through Loandesk.",
    examples: [
      ['/closed-units', 'all, newest first'],
      ['/closed-units 72', 'one unit'],
      ['/closed-units 2026-01-01 2026-03-31', 'by closing date, in your time zone'],
      ['/closed-units last 30d', 'the last thirty days'],
    ],
  },
  '/loan': {
    usage: '/loan <unit> [last 30d | from to] | <unit> statement 2026-10',
    does: "Shows what a unit's loan costs, what changed its rate, forced liquidations, borrows and repays. Only you see the answer.",
    examples: [
      ['/loan 12', 'the last thirty days of unit 12'],
      ['/loan 12 last 90d', 'the last ninety days'],
      ['/loan 12 2026-10-01 2026-10-15', 'by days, in your time zone'],
      ['/loan 12 statement 2026-10', 'whether the month adds up, in UTC; alone, last month'],
    ],
  },
  '/close-unit': {
    usage: '/close-unit <unit> [reason]',
    does: 'Asks for a repaid unit to be closed. Nothing is sent until other people have approved; it cannot be undone.',
    examples: [
      ['/close-unit 1', 'opens a form with the unit as it is now'],
      ['/close-unit 1 Loan repaid on Friday', 'asks at once, with that reason'],
    ],
  },
  '/loandesk': {
    usage:
      '/loandesk [requests | request <id> | watch | case <id> | drill <unit> | away [until 2026-12-06 for @ada] | back [@ben] | status | resume | audit verify [id | entries head] | audit export [id] | help]',
    does: 'Close requests, the watch and its cases, who is away, the state of the service, and the audit trail.',
    examples: [
      ['/loandesk requests', 'open and recent close requests'],
      ['/loandesk request <id>', 'one request with its evidence'],
      ['/loandesk watch', 'whether the watch reads, open alerts and who has them, mutes'],
      ['/loandesk case <id>', 'one case: figures, timeline, whether its audit trail is verified'],
      [
        '/loandesk drill <unit>',
        'a practice case with made-up figures in the watch channel, every message marked',
      ],
      ['/loandesk away', 'which approvers are away, and who stands in for them'],
      [
        '/loandesk away until 2026-12-06 for @ada',
        'lets @ada act in your place until the end of that day, or until a time: `2026-12-06 18:00` (approvers)',
      ],
      ['/loandesk back', 'ends that earlier; `/loandesk back @ben` ends it for @ben'],
      ['/loandesk status', 'Binance, limits, clock, store, versions'],
      ['/loandesk resume', 'calls Binance again although a limit or a ban stopped Loandesk (approvers)'],
      ['/loandesk audit verify', 'checks the whole audit trail and every record'],
      ['/loandesk audit verify <entries> <head>', 'compares it with a head from the audit channel'],
      ['/loandesk audit export <id>', 'the entries of one request or case as a JSON Lines file'],
    ],
  },
};

function usageText(command: CommandName): string {
  const { usage, does, examples } = USAGE[command];
  const lines = examples.map(([example, meaning]) => `• \`${escapeMrkdwn(example)}\`: ${meaning}`);
  return `*\`${escapeMrkdwn(usage)}\`*\n${does}\n${lines.join('\n')}`;
}

export function commandHelpMessage(command: CommandName): Message {
  const text = usageText(command);
  return { text, blocks: [header(`Help: ${command}`), section(text)] };
}

export function helpMessage(): Message {
  const texts = Object.values(COMMANDS).map(usageText);
  return { text: texts.join('\n\n'), blocks: [header('Loandesk'), ...texts.map((text) => section(text))] };
}

/** Words that `/loandesk` knows, with the example that each stands for. */
const WORDS: readonly (readonly [string, string])[] = [
  ['requests', '/loandesk requests'],
  ['request', '/loandesk request <id>'],
  ['watch', '/loandesk watch'],
  ['case', '/loandesk case <id>'],
  ['drill', '/loandesk drill <unit>'],
  ['away', '/loandesk away'],
  ['back', '/loandesk back'],
  ['status', '/loandesk status'],
  ['resume', '/loandesk resume'],
  ['audit', '/loandesk audit verify'],
  ['verify', '/loandesk audit verify'],
  ['export', '/loandesk audit export'],
  ['help', '/loandesk help'],
  ['ltv', '/ltv'],
  ['loan', '/loan 1'],
  ['closed', '/closed-units'],
  ['close', '/close-unit 1'],
];

/** The example whose word is nearest to what was typed. */
export function nearestExample(input: string): string {
  const word = (input.trim().split(/\s+/)[0] ?? '').toLowerCase().slice(0, 30);
  const ranked = WORDS.map(([known, example]) => ({ example, distance: editDistance(word, known) })).sort(
    (a, b) => a.distance - b.distance,
  );
  return ranked[0]?.example ?? '/loandesk help';
}

/** Levenshtein distance, row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

export function unknownArgumentMessage(input: string): Message {
  const typed = shorten(escapeMrkdwn(input), 200);
  const text = `“${typed}” is not a Loandesk command. Did you mean \`${escapeMrkdwn(nearestExample(input))}\`? Nothing was changed.`;
  return { text, blocks: [section(text), section(usageText(COMMANDS.loandesk))] };
}
