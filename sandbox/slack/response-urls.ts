import { isObject, type JsonObject, readFlag, readString } from './json.ts';
import { readContent } from './method.ts';
import { Refused } from './refused.ts';
import type { Store, StoredMessage } from './store.ts';

/** docs.slack.dev/interactivity/handling-user-interaction: five uses within thirty minutes. */
const MAX_USES = 5;
const LIFE_MS = 30 * 60_000;

/** What a response_url belongs to. */
export interface ResponsePlace {
  readonly channelId: string;
  /** Who acted: ephemeral answers go to this person. */
  readonly viewerId: string;
  readonly threadTs?: string | undefined;
}

interface Entry extends ResponsePlace {
  readonly createdAtMs: number;
  uses: number;
  /** What `replace_original` and `delete_original` mean: the message whose button was clicked. */
  readonly original: { readonly channelId: string; readonly ts: string } | undefined;
}

/** The host of response URLs. The author of what is posted there is always the bot. */
export class ResponseUrls {
  readonly #now: () => number;
  readonly #store: Store;
  readonly #botUserId: string;
  readonly #entries = new Map<string, Entry>();
  /** Without the id; set once the server's port is known. */
  baseUrl = '';

  constructor(now: () => number, store: Store, botUserId: string) {
    this.#now = now;
    this.#store = store;
    this.#botUserId = botUserId;
  }

  /**
   * A new URL. `original` is the message whose button was clicked. A command has none: neither what its ack showed nor
   * an earlier answer is replaced through its URL, a new message appears instead (bolt-js#2287, bolt-python#1268).
   */
  create(place: ResponsePlace, original?: StoredMessage): { readonly id: string; readonly url: string } {
    const id = `${this.#store.newId('T')}/${this.#entries.size + 1}/${this.#store.newId('r').toLowerCase()}`;
    this.#entries.set(id, { ...place, createdAtMs: this.#now(), uses: 0, original });
    return { id, url: `${this.baseUrl}${id}` };
  }

  /** Handles one POST of a JSON body. Answers the HTTP status. */
  answer(id: string, body: unknown): { readonly status: number; readonly body: JsonObject } {
    const entry = this.#entries.get(id);
    const refuse = (error: string) => ({ status: 404, body: { ok: false, error } });
    if (entry === undefined) return refuse('invalid_url');
    if (this.#now() - entry.createdAtMs > LIFE_MS) return refuse('expired_url');
    if (entry.uses >= MAX_USES) return refuse('used_url');
    try {
      if (!isObject(body)) throw new Refused('invalid_payload');
      entry.uses += 1;
      this.#show(entry, body);
      return { status: 200, body: { ok: true } };
    } catch (error) {
      // Which HTTP status Slack gives a bad body here was not seen; incoming webhooks give 400.
      if (error instanceof Refused) return { status: 400, body: error.body };
      throw error;
    }
  }

  #show(entry: Entry, body: JsonObject): void {
    const { channelId, ts } = entry.original ?? { channelId: '', ts: '' };
    const original = this.#store.message(channelId, ts);
    if (readFlag(body.delete_original)) {
      if (original !== undefined) this.#store.deleteMessage(original);
      return;
    }
    const content = readContent(body, { viaResponseUrl: true });
    if (readFlag(body.replace_original) && original !== undefined) {
      this.#store.changeMessage(original, content);
      return;
    }
    this.#store.addMessage(
      {
        channelId: entry.channelId,
        userId: this.#botUserId,
        threadTs: readString(body, 'thread_ts') ?? entry.threadTs,
        viewerId: body.response_type === 'in_channel' ? undefined : entry.viewerId,
      },
      content,
    );
  }
}
