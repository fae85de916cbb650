/**
 * Standard output for the log. A slow reader blocks nothing: lines are written in the background, several at
 * once. A full disk, a closed pipe or a reader that has stopped costs lines, never the process: it goes on, says so
 * in its metrics and status, and in one line of the log when lines can be written again.
 */
import { writeSync, write as writeTo } from 'node:fs';

/** How the log is doing, for metrics and status. */
export interface LogOutputState {
  /** Lines lost since the start. */
  readonly lost: number;
  /** Why lines are not written now: an error code such as `ENOSPC`, or `not read`; null: they are. */
  readonly trouble: string | null;
}

const STANDARD_OUTPUT = 1;
/** Kept for a reader that has stopped; beyond this, lines are lost. */
const UNWRITTEN_AT_MOST_BYTES = 32 * 1024 * 1024;
/** How long a line may wait for others, so that one write takes them together: a write costs more than an ack. */
const WRITE_AFTER_MS = 10;
const WRITE_AT_MOST_CHARACTERS = 64 * 1024;
const TRY_AGAIN_AFTER_MS = 1_000;
/** A pipe that others made non-blocking, and that is full. */
const BUSY_AGAIN_AFTER_MS = 100;
/** For the last lines of a process that ends. */
const END_WITHIN_MS = 500;
/** A write that takes longer waits for a reader that has stopped. */
const STUCK_AFTER_MS = 5_000;

export interface LogOutputOptions {
  /** Default: `fs.write`, to standard output. */
  readonly write?: (
    bytes: Buffer,
    done: (error: NodeJS.ErrnoException | null, written: number) => void,
  ) => void;
  readonly tryAgainAfterMs?: number;
}

export class LogOutput {
  readonly #write: NonNullable<LogOutputOptions['write']>;
  readonly #tryAgainAfterMs: number;
  #lines: string[] = [];
  #unwrittenBytes = 0;
  /** Taken from the lines and not yet written in full. */
  #chunk: Buffer | null = null;
  #isWriting = false;
  #timer: NodeJS.Timeout | null = null;
  #lastProgressMs = 0;
  #error: string | null = null;
  #lost = 0;
  #troubleToTell = false;
  #lostWhenTold = 0;
  #flushed: (() => void)[] = [];
  #writesAtExit = false;

  /** Called when lines are written again after some were lost or could not be written. */
  onRecovered: (lost: number) => void = () => {};

  constructor({ write, tryAgainAfterMs }: LogOutputOptions = {}) {
    this.#write = write ?? ((bytes, done) => writeTo(STANDARD_OUTPUT, bytes, done));
    this.#tryAgainAfterMs = tryAgainAfterMs ?? TRY_AGAIN_AFTER_MS;
  }

  /** One or more whole lines. */
  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#unwrittenBytes + bytes > UNWRITTEN_AT_MOST_BYTES) {
      this.#lost += 1;
      this.#troubleToTell = true;
      return;
    }
    if (!this.#writesAtExit) {
      this.#writesAtExit = true;
      process.once('exit', () => this.#writeRest());
    }
    this.#lines.push(line);
    this.#unwrittenBytes += bytes;
    if (!this.#isWriting && this.#chunk === null && this.#timer === null) this.#writeIn(WRITE_AFTER_MS);
  }

  /** Calls back when everything written until then is out; while nothing can be written, never. */
  flush(callback: () => void): void {
    if (this.#unwrittenBytes === 0) {
      callback();
      return;
    }
    this.#flushed.push(callback);
    if (!this.#isWriting && this.#error === null) this.#writeNext();
  }

  state(): LogOutputState {
    const isStuck = this.#chunk !== null && performance.now() - this.#lastProgressMs > STUCK_AFTER_MS;
    return { lost: this.#lost, trouble: this.#error ?? (isStuck ? 'not read' : null) };
  }

  /**
   * Ends the process as soon as everything is out, or after `patienceMs`. Node waits at its exit for a write that is
   * under way, which with a reader that has stopped never ends: then a signal ends it, and the status is not `status`.
   */
  endProcess(status: number, patienceMs = END_WITHIN_MS): void {
    const end = () => {
      if (this.#isWriting) process.kill(process.pid, 'SIGKILL');
      else process.exit(status);
    };
    setTimeout(end, patienceMs);
    this.flush(end);
  }

  #writeIn(delayMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#writeNext(), delayMs).unref();
  }

  #writeNext(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#chunk === null) {
      this.#chunk = this.#take();
      this.#lastProgressMs = performance.now();
    }
    this.#isWriting = true;
    this.#write(this.#chunk, (error, written) => {
      this.#isWriting = false;
      if (error === null) this.#progressed(written);
      else this.#failed(error.code ?? error.name);
    });
  }

  #take(): Buffer {
    let characters = 0;
    let count = 0;
    for (const line of this.#lines) {
      if (count > 0 && characters + line.length > WRITE_AT_MOST_CHARACTERS) break;
      characters += line.length;
      count += 1;
    }
    return Buffer.from(this.#lines.splice(0, count).join(''));
  }

  #progressed(written: number): void {
    this.#lastProgressMs = performance.now();
    this.#unwrittenBytes -= written;
    this.#error = null;
    const rest = this.#chunk?.subarray(written);
    this.#chunk = rest === undefined || rest.length === 0 ? null : rest;
    if (this.#unwrittenBytes === 0 && this.#troubleToTell) {
      this.#troubleToTell = false;
      this.onRecovered(this.#lost - this.#lostWhenTold);
      this.#lostWhenTold = this.#lost;
    }
    if (this.#unwrittenBytes > 0) {
      this.#writeNext();
      return;
    }
    for (const callback of this.#flushed.splice(0)) callback();
  }

  #failed(code: string): void {
    if (code === 'EAGAIN') {
      this.#writeIn(BUSY_AGAIN_AFTER_MS);
      return;
    }
    this.#error = code;
    this.#troubleToTell = true;
    this.#writeIn(this.#tryAgainAfterMs);
  }

  /** At the exit there is no background any more; what cannot be written at once is lost. */
  #writeRest(): void {
    if (this.#isWriting || this.#error !== null) return;
    let rest = Buffer.concat([this.#chunk ?? Buffer.alloc(0), Buffer.from(this.#lines.join(''))]);
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(STANDARD_OUTPUT, rest));
    } catch {
      // The process ends: nothing can report it.
    }
  }
}
