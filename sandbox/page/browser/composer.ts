/** The line at the bottom: messages, and slash commands with completion. A combobox as the ARIA practices draw it. */
import { around, element } from './elements.ts';
import { notice, post } from './server.ts';
import { now, placed } from './state.ts';

interface SlashCommand {
  readonly command: string;
  readonly description: string;
  readonly usage_hint: string;
}

const commands: readonly SlashCommand[] = JSON.parse(document.body.dataset.commands ?? '[]');
let offered: readonly SlashCommand[] = [];
let chosen = -1;

function line(): HTMLInputElement {
  const found = element('line');
  if (!(found instanceof HTMLInputElement)) throw new Error('#line is no input');
  return found;
}

function offer(): void {
  const typed = line().value;
  const isName = /^\/\S*$/.test(typed);
  offered = isName ? commands.filter(({ command }) => command.startsWith(typed)) : [];
  chosen = -1;
  draw();
}

function draw(): void {
  const list = element('completions');
  list.replaceChildren(
    ...offered.map(({ command, usage_hint: hint, description }, index) => {
      const option = document.createElement('li');
      option.id = `completion-${index}`;
      option.role = 'option';
      option.ariaSelected = String(index === chosen);
      option.dataset.command = command;
      const name = document.createElement('strong');
      name.textContent = command;
      const usage = document.createElement('code');
      usage.textContent = hint;
      const about = document.createElement('span');
      about.textContent = description;
      option.append(name, ' ', usage, ' ', about);
      return option;
    }),
  );
  list.hidden = offered.length === 0;
  line().ariaExpanded = String(offered.length > 0);
  if (chosen < 0) line().removeAttribute('aria-activedescendant');
  else line().setAttribute('aria-activedescendant', `completion-${chosen}`);
}

function complete(command: string): void {
  line().value = `${command} `;
  line().focus();
  offered = [];
  draw();
}

function pressed(event: KeyboardEvent): void {
  if (offered.length === 0) return;
  const pick = offered[chosen];
  if (event.key === 'ArrowDown') chosen = (chosen + 1) % offered.length;
  else if (event.key === 'ArrowUp') chosen = (chosen - 1 + offered.length) % offered.length;
  else if (event.key === 'Escape') offered = [];
  else if ((event.key === 'Enter' || event.key === 'Tab') && pick !== undefined) {
    event.preventDefault();
    complete(pick.command);
    return;
  } else if (event.key === 'Tab') {
    event.preventDefault();
    complete(offered[0]?.command ?? '');
    return;
  } else return;
  event.preventDefault();
  draw();
}

async function send(): Promise<void> {
  const typed = line().value.trim();
  if (typed === '') return;
  const [command = '', ...words] = typed.split(' ');
  if (command.startsWith('/') && !commands.some((known) => known.command === command)) {
    notice(`${command} is not a command of Loandesk.`);
    return;
  }
  offered = [];
  draw();
  line().value = '';
  await placed;
  const { as: user, at: channel } = now();
  const sent = command.startsWith('/')
    ? await post('/slack/command', { user, channel, command, text: words.join(' ') })
    : await post('/slack/say', { user, channel, text: typed });
  if (!sent && line().value === '') line().value = typed;
}

export function listenToComposer(): void {
  line().addEventListener('input', offer);
  line().addEventListener('keydown', pressed);
  line().addEventListener('blur', () => {
    offered = [];
    draw();
  });
  // Before the blur, so that the list is still there.
  element('completions').addEventListener('mousedown', (event) => {
    event.preventDefault();
    const command = around(event, '[data-command]')?.dataset.command;
    if (command !== undefined) complete(command);
  });
  element('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    void send();
  });
  element('composer').addEventListener('click', (event) => {
    const example = around(event, '[data-example]')?.dataset.example;
    if (example === undefined) return;
    line().value = example;
    line().focus();
  });
}
