/** The line at the bottom: messages, and slash commands with completion. A combobox as the ARIA practices draw it. */
import { around, element, notice, now, placed, post } from './desk.ts';

const line = element<HTMLInputElement>('line', HTMLInputElement);
const list = element('completions');
const options = [...list.querySelectorAll<HTMLElement>('[data-command]')];
const offered = () => options.filter(({ hidden }) => !hidden);
const chosen = () => options.find(({ ariaSelected }) => ariaSelected === 'true');
const known = (command: string) => options.some(({ dataset }) => dataset.command === command);

/** Offers the commands that begin with what is typed; none once there is more than a command. */
function offer(typed = ''): void {
  for (const option of options)
    option.hidden = !/^\/\S*$/.test(typed) || option.dataset.command?.startsWith(typed) !== true;
  choose();
}

function choose(choice?: HTMLElement): void {
  for (const option of options) option.ariaSelected = String(option === choice);
  list.hidden = offered().length === 0;
  line.ariaExpanded = String(!list.hidden);
  if (choice === undefined) line.removeAttribute('aria-activedescendant');
  else line.setAttribute('aria-activedescendant', choice.id);
}

function put(text: string): void {
  line.value = text;
  line.focus();
  offer();
}

function pressed(event: KeyboardEvent): void {
  const all = offered();
  if (all.length === 0) return;
  const pick = chosen();
  const completes = event.key === 'Tab' ? (pick ?? all[0]) : event.key === 'Enter' ? pick : undefined;
  const at = pick === undefined ? -1 : all.indexOf(pick);
  if (completes !== undefined) put(`${completes.dataset.command} `);
  else if (event.key === 'ArrowDown') choose(all[(at + 1) % all.length]);
  else if (event.key === 'ArrowUp') choose(all.at((at < 0 ? all.length : at) - 1));
  else if (event.key === 'Escape') offer();
  else return;
  event.preventDefault();
}

async function send(): Promise<void> {
  const typed = line.value.trim();
  const [command = '', ...words] = typed.split(' ');
  if (typed === '') return;
  if (command.startsWith('/') && !known(command)) return notice(`${command} is not a command of Loandesk.`);
  put('');
  await placed;
  const { as: user, at: channel } = now();
  const sent = command.startsWith('/')
    ? await post('/slack/command', { user, channel, command, text: words.join(' ') })
    : await post('/slack/say', { user, channel, text: typed });
  if (!sent && line.value === '') line.value = typed;
}

export function listenToComposer(): void {
  line.addEventListener('input', () => offer(line.value));
  line.addEventListener('keydown', pressed);
  line.addEventListener('blur', () => offer());
  // Before the blur, so that the list is still there.
  list.addEventListener('mousedown', (event) => {
    event.preventDefault();
    const command = around(event, '[data-command]')?.dataset.command;
    if (command !== undefined) put(`${command} `);
  });
  element('composer').addEventListener('submit', () => void send());
  element('examples').addEventListener('click', (event) => {
    const example = around(event, '[data-example]')?.dataset.example;
    if (example !== undefined) put(example);
  });
}
