/** Processes of a benchmark: what is measured on a core of its own, asked over Node's own channel. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';

export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** Moves this process to core 1, and with it everything it starts from now on; core 0 is for what is measured. */
export function leaveCore0(): void {
  pin(process.pid, 1);
}

/** Gives a process that was just started core 0. */
export function giveCore0(pid: number): void {
  pin(pid, 0);
}

function pin(pid: number, core: 0 | 1): void {
  if (canPin) spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)]);
}

export interface Child {
  readonly pid: number;
  /** Asks the child for something and reads its answer with this schema. Rejects when the child ends first. */
  ask<Value>(answer: z.ZodType<Value>, what: string, argument?: unknown): Promise<Value>;
  /** Ends it and waits for that. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  /** Whether it is what the benchmark measures, so that it gets core 0. */
  readonly measured?: boolean;
  readonly argument?: unknown;
}

/** Starts `script` (relative to `importer`) and waits until it says that it is ready. */
export async function startChild(
  importer: string,
  script: string,
  { measured = false, argument = null }: ChildOptions = {},
): Promise<Child> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(script, importer)), JSON.stringify(argument)],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  if (measured && child.pid !== undefined) giveCore0(child.pid);
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${script} ended: ${String(code ?? signal)}`);
  });
  ended.catch(() => {});
  const handle = new Handle(child, ended);
  await handle.ready;
  return handle;
}

class Handle implements Child {
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;
  readonly #waiting = new Map<number, (answer: { value?: unknown; error?: string }) => void>();
  #next = 1;

  constructor(child: ChildProcess, ended: Promise<never>) {
    this.#child = child;
    this.#ended = ended;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = Promise.race([promise, ended]);
    child.on('message', (message: { id: number; value?: unknown; error?: string }) => {
      if (message.id === 0) resolve();
      else this.#waiting.get(message.id)?.(message);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ask<Value>(schema: z.ZodType<Value>, what: string, argument: unknown = null): Promise<Value> {
    const id = this.#next++;
    const { promise, resolve } = Promise.withResolvers<{ value?: unknown; error?: string }>();
    this.#waiting.set(id, resolve);
    this.#child.send({ id, what, argument });
    const answer = await Promise.race([promise, this.#ended]);
    this.#waiting.delete(id);
    if (answer.error !== undefined) throw new Error(answer.error);
    return schema.parse(answer.value);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await this.#ended.catch(() => {});
  }
}

/** Resident memory of a process, in MB; null where the system does not say. */
export function residentMb(pid: number): number | null {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null;
  }
}
