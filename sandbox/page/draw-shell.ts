/** The page itself: landmarks, the composer, the side panel's frame. What changes is filled in by the browser. */
import type { Exchange } from '../binance/exchange.ts';
import type { Directory } from '../slack/directory.ts';
import { html, toHtml } from './html.ts';
import { ACTORS } from './playground.ts';

export interface SlashCommand {
  readonly command: string;
  readonly description: string;
  readonly usage_hint: string;
}

const PANELS = [
  ['units', 'Units'],
  ['watch', 'Play the watch'],
  ['faults', 'Break it'],
  ['calls', 'Calls'],
  ['record', "Bot's record"],
] as const;

export function shellHtml(directory: Directory, commands: readonly SlashCommand[]): string {
  const actors = ACTORS.map(([team, people]) => {
    const options = people.map(
      ([id, role]) =>
        html`<option value="${id}">${directory.people.get(id)?.realName ?? id}, ${role}</option>`,
    );
    return html`<optgroup label="${team}">${options}</optgroup>`;
  });
  const panels = PANELS.map(
    ([name, label], index) =>
      html`<button type="button" data-panel="${name}" aria-pressed="${String(index === 0)}">${label}</button>`,
  );
  const options = commands.map(
    ({ command, usage_hint: hint, description }, index) =>
      html`<li role="option" id="completion-${index}" data-command="${command}" aria-selected="false" hidden>
        <strong>${command}</strong> <code>${hint}</code> <span class="quiet">${description}</span></li>`,
  );
  return toHtml(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Loandesk sandbox</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/page.css">
  <script type="module" src="/browser/main.ts"></script>
</head>
<body data-pane="chat">
  <a href="#line" class="only-heard" id="skip">Skip to the message field</a>
  <header>
    <h1>Loandesk <span>sandbox</span></h1>
    <label class="labelled"><span>Acting as</span><select id="actor">${actors}</select></label>
    <nav id="channels" aria-label="Channels"></nav>
    <p>Everything runs on this machine. Nothing here reaches Slack or Binance.</p>
  </header>
  <main>
    <section id="chat" aria-labelledby="place">
      <h2 id="place" class="head"> </h2>
      <div class="scroller" id="scroller" tabindex="0" role="group" aria-labelledby="place">
        <ol id="messages" class="messages plain" role="list" aria-live="polite"></ol>
        <div id="home"></div>
      </div>
      <form id="composer" autocomplete="off">
        <ul id="completions" class="plain" role="listbox" aria-label="Slash commands" hidden>${options}</ul>
        <div class="row">
          <label for="line" class="only-heard">Message or slash command</label>
          <input id="line" role="combobox" aria-expanded="false" aria-controls="completions"
            aria-autocomplete="list" placeholder="Type / for commands" maxlength="3000">
          <button type="submit" class="button primary">Send</button>
          <button type="button" id="as-notification" aria-pressed="false" aria-label="As notification"
            title="Show what a locked phone would">🔔</button>
        </div>
        <div id="examples" class="row"></div>
      </form>
    </section>
    <section id="panel" aria-labelledby="panel-title">
      <div class="head">
        <h2 id="panel-title">The other side</h2>
        <div class="row" role="group" aria-label="What to show">${panels}</div>
      </div>
      <div id="panel-body" class="scroller" tabindex="0" role="group" aria-label="Units"></div>
    </section>
  </main>
  <nav class="panes" aria-label="Panes">
    <button type="button" data-pane="chat" aria-pressed="true">Slack</button>
    <button type="button" data-pane="panel" aria-pressed="false">The other side</button>
  </nav>
  <dialog id="modal" aria-labelledby="modal-title"></dialog>
  <dialog id="confirm" aria-labelledby="confirm-title" aria-describedby="confirm-text">
    <h2 id="confirm-title"> </h2>
    <p id="confirm-text"></p>
    <form method="dialog" class="row modal-buttons">
      <button id="confirm-no" value="no" class="button">Cancel</button>
      <button id="confirm-yes" value="yes" class="button primary">Yes</button>
    </form>
  </dialog>
  <div id="notice" role="status" aria-live="assertive"></div>
</body>
</html>`);
}

/** Commands worth trying now; a click puts one into the message field. */
export function examplesHtml(exchange: Exchange): string {
  // The shortest id of a repaid unit: the one that is easiest to type.
  const [repaid] = exchange
    .units()
    .filter(({ totalLiability, liquidation }) => Number(totalLiability) === 0 && liquidation === null)
    .map(({ groupId }) => groupId)
    .sort((a, b) => a.length - b.length);
  const close = repaid === undefined ? [] : [`/close-unit ${repaid} repaid`];
  const lines = ['/ltv', '/ltv 1', '/loan 12', ...close, '/closed-units', '/loandesk requests'];
  return toHtml(html`<span>Try</span>
    ${lines.map((line) => html`<button type="button" data-example="${line}">${line}</button>`)}`);
}
