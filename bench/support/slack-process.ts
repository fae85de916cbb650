/**
 * Slack, as far as a benchmark needs it: sends requests that were signed before the clock starts, answers the Web API,
 * and notes when each answer arrives at its response URL.
 */
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { z } from 'zod';
import { answerParent } from './parent.ts';
import { TEAM } from './secrets.ts';
import { type Signed, signedRequest } from './signed-request.ts';
import { percentile } from './statistics.ts';

const ANSWERS_WITHIN_MS = 30_000;
const FIRST_ACK_WITHIN_MS = 20_000;

let next = 1;
const answeredAtMs = new Map<number, number>();
/** Those who wait for the answer to one command. */
const awaited = new Map<number, () => void>();

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const url = request.url ?? '';
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const answer = /^\/answer\/(\d+)/.exec(url)?.[1];
    if (answer !== undefined) noteAnswer(Number(answer));
    const body = answer !== undefined ? 'ok' : JSON.stringify(apiAnswer(url, String(Buffer.concat(chunks))));
    const type = answer !== undefined ? 'text/plain' : 'application/json';
    response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
  });
});

function noteAnswer(number: number): void {
  answeredAtMs.set(number, performance.now());
  awaited.get(number)?.();
  awaited.delete(number);
}

function apiAnswer(url: string, body: string): object {
  if (url.endsWith('/auth.test')) {
    const bot = { user_id: 'U0BOT', bot_id: 'B0BOT' };
    return { ok: true, url: 'https://bench.slack.com/', team: 'bench', team_id: TEAM, ...bot };
  }
  if (url.endsWith('/users.info')) {
    const id = new URLSearchParams(body).get('user') ?? '';
    const plain = { deleted: false, is_bot: false, is_restricted: false, tz: 'Etc/UTC' };
    return { ok: true, user: { id, team_id: TEAM, ...plain } };
  }
  return { ok: true };
}

function origin(): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

const loadSchema = z.object({
  port: z.number(),
  kind: z.enum(['command', 'form']),
  command: z.string().default('/ltv'),
  text: z.string().default(''),
  count: z.number(),
  /** So many at once, each connection as fast as it is acked (`eachAnswered`: and answered); or … */
  concurrency: z.number().default(10),
  /** … so many per second, however long the answers take. */
  perSecond: z.number().nullable().default(null),
  /** Waits until every one has its answer at its response URL. */
  answers: z.boolean().default(false),
  /** Sends the next one only then: a bot that is sent more than it can answer refuses some in their acks. */
  eachAnswered: z.boolean().default(false),
});

/** Times in milliseconds. */
interface Sent {
  readonly number: number;
  readonly atMs: number;
  readonly ackMs: number;
  readonly status: number;
}

async function load(argument: unknown) {
  const wanted = loadSchema.parse(argument);
  const { port, count, concurrency, perSecond } = wanted;
  answeredAtMs.clear();
  const requests = Array.from({ length: count }, () => {
    const number = next++;
    return { number, signed: signedRequest({ ...wanted, number, answersTo: origin() }) };
  });
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: perSecond === null ? concurrency : null });
  const send = async ({ number, signed }: { number: number; signed: Signed }): Promise<Sent> => {
    const atMs = performance.now();
    const status = await post(pool, signed);
    return { number, atMs, ackMs: performance.now() - atMs, status };
  };
  const startedAtMs = performance.now();
  const sending: Promise<Sent>[] = [];
  if (perSecond === null) {
    const queue = requests.values();
    const worker = async () => {
      for (const request of queue) {
        const sent = send(request);
        sending.push(sent);
        await sent;
        if (wanted.eachAnswered && !answeredAtMs.has(request.number))
          await new Promise<void>((resolve) => awaited.set(request.number, resolve));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  } else {
    for (const [index, request] of requests.entries()) {
      const waitMs = startedAtMs + (index / perSecond) * 1_000 - performance.now();
      if (waitMs > 1) await pause(waitMs);
      sending.push(send(request));
    }
  }
  const sent = await Promise.all(sending);
  const tookMs = performance.now() - startedAtMs;
  if (wanted.answers) await allAnswered(sent);
  await pool.close();
  const acks = sent.map(({ ackMs }) => ackMs);
  const answers = sent.flatMap(({ number, atMs }) => (answeredAtMs.get(number) ?? Number.NaN) - atMs);
  return {
    perSecond: (count / tookMs) * 1_000,
    bad: sent.filter(({ status }) => status !== 200).length,
    ackP50: percentile(acks, 50),
    ackP99: percentile(acks, 99),
    answerP99: wanted.answers ? percentile(answers, 99) : null,
  };
}

/** The status of the ack; 0 when there was none. */
async function post(pool: Pool, { headers, body }: Signed): Promise<number> {
  try {
    const answer = await pool.request({ method: 'POST', path: '/slack/events', headers, body });
    await answer.body.dump();
    return answer.statusCode;
  } catch {
    return 0;
  }
}

async function allAnswered(sent: readonly Sent[]): Promise<void> {
  const untilMs = performance.now() + ANSWERS_WITHIN_MS;
  while (sent.some(({ number }) => !answeredAtMs.has(number))) {
    if (performance.now() > untilMs) throw new Error('not every command was answered in time');
    await pause(10);
  }
}

/** Asks until somebody listens at this port and acks; resolves then. */
async function firstAck(argument: unknown): Promise<void> {
  const { port } = z.object({ port: z.number() }).parse(argument);
  const pool = new Pool(`http://127.0.0.1:${port}`);
  const untilMs = performance.now() + FIRST_ACK_WITHIN_MS;
  const help = () =>
    signedRequest({ kind: 'command', command: '/ltv', text: 'help', number: next++, answersTo: origin() });
  while ((await post(pool, help())) !== 200) {
    if (performance.now() > untilMs) throw new Error(`nobody acked at port ${port}`);
    await pause(2);
  }
  await pool.close();
}

server.listen(0, '127.0.0.1', () => answerParent({ origin, load, firstAck }));
