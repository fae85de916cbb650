/**
 * Slack, as far as a benchmark needs it: sends signed requests that were built before the clock starts, answers the
 * Web API, and notes when each answer arrives at its response URL.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { answerParent } from '../support/parent.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { signedRequest, TEAM } from '../support/signed-request.ts';
import { percentile } from '../support/statistics.ts';

const ANSWERS_WITHIN_MS = 30_000;

let next = 1;
const answeredAtMs = new Map<number, number>();
const answerTexts = new Map<number, string>();
let keepTexts = false;

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => reply(request, Buffer.concat(chunks).toString('utf8'), response));
});

function reply(request: IncomingMessage, body: string, response: ServerResponse): void {
  const answer = /^\/answer\/(\d+)/.exec(request.url ?? '')?.[1];
  if (answer !== undefined) {
    answeredAtMs.set(Number(answer), performance.now());
    if (keepTexts) answerTexts.set(Number(answer), body.slice(0, 4_000));
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 2 }).end('ok');
    return;
  }
  const json = JSON.stringify(apiAnswer(request.url ?? '', body));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
  response.end(json);
}

function apiAnswer(url: string, body: string): object {
  if (url.endsWith('/auth.test')) {
    return {
      ok: true,
      url: 'https://bench.slack.com/',
      team: 'bench',
      team_id: TEAM,
      user_id: 'U0BOT',
      bot_id: 'B0BOT',
    };
  }
  if (url.endsWith('/users.info')) {
    const id = new URLSearchParams(body).get('user') ?? '';
    return {
      ok: true,
      user: { id, team_id: TEAM, deleted: false, is_bot: false, is_restricted: false, tz: 'Etc/UTC' },
    };
  }
  return { ok: true };
}

const loadSchema = z.object({
  /** One or several bots: connections go to them in turn. */
  ports: z.array(z.number()),
  kind: z.enum(['command', 'form']),
  command: z.string().default('/ltv'),
  text: z.string().default(''),
  count: z.number(),
  /** Different people, so that nobody's look-ups are shared. */
  people: z.number().default(1),
  /** Closed loop over so many connections, or … */
  concurrency: z.number().default(1),
  /** … so many a second, whatever becomes of them. */
  perSecond: z.number().nullable().default(null),
  answers: z.boolean().default(false),
  keepTexts: z.boolean().default(false),
});
type Load = z.infer<typeof loadSchema>;

/** Times in milliseconds. */
interface Sent {
  readonly number: number;
  readonly atMs: number;
  readonly ackMs: number;
  readonly status: number;
}

async function load(argument: unknown) {
  const wanted = loadSchema.parse(argument);
  answeredAtMs.clear();
  answerTexts.clear();
  keepTexts = wanted.keepTexts;
  const first = next;
  next += wanted.count;
  const requests = Array.from({ length: wanted.count }, (_, index) =>
    signedRequest({
      ...wanted,
      number: first + index,
      user: `U0PERSON${index % wanted.people}`,
      answersTo: origin(),
    }),
  );
  const startedAtMs = performance.now();
  const sent =
    wanted.perSecond === null
      ? await closedLoop(wanted, first, requests)
      : await paced(wanted, first, requests);
  const tookMs = performance.now() - startedAtMs;
  if (wanted.answers) await allAnswered(sent);
  return report(sent, tookMs, startedAtMs);
}

async function closedLoop({ ports, concurrency }: Load, first: number, requests: Buffer[]): Promise<Sent[]> {
  const sent: Sent[] = [];
  const connections = await Promise.all(
    Array.from({ length: concurrency }, (_, at) => RawConnection.open(ports[at % ports.length] ?? 0)),
  );
  let index = 0;
  await Promise.all(
    connections.map(async (connection) => {
      for (let own = index++; own < requests.length; own = index++) {
        sent.push(await one(connection, first + own, requests[own]));
      }
    }),
  );
  for (const connection of connections) connection.close();
  return sent;
}

async function paced({ ports, perSecond }: Load, first: number, requests: Buffer[]): Promise<Sent[]> {
  const idle: RawConnection[] = [];
  const all: Promise<Sent>[] = [];
  const startedAtMs = performance.now();
  for (const [own, request] of requests.entries()) {
    const dueAtMs = startedAtMs + (own / (perSecond ?? 1)) * 1_000;
    const waitMs = dueAtMs - performance.now();
    if (waitMs > 1) await pause(waitMs);
    const connection = idle.pop() ?? (await RawConnection.open(ports[own % ports.length] ?? 0));
    all.push(
      one(connection, first + own, request).then((sent) => {
        idle.push(connection);
        return sent;
      }),
    );
  }
  const sent = await Promise.all(all);
  for (const connection of idle) connection.close();
  return sent;
}

async function one(connection: RawConnection, number: number, request: Buffer | undefined): Promise<Sent> {
  const atMs = performance.now();
  const status = await connection.send(request ?? Buffer.alloc(0));
  return { number, atMs, ackMs: performance.now() - atMs, status };
}

async function allAnswered(sent: readonly Sent[]): Promise<void> {
  const untilMs = performance.now() + ANSWERS_WITHIN_MS;
  while (sent.some(({ number }) => !answeredAtMs.has(number)) && performance.now() < untilMs) await pause(10);
}

function report(sent: readonly Sent[], tookMs: number, startedAtMs: number) {
  const acks = sent.map(({ ackMs }) => ackMs);
  const answers = sent.flatMap(({ number, atMs }) => {
    const at = answeredAtMs.get(number);
    return at === undefined ? [] : [at - atMs];
  });
  const texts: Record<string, number> = {};
  for (const text of answerTexts.values()) {
    const kind = text.includes('collateral') || text.includes('LTV') ? 'the units' : firstWords(text);
    texts[kind] = (texts[kind] ?? 0) + 1;
  }
  return {
    perSecond: (sent.length / tookMs) * 1_000,
    bad: sent.filter(({ status }) => status !== 200).length,
    ackP50: percentile(acks, 50),
    ackP99: percentile(acks, 99),
    ackMax: Math.max(...acks),
    answered: answers.length,
    answerP50: answers.length === 0 ? null : percentile(answers, 50),
    answerP99: answers.length === 0 ? null : percentile(answers, 99),
    lastAnswerMs: answers.length === 0 ? null : Math.max(...answeredAtMs.values()) - startedAtMs,
    texts,
  };
}

function firstWords(text: string): string {
  return /"text":"([^"]{0,60})/.exec(text)?.[1] ?? 'something else';
}

/** Asks until somebody listens at this port and acks; resolves then. */
async function firstAck(argument: unknown): Promise<void> {
  const { port } = z.object({ port: z.number() }).parse(argument);
  const untilMs = performance.now() + 20_000;
  while (performance.now() < untilMs) {
    try {
      const connection = await RawConnection.open(port);
      const status = await connection.send(
        signedRequest({
          kind: 'command',
          command: '/ltv',
          text: 'help',
          user: 'U0PERSON0',
          number: next++,
          answersTo: origin(),
        }),
      );
      connection.close();
      if (status === 200) return;
    } catch {
      await pause(2);
    }
  }
  throw new Error(`nobody acked at port ${port}`);
}

function origin(): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

server.listen(0, '127.0.0.1', () => answerParent({ origin, load, firstAck }));
