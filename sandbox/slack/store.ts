import { isObject, type JsonObject, readObjects } from './json.ts';

/** What a message said at one time. */
export interface MessageContent {
  readonly text: string;
  readonly blocks: readonly JsonObject[];
  /** Files shared with it; their bytes are in the store's `files`. */
  readonly files?: readonly Omit<StoredFile, 'bytes'>[] | undefined;
  /** Of the app; people don't see it. */
  readonly metadata?: JsonObject | undefined;
}

/** A message as people see it now, with what it said before. */
export interface StoredMessage extends MessageContent {
  /** Place in the order of everything that happened in the workspace. */
  readonly order: number;
  readonly channelId: string;
  readonly ts: string;
  /** The parent's ts, for a reply. */
  readonly threadTs?: string | undefined;
  /** A reply that the channel shows, too. */
  readonly isBroadcast?: boolean | undefined;
  /** Who wrote it. */
  readonly userId: string;
  /** The only person who sees it, for an ephemeral message. */
  readonly viewerId?: string | undefined;
  readonly deleted: boolean;
}

/** A modal or a Home tab of one person. */
export interface StoredView {
  readonly order: number;
  readonly id: string;
  readonly hash: string;
  readonly userId: string;
  readonly payload: JsonObject;
  readonly isOpen: boolean;
  /** What the last submission was refused with, by block id. */
  readonly errors: Readonly<Record<string, string>>;
}

export interface StoredFile {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly bytes: Buffer;
  readonly channelId?: string | undefined;
  readonly threadTs?: string | undefined;
}

/** One call of the Web API or of a response_url. No tokens and no URLs are kept. */
export interface ApiCall {
  readonly order: number;
  readonly atMs: number;
  readonly method: string;
  readonly args: JsonObject;
  readonly ok: boolean;
  readonly error?: string;
  readonly status: number;
}

/** A Socket Mode connection; the first one has id 1. */
export interface OpenConnection {
  readonly id: number;
  readonly openedAtMs: number;
}

type Happening =
  | { readonly type: 'message' | 'message_changed' | 'message_deleted'; readonly message: StoredMessage }
  | { readonly type: 'view_opened' | 'view_changed' | 'view_closed' | 'home'; readonly view: StoredView }
  | { readonly type: 'file'; readonly file: StoredFile }
  | { readonly type: 'call'; readonly call: ApiCall }
  | { readonly type: 'connection_opened' | 'connection_closed'; readonly connection: OpenConnection };

/** One thing that happened. `order` grows by one each time. */
export type WorkspaceEvent = Happening & { readonly order: number; readonly atMs: number };

/** What happened, and what people see because of it. */
export class Store {
  readonly #now: () => number;
  readonly #messages = new Map<string, StoredMessage>();
  readonly #views = new Map<string, StoredView>();
  readonly files: StoredFile[] = [];
  readonly calls: ApiCall[] = [];
  readonly events: WorkspaceEvent[] = [];
  readonly #listeners = new Set<(event: WorkspaceEvent) => void>();
  #lastTsMicros = 0;
  #ids = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The order number of the newest event; 0 before the first. */
  get order(): number {
    return this.events.length;
  }

