/** The page itself: landmarks, the composer, the side panel's frame. What changes is filled in by the browser. */
import type { ReactElement } from 'react';
import type { Directory } from '../slack/directory.ts';
import { h, toHtml } from './html.ts';
import { ACTORS } from './playground.ts';

export interface SlashCommand {
  readonly command: string;
  readonly description: string;
  readonly usage_hint: string;
}

const PANELS = [
  ['units', 'Units'],
  ['faults', 'Break it'],
  ['calls', 'Calls'],
  ['record', "Bot's record"],
] as const;

function drawActors(directory: Directory): ReactElement {
  return h(
    'label',
    { className: 'labelled' },
    h('span', null, 'Acting as'),
    h(
      'select',
      { id: 'actor' },
      ACTORS.map(([id, role]) =>
        h('option', { key: id, value: id }, `${directory.people.get(id)?.realName ?? id}, ${role}`),
      ),
    ),
  );
}

function drawSidebar(directory: Directory): ReactElement {
  return h(
    'header',
    { className: 'sidebar' },
    h('h1', null, 'Loandesk ', h('span', null, 'sandbox')),
    drawActors(directory),
    h('nav', { id: 'channels', 'aria-label': 'Channels' }),
    h(
      'p',
      { className: 'sidebar-note' },
      'Everything runs on this machine. Nothing here reaches Slack or Binance.',
    ),
  );
}

function drawComposer(): ReactElement {
  return h(
    'form',
    { id: 'composer', autoComplete: 'off' },
    h('ul', { id: 'completions', role: 'listbox', 'aria-label': 'Slash commands', hidden: true }),
    h(
      'div',
      { className: 'composer-line' },
      h('label', { htmlFor: 'line', className: 'only-heard' }, 'Message or slash command'),
      h('input', {
        id: 'line',
        role: 'combobox',
        'aria-expanded': false,
        'aria-controls': 'completions',
        'aria-autocomplete': 'list',
        placeholder: 'Type / for commands',
        maxLength: 3_000,
      }),
      h('button', { type: 'submit', className: 'button primary' }, 'Send'),
    ),
    h('div', { id: 'examples', className: 'examples' }),
  );
}

function drawChat(): ReactElement {
  return h(
    'section',
    { id: 'chat', 'aria-labelledby': 'place' },
    h('div', { className: 'main-head' }, h('h2', { id: 'place' }, ' ')),
    h(
      'div',
      { className: 'scroller', id: 'scroller', tabIndex: 0, role: 'group', 'aria-labelledby': 'place' },
      h('ol', { id: 'messages', className: 'messages', role: 'list', 'aria-live': 'polite' }),
      h('div', { id: 'home', hidden: true }),
    ),
    drawComposer(),
  );
}

function drawPanel(): ReactElement {
  return h(
    'section',
    { id: 'panel', 'aria-labelledby': 'panel-title' },
    h(
      'div',
      { className: 'panel-head' },
      h('h2', { id: 'panel-title' }, 'The other side'),
      h(
        'div',
        { className: 'panel-choice', role: 'group', 'aria-label': 'What to show' },
        PANELS.map(([name, label], index) =>
          h('button', { key: name, type: 'button', 'data-panel': name, 'aria-pressed': index === 0 }, label),
        ),
      ),
    ),
    h('div', {
      id: 'panel-body',
      className: 'scroller',
      tabIndex: 0,
      role: 'group',
      'aria-label': 'Units',
    }),
  );
}

function drawDialogs(): readonly ReactElement[] {
  return [
    h('dialog', { key: 'modal', id: 'modal', 'aria-labelledby': 'modal-title' }),
    h(
      'dialog',
      {
        key: 'confirm',
        id: 'confirm',
        'aria-labelledby': 'confirm-title',
        'aria-describedby': 'confirm-text',
      },
      h('h2', { id: 'confirm-title' }, ' '),
      h('p', { id: 'confirm-text' }),
      h(
        'form',
        { method: 'dialog', className: 'modal-buttons' },
        h('button', { id: 'confirm-no', value: 'no', className: 'button' }, 'Cancel'),
        h('button', { id: 'confirm-yes', value: 'yes', className: 'button primary' }, 'Yes'),
      ),
    ),
    h('div', { key: 'notice', id: 'notice', role: 'status', 'aria-live': 'assertive' }),
  ];
}

export function shellHtml(directory: Directory, commands: readonly SlashCommand[]): string {
  const page = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      null,
      h('meta', { charSet: 'utf-8' }),
      h('title', null, 'Loandesk sandbox'),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('link', { rel: 'icon', href: 'data:,' }),
      h('link', { rel: 'stylesheet', href: '/page.css' }),
      h('script', { type: 'module', src: '/browser/main.ts' }),
    ),
    h(
      'body',
      { 'data-pane': 'chat', 'data-commands': JSON.stringify(commands) },
      h('a', { href: '#line', className: 'skip', id: 'skip' }, 'Skip to the message field'),
      drawSidebar(directory),
      h('main', null, drawChat(), drawPanel()),
      h(
        'nav',
        { className: 'panes', 'aria-label': 'Panes' },
        h('button', { type: 'button', 'data-pane': 'chat', 'aria-pressed': true }, 'Slack'),
        h('button', { type: 'button', 'data-pane': 'panel', 'aria-pressed': false }, 'The other side'),
      ),
      drawDialogs(),
    ),
  );
  return `<!doctype html>${toHtml(page)}`;
}
