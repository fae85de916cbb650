/** The other end of child.ts: what a benchmark's process answers its parent. */

type Handler = (argument: unknown) => unknown;

/** The JSON that the parent gave. */
export function givenArgument(): unknown {
  return JSON.parse(process.argv[2] ?? 'null');
}

/** Says that this process is ready, and answers questions from then on. */
export function answerParent(handlers: Readonly<Record<string, Handler>>): void {
  process.on('message', async (message: { id: number; what: string; argument: unknown }) => {
    try {
      const handler = handlers[message.what];
      if (handler === undefined) throw new Error(`nothing answers ${message.what}`);
      process.send?.({ id: message.id, value: (await handler(message.argument)) ?? null });
    } catch (error) {
      process.send?.({ id: message.id, error: error instanceof Error ? (error.stack ?? '') : String(error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ id: 0 });
}
