/** The page's own code: draws what the server sends, and sends what people do. */
import { listenToActions } from './actions.ts';
import { listenToComposer } from './composer.ts';
import { around, element } from './elements.ts';
import { listenToModal, type ShownModal, showModal } from './modal.ts';
import { morph } from './morph.ts';
import { get, oneAtATime, post } from './server.ts';
import { listenToSide, refreshSide } from './side.ts';
import { go, now, readAddress } from './state.ts';

interface Talk {
  readonly at: string;
  readonly title: string;
  readonly examples: string;
  readonly channels: string;
  readonly messages: string;
  readonly home: string | null;
  readonly modal: ShownModal | null;
}

const STICKS_WITHIN_PX = 80;
/** By person and place: the newest thing they have seen. */
const seen = new Map<string, number>();
let shownPlace = '';

const refreshTalk = oneAtATime(async () => {
  const { as, at } = now();
  const talk = await get<Talk>(`/talk?${new URLSearchParams({ as, at })}`);
  if (talk === undefined || as !== now().as || at !== now().at) return;
  if (talk.at !== at) {
    go({ at: talk.at });
    return;
  }
  draw(talk, as);
});

function draw(talk: Talk, as: string): void {
  const scroller = element('scroller');
  const isNewPlace = shownPlace !== `${as}/${talk.at}`;
  const sticks =
    isNewPlace || scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < STICKS_WITHIN_PX;
  shownPlace = `${as}/${talk.at}`;
  document.title = `${talk.title} – Loandesk sandbox`;
  element('place').textContent = talk.title;
  morph(element('channels'), talk.channels);
  morph(element('examples'), talk.examples);
  markUnread(as, talk.at);
  element('messages').hidden = talk.home !== null;
  element('home').hidden = talk.home === null;
  element('composer').hidden = talk.home !== null;
  morph(element('messages'), talk.messages);
  morph(element('home'), talk.home ?? '');
  if (isNewPlace && talk.home !== null) scroller.scrollTop = 0;
  else if (sticks) showNewest(scroller);
  showModal(talk.modal);
}

/** The end of the conversation; of a message taller than the window, its beginning. */
function showNewest(scroller: HTMLElement): void {
  const newest = element('messages').lastElementChild;
  scroller.scrollTop = scroller.scrollHeight;
  if (newest instanceof HTMLElement && newest.offsetHeight > scroller.clientHeight) newest.scrollIntoView();
}

function markUnread(as: string, at: string): void {
  for (const link of element('channels').querySelectorAll<HTMLAnchorElement>('a')) {
    const id = new URLSearchParams(link.hash.slice(2)).get('at') ?? '';
    const newest = Number(link.dataset.newest);
    const key = `${as}/${id}`;
    if (id === at || !seen.has(key)) seen.set(key, newest);
    const isUnread = newest > (seen.get(key) ?? 0);
    link.classList.toggle('unread', isUnread);
    const mark = link.querySelector('.only-heard');
    if (!isUnread) mark?.remove();
    else if (mark === null) {
      const heard = document.createElement('span');
      heard.className = 'only-heard';
      heard.textContent = ', unread';
      link.append(heard);
    }
  }
}

function listenToPanes(): void {
  document.addEventListener('click', (event) => {
    const pane = around(event, 'button[data-pane]')?.dataset.pane;
    if (pane === undefined) return;
    document.body.dataset.pane = pane;
    for (const button of document.querySelectorAll<HTMLElement>('button[data-pane]'))
      button.ariaPressed = String(button.dataset.pane === pane);
  });
  element('skip').addEventListener('click', (event) => {
    event.preventDefault();
    element('line').focus();
  });
}

function actorMenu(): HTMLSelectElement {
  const found = element('actor');
  if (!(found instanceof HTMLSelectElement)) throw new Error('#actor is no menu');
  return found;
}

function moved(): void {
  const { as, at } = readAddress(actorMenu().options[0]?.value ?? '');
  actorMenu().value = as;
  if (at === 'home') void post('/slack/home', { user: as });
  void refreshTalk();
}

listenToActions();
listenToComposer();
listenToModal();
listenToSide();
listenToPanes();
actorMenu().addEventListener('change', () => go({ as: actorMenu().value }));
addEventListener('hashchange', moved);
moved();
const events = new EventSource('/events');
events.addEventListener('open', () => void Promise.all([refreshTalk(), refreshSide()]));
events.addEventListener('talk', () => void refreshTalk());
events.addEventListener('side', () => void refreshSide());