  /** Calls the listener after each event, until the returned function is called. */
  listen(listener: (event: WorkspaceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What `look` returns as soon as it is not undefined: looked at now and after each event. Rejects after `timeoutMs`. */
  until<T>(look: () => T | undefined, timeoutMs: number): Promise<T> {
    const found = look();
    if (found !== undefined) return Promise.resolve(found);
    const { stack } = new Error('Waiting began here');
    return new Promise((resolve, reject) => {
      const stop = this.listen(() => {
        const value = look();
        if (value === undefined) return;
        clearTimeout(timer);
        stop();
        resolve(value);
      });
      const timer = setTimeout(() => {
        stop();
        const newest = this.events.slice(-5).map(({ type, order }) => `${order} ${type}`);
        const message = `Nothing that fits happened in ${timeoutMs} ms. Newest events: ${newest.join(', ') || 'none'}`;
        reject(new Error(message, { cause: stack }));
      }, timeoutMs);
    });
  }

  /** A new id as Slack makes them: the prefix and ten characters. */
  newId(prefix: string): string {
    this.#ids += 1;
    return `${prefix}0${this.#ids.toString(36).toUpperCase().padStart(9, '0')}`;
  }

  /** A new message timestamp, later than all before: `1763649600.000100`. */
  newTs(): string {
    this.#lastTsMicros = Math.max(this.#lastTsMicros + 1, this.#now() * 1000);
    const seconds = Math.floor(this.#lastTsMicros / 1_000_000);
    return `${seconds}.${String(this.#lastTsMicros % 1_000_000).padStart(6, '0')}`;
  }

  /** Messages of a channel, oldest first; with `viewerId` also what only that person sees. */
  messages(channelId: string, viewerId?: string): readonly StoredMessage[] {
    return [...this.#messages.values()].filter(
      (message) =>
        message.channelId === channelId &&
        !message.deleted &&
        (message.viewerId === undefined || message.viewerId === viewerId),
    );
  }

  /** All messages that only this person sees, oldest first. */
  ephemerals(viewerId: string): readonly StoredMessage[] {
    return [...this.#messages.values()].filter(
      (message) => message.viewerId === viewerId && !message.deleted,
    );
  }

  /** Replies to a message, oldest first. */
  thread(channelId: string, ts: string): readonly StoredMessage[] {
    return this.messages(channelId).filter((message) => message.threadTs === ts);
  }

  message(channelId: string, ts: string): StoredMessage | undefined {
    const message = this.#messages.get(`${channelId}/${ts}`);
    return message?.deleted === true ? undefined : message;
  }

  addMessage(
    place: Pick<StoredMessage, 'channelId' | 'userId' | 'threadTs' | 'isBroadcast' | 'viewerId'>,
    content: MessageContent,
  ): StoredMessage {
    const blocks = nameBlocks(content.blocks, this.#newName);
    const fresh = { order: this.order + 1, ts: this.newTs(), deleted: false };
    return this.#putMessage('message', { ...content, ...place, blocks, ...fresh });
  }

  changeMessage(message: StoredMessage, content: MessageContent): StoredMessage {
    return this.#putMessage('message_changed', {
      ...message,
      ...content,
      blocks: nameBlocks(content.blocks, this.#newName),
      order: this.order + 1,
    });
  }

  deleteMessage(message: StoredMessage): void {
    this.#putMessage('message_deleted', { ...message, order: this.order + 1, deleted: true });
  }

  view(id: string): StoredView | undefined {
    return this.#views.get(id);
  }

  /** The person's open modal, or none. */
  modals(userId: string): readonly StoredView[] {
    return [...this.#views.values()].filter(
      (view) => view.userId === userId && view.isOpen && view.payload.type === 'modal',
    );
  }

  /** The person's Home tab, if the bot published one. */
  home(userId: string): StoredView | undefined {
    return [...this.#views.values()].find((view) => view.userId === userId && view.payload.type === 'home');
  }

  addView(userId: string, payload: JsonObject): StoredView {
    const view: StoredView = {
      order: this.order + 1,
      id: this.newId('V'),
      hash: this.#newHash(),
      userId,
      payload: this.#nameView(payload),
      isOpen: true,
      errors: {},
    };
    return this.#putView(payload.type === 'home' ? 'home' : 'view_opened', view);
  }

  changeView(view: StoredView, payload: JsonObject): StoredView {
    return this.#putView(payload.type === 'home' ? 'home' : 'view_changed', {
      ...view,
      payload: this.#nameView(payload),
      hash: this.#newHash(),
      errors: {},
      order: this.order + 1,
    });
  }

  /** Shows a refused submission's messages under their inputs. */
  refuseView(view: StoredView, errors: Readonly<Record<string, string>>): StoredView {
    return this.#putView('view_changed', { ...view, errors, order: this.order + 1 });
  }

  closeView(view: StoredView): void {
    this.#putView('view_closed', { ...view, isOpen: false, order: this.order + 1 });
  }

  addFile(file: StoredFile): void {
    this.files.push(file);
    this.#emit({ type: 'file', file });
  }

  addCall(call: Omit<ApiCall, 'order' | 'atMs'>): void {
    const entry = { ...call, order: this.order + 1, atMs: this.#now() };
    this.calls.push(entry);
    this.#emit({ type: 'call', call: entry });
  }

  addConnectionEvent(type: 'connection_opened' | 'connection_closed', connection: OpenConnection): void {
    this.#emit({ type, connection });
  }

  #putMessage(
    type: 'message' | 'message_changed' | 'message_deleted',
    message: StoredMessage,
  ): StoredMessage {
    this.#messages.set(`${message.channelId}/${message.ts}`, message);
    this.#emit({ type, message });
    return message;
  }

  #putView(type: 'view_opened' | 'view_changed' | 'view_closed' | 'home', view: StoredView): StoredView {
    this.#views.set(view.id, view);
    this.#emit({ type, view });
    return view;
  }

  #emit(happening: Happening): void {
    const event: WorkspaceEvent = { ...happening, order: this.order + 1, atMs: this.#now() };
    this.events.push(event);
    for (const listener of [...this.#listeners]) listener(event);
  }

  #newHash(): string {
    return `${Math.floor(this.#now() / 1000)}.${this.newId('').toLowerCase()}`;
  }

  #newName = (prefix: string): string => this.newId(prefix).toLowerCase();

  #nameView(payload: JsonObject): JsonObject {
    return { ...payload, blocks: nameBlocks(readObjects(payload.blocks), this.#newName) };
  }
}

/** Slack names every block and every interactive element that came without a name. */
function nameBlocks(
  blocks: readonly JsonObject[],
  newName: (prefix: string) => string,
): readonly JsonObject[] {
  return blocks.map((block) => {
    const named: Record<string, unknown> = { block_id: newName('b'), ...block };
    if (Array.isArray(block.child_blocks))
      named.child_blocks = nameBlocks(readObjects(block.child_blocks), newName);
    if (block.type === 'actions' && Array.isArray(block.elements))
      named.elements = block.elements.map((element) => nameElement(element, newName));
    for (const place of ['accessory', 'element'])
      if (isObject(block[place])) named[place] = nameElement(block[place], newName);
    return named;
  });
}

function nameElement(element: unknown, newName: (prefix: string) => string): unknown {
  if (!isObject(element) || element.type === 'image') return element;
  return { action_id: newName('a'), ...element };
}
