/** One keep-alive connection that writes ready bytes and waits for one whole answer: as little work as possible. */
import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';

export class RawConnection {
  readonly #socket: Socket;
  #text = '';
  #answered: ((status: number) => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#take(chunk));
    const gone = () => this.#settle(0);
    socket.on('close', gone);
    socket.on('error', gone);
  }

  static open(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => resolve(new RawConnection(socket)));
    });
  }

  /** The answer's status; 0 when the connection broke. */
  send(request: Buffer): Promise<number> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      if (this.#socket.destroyed) this.#settle(0);
      else this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#text += chunk;
    const headEnd = this.#text.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#text.slice(0, headEnd).toLowerCase();
    const bodyFrom = headEnd + HEAD_END.length;
    const length = /content-length: (\d+)/.exec(head)?.[1];
    const whole = head.includes('transfer-encoding: chunked')
      ? this.#text.endsWith('0\r\n\r\n')
      : this.#text.length - bodyFrom >= Number(length ?? 0);
    if (!whole) return;
    const status = Number(head.slice(9, 12));
    this.#text = '';
    this.#settle(status);
  }

  #settle(status: number): void {
    const answered = this.#answered;
    this.#answered = null;
    answered?.(status);
  }
}
