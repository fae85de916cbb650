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
