/** `/loandesk status`: is everything behind the bot well? Asks Redis now, and the exchange client what it knows. */
import type { LoanExchange } from '../binance/loan-exchange.ts';
import type { CloseMode } from '../domain/policy.ts';
import type { RedisConnection } from '../redis/connection.ts';
import type { RedisOutbox } from '../redis/outbox.ts';
import { checkRedis } from '../redis/startup-check.ts';
import { CLOCKS_AGREE_WITHIN_MS, type StoreClock } from '../redis/store-clock.ts';
import type { StatusView } from '../usecases/desk.ts';
import type { StopCause } from '../usecases/ports.ts';
import type { LogOutputState } from './log-output.ts';

type Line = StatusView['lines'][number];

export interface StatusProbeParts {
  readonly exchange: Pick<LoanExchange, 'snapshot' | 'stops'>;
  readonly redis: RedisConnection;
  readonly outbox: Pick<RedisOutbox, 'backlog'>;
  readonly clock: Pick<StoreClock, 'offMs'>;
  readonly logState: () => LogOutputState;
  readonly mode: CloseMode;
  /** Of this program. */
  readonly version: string;
  readonly now: () => number;
}

export function createStatusProbe(parts: StatusProbeParts): () => Promise<StatusView> {
  const { exchange, mode, version, now, logState } = parts;
  return async () => ({
    version,
    nodeVersion: process.versions.node,
    mode,
    lines: [
      ...(await redisLines(parts)),
      ...exchangeLines(exchange, now()),
      ...(await stopLines(exchange)),
      ...logLines(logState()),
    ],
  });
}

function logLines({ lost, trouble }: LogOutputState): Line[] {
  if (trouble !== null) {
    return [
      { name: 'Log', level: 'fault', text: `can't be written (${trouble}); ${lost} lines lost so far` },
    ];
  }
  return lost === 0
    ? []
    : [{ name: 'Log', level: 'warning', text: `${lost} lines were lost since the start` }];
}

function clockLines(offMs: number): Line[] {
  if (Math.abs(offMs) <= CLOCKS_AGREE_WITHIN_MS) return [];
  const off = `${Math.round(Math.abs(offMs) / 1000)} s ${offMs > 0 ? 'ahead of' : 'behind'} the other clocks`;
  return [
    {
      name: 'Redis',
      level: 'fault',
      text: `its clock is ${off}: nothing is decided or sent until it agrees`,
    },
  ];
}

async function redisLines({ redis, outbox, clock }: StatusProbeParts): Promise<Line[]> {
  const startedMs = performance.now();
  try {
    const findings = await checkRedis(redis);
    const tookMs = Math.round(performance.now() - startedMs);
    const { setAside, kept, nowMs } = await outbox.backlog();
    return [
      { name: 'Redis', level: 'ok', text: `answers in ${tookMs} ms` },
      ...clockLines(clock.offMs(nowMs)),
      ...findings.map(({ level, text, advice }) => ({
        name: 'Redis',
        level,
        text: advice === '' ? text : `${text}. ${advice}`,
      })),
      ...(setAside === 0
        ? []
        : [{ name: 'Messages', level: 'warning', text: setAsideText(setAside) } as const]),
      ...(kept === 0 ? [] : [{ name: 'Messages', level: 'warning', text: keptText(kept) } as const]),
    ];
  } catch {
    return [
      {
        name: 'Redis',
        level: 'fault',
        text: "can't be reached: closes and approvals are refused until it is back",
      },
    ];
  }
}

function setAsideText(count: number): string {
  const what = count === 1 ? '1 message' : `${count} messages`;
  return `${what} couldn't be read and never reached people; \`npm run doctor\` says where to look. The cards show what is recorded.`;
}

function keptText(count: number): string {
  const what = count === 1 ? '1 message has' : `${count} messages have`;
  return `${what} been refused by Slack and will be tried again. The log says why.`;
}

/** Its time is asked for every five minutes, so that a longer silence is trouble, whether or not people ask. */
const SILENT_AFTER_MS = 6 * 60_000;

/** Both in the exchange's time. */
function answeredLine(lastSuccessAtMs: number | null, nowMs: number): Line {
  const name = 'Binance';
  if (lastSuccessAtMs === null) return { name, level: 'fault', text: 'no call answered since the start' };
  const silentMs = Math.max(0, nowMs - lastSuccessAtMs);
  const text = `last answered ${Math.round(silentMs / 1000)} s ago`;
  return { name, level: silentMs > SILENT_AFTER_MS ? 'fault' : 'ok', text };
}

function exchangeLines(exchange: StatusProbeParts['exchange'], nowMs: number): Line[] {
  const { clock, weights, sharedCountDown, maintenance, lastSuccessAtMs, accounts } = exchange.snapshot();
  const lines: Line[] = [
    answeredLine(lastSuccessAtMs, nowMs + (clock?.offsetMs ?? 0)),
    clock === null
      ? { name: 'Clock', level: 'fault', text: "Binance's clock couldn't be read: nothing is signed" }
      : {
          name: 'Clock',
          level: 'ok',
          text: `${clock.offsetMs} ms from Binance's, measured ${Math.round(clock.ageMs / 1000)} s ago with ${clock.rttMs} ms round trip`,
        },
  ];
  if (maintenance) lines.push({ name: 'Binance', level: 'warning', text: 'is under maintenance' });
  if (sharedCountDown)
    lines.push({
      name: 'Limits',
      level: 'warning',
      text: "the shared count can't be read: small local budget, no closes",
    });
  for (const { bucket, used, limit, waiting } of weights) {
    lines.push({
      name: 'Weight',
      level: 'ok',
      text: `${bucket}: ${used} of ${limit} this minute${waiting > 0 ? `, ${waiting} waiting` : ''}`,
    });
  }
  for (const { name, role, keyKind, units, learned } of accounts) {
    const unit =
      role === 'parent'
        ? 'sees all units'
        : learned
          ? units.length === 0
            ? 'sees no active unit'
            : `can close unit ${units.join(', ')}`
          : "hasn't shown its unit yet";
    lines.push({
      name: 'Account',
      level: role === 'credit' && !learned ? 'warning' : 'ok',
      text: `${name} (${role}, ${keyKind}): ${unit}`,
    });
  }
  return lines;
}

/** Those of all replicas; where they cannot be read, what this one knows. */
async function stopLines({ stops, snapshot }: StatusProbeParts['exchange']): Promise<Line[]> {
  const inForce = await stops.list().catch(() => snapshot().stops);
  return inForce.map(({ bucket, untilMs, cause }) => ({
    name: 'Stopped',
    level: 'warning',
    text: `${bucket} until ${new Date(untilMs).toISOString()}: ${causeText(cause)}. An approver can lift it: /loandesk resume`,
  }));
}

function causeText({ httpStatus, exchangeCode }: StopCause): string {
  if (httpStatus === null) return 'Binance told Loandesk to stop';
  return `Binance answered HTTP ${httpStatus}${exchangeCode === null ? '' : `, code ${exchangeCode}`}`;
}
