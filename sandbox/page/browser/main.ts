/** The page's own code: draws what the server sends, and sends what people do. */
import { listenToComposer } from './composer.ts';
import { around, element, get, go, now, oneAtATime, post, press, readAddress } from './desk.ts';
import { listenToForms, type ShownModal, showModal } from './forms.ts';
import { morph } from './morph.ts';

interface Talk extends Readonly<Record<'channels' | 'examples' | 'messages' | 'home', string>> {
  readonly at: string;
  readonly title: string;
  readonly modal: ShownModal | null;
}

const STICKS_WITHIN_PX = 80;
const actor = element<HTMLSelectElement>('actor', HTMLSelectElement);
const scroller = element('scroller');
/** By person and place: the newest thing they have seen. */
const seen = new Map<string, number>();
let shownPlace = '';
let panel = 'units';
let requestId = '';

const refreshTalk = oneAtATime(async () => {
  const { as, at } = now();
  const talk = await get<Talk>('/talk', { as, at });
  if (talk === undefined || as !== now().as || at !== now().at) return;
  if (talk.at === at) draw(talk, as);
  else go({ at: talk.at });
});

const refreshPanel = oneAtATime(async () => {
  const show = panel;
  const answer = await get<{ html: string }>('/side', { show, request: requestId });
  if (answer !== undefined && show === panel) morph(element('panel-body'), answer.html);
});

function draw(talk: Talk, as: string): void {
  const isNewPlace = shownPlace !== `${as}/${talk.at}`;
  const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  shownPlace = `${as}/${talk.at}`;
  document.title = `${talk.title} – Loandesk sandbox`;
  element('place').textContent = talk.title;
  for (const part of ['channels', 'examples', 'messages', 'home'] as const) morph(element(part), talk[part]);
  markUnread(as, talk.at);
  if (isNewPlace && talk.home !== '') scroller.scrollTop = 0;
  else if (isNewPlace || below < STICKS_WITHIN_PX) showNewest();
  showModal(talk.modal);
}

/** The end of the conversation; of a message taller than the window, its beginning. */
function showNewest(): void {
  const newest = element('messages').lastElementChild;
  scroller.scrollTop = scroller.scrollHeight;
  if (newest instanceof HTMLElement && newest.offsetHeight > scroller.clientHeight) newest.scrollIntoView();
}

function markUnread(as: string, at: string): void {
  for (const link of element('channels').querySelectorAll('a')) {
    const id = new URLSearchParams(link.hash.slice(2)).get('at') ?? '';
    const newest = Number(link.dataset.newest);
    const key = `${as}/${id}`;
    if (id === at || !seen.has(key)) seen.set(key, newest);
    const isUnread = newest > (seen.get(key) ?? 0);
    link.classList.toggle('unread', isUnread);
    link.ariaLabel = isUnread ? `${link.textContent}, unread` : null;
  }
}

function choosePanel(button: HTMLElement, chosen: string): void {
  panel = chosen;
  press(button, 'panel');
  element('panel-body').ariaLabel = button.textContent;
  element('panel-body').scrollTop = 0;
  void refreshPanel();
}

function listenToPanes(): void {
  document.addEventListener('click', (event) => {
    const button = around(event, 'button');
    if (button?.dataset.panel !== undefined) choosePanel(button, button.dataset.panel);
    if (button?.id === 'as-notification')
      button.ariaPressed = String(document.body.toggleAttribute('data-as-notification'));
    if (button?.dataset.pane === undefined) return;
    document.body.dataset.pane = button.dataset.pane;
    press(button, 'pane');
  });
  element('panel').addEventListener('change', (event) => {
    if (!(event.target instanceof HTMLSelectElement) || event.target.id !== 'record-choice') return;
    requestId = event.target.value;
    void refreshPanel();
  });
  element('skip').addEventListener('click', (event) => {
    event.preventDefault();
    element('line').focus();
  });
}

function moved(): void {
  const { as, at } = readAddress(actor.options[0]?.value ?? '');
  actor.value = as;
  if (at === 'home') void post('/slack/home', { user: as });
  void refreshTalk();
}

listenToComposer();
listenToForms(refreshPanel);
listenToPanes();
actor.addEventListener('change', () => go({ as: actor.value }));
addEventListener('hashchange', moved);
moved();
const events = new EventSource('/events');
events.addEventListener('open', () => void Promise.all([refreshTalk(), refreshPanel()]));
events.addEventListener('talk', () => void refreshTalk());
events.addEventListener('side', () => void refreshPanel());
