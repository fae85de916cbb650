import { Refused } from './refused.ts';

/** A trigger_id lives three seconds and opens one view: docs.slack.dev/interactivity/handling-user-interaction */
const LIFE_MS = 3_000;

interface Trigger {
  readonly userId: string;
  readonly createdAtMs: number;
  isUsed: boolean;
}

export class Triggers {
  readonly #now: () => number;
  readonly #triggers = new Map<string, Trigger>();

  constructor(now: () => number) {
    this.#now = now;
  }

  create(userId: string): string {
    const number = this.#triggers.size + 1;
    const id = `${9_000_000_000 + number}.${1_000_000 + number}.${number.toString(16).padStart(32, '0')}`;
    this.#triggers.set(id, { userId, createdAtMs: this.#now(), isUsed: false });
    return id;
  }

  /** Uses the trigger up; answers whose it was. @throws Refused with the codes of views.open (seen in bolt-python#886) */
  exchange(id: string): string {
    const trigger = this.#triggers.get(id);
    if (trigger === undefined) throw new Refused('invalid_trigger_id');
    if (trigger.isUsed) throw new Refused('exchanged_trigger_id');
    if (this.#now() - trigger.createdAtMs > LIFE_MS) throw new Refused('expired_trigger_id');
    trigger.isUsed = true;
    return trigger.userId;
  }
}

/** Files between files.getUploadURLExternal and files.completeUploadExternal. */
export interface Upload {
  readonly id: string;
  readonly name: string;
  readonly length: number;
  readonly bytes?: Buffer;
}

export class Uploads {
  readonly #pending = new Map<string, Upload>();
  /** Where the upload host listens, without the file id; set once the server's port is known. */
  baseUrl = '';

  start(upload: Upload): string {
    this.#pending.set(upload.id, upload);
    return `${this.baseUrl}${upload.id}`;
  }

  /** Takes the bytes. False where no such upload waits for them. */
  receive(id: string, bytes: Buffer): boolean {
    const upload = this.#pending.get(id);
    if (upload === undefined || upload.bytes !== undefined) return false;
    this.#pending.set(id, { ...upload, bytes });
    return true;
  }

  get(id: string): Upload | undefined {
    return this.#pending.get(id);
  }

  /** Ends an upload: a second completion finds nothing. */
  finish(id: string): void {
    this.#pending.delete(id);
  }
}
