/** Processes of a benchmark: pinned to a core where that is possible, asked over Node's own channel. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';

/** 0: what is measured runs beside nothing else; 1: what asks it. */
export type Core = 0 | 1;

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Asks the child for something and reads its answer with this schema. Rejects when the child ends before. */
  ask<Value>(answer: z.ZodType<Value>, what: string, argument?: unknown): Promise<Value>;
  /** Ends it and waits for that. */
  stop(): Promise<void>;
}

export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** The program and arguments that run this program on that core. */
export function pinned(core: Core | null, command: readonly [string, ...string[]]): [string, string[]] {
  const [program, ...rest] = command;
  return canPin && core !== null ? ['taskset', ['-c', String(core), ...command]] : [program, rest];
}

export interface ChildOptions {
  readonly core: Core | null;
  readonly argument?: unknown;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `script` (beside `importer`) and waits until it says that it is ready. */
export async function startChild(importer: string, script: string, options: ChildOptions): Promise<Child> {
  const path = fileURLToPath(new URL(script, importer));
  const [program, args] = pinned(options.core, [
    process.execPath,
    path,
    JSON.stringify(options.argument ?? null),
  ]);
  const child = spawn(program, args, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${script} ended: ${String(code ?? signal)}`);
  });
  ended.catch(() => {});
  const handle = new Handle(child, ended);
  await handle.ready;
  return handle;
}

class Handle implements Child {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  readonly #ended: Promise<never>;
  readonly #waiting = new Map<number, (answer: { value?: unknown; error?: string }) => void>();
  #next = 1;

  constructor(child: ChildProcess, ended: Promise<never>) {
    this.process = child;
    this.#ended = ended;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = Promise.race([promise, ended]);
    child.on('message', (message: { id: number; value?: unknown; error?: string }) => {
      if (message.id === 0) resolve();
      else this.#waiting.get(message.id)?.(message);
    });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  async ask<Value>(schema: z.ZodType<Value>, what: string, argument: unknown = null): Promise<Value> {
    const id = this.#next++;
    const { promise, resolve } = Promise.withResolvers<{ value?: unknown; error?: string }>();
    this.#waiting.set(id, resolve);
    this.process.send({ id, what, argument });
    const answer = await Promise.race([promise, this.#ended]);
    this.#waiting.delete(id);
    if (answer.error !== undefined) throw new Error(answer.error);
    return schema.parse(answer.value);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL');
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

/** CPU time of a process so far, in milliseconds; in steps of 10 ms. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
