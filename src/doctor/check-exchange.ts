/** Binance: reachable, the clock offset, and each key's role and permissions. Reads only. */
import type { ExchangeSnapshot, KeyPermissions } from '../binance/exchange-status.ts';
import type { LoanExchange } from '../binance/loan-exchange.ts';
import type { CloseMode } from '../domain/policy.ts';
import { type Finding, findingsAbout } from './finding.ts';

const { ok, warning, fault } = findingsAbout('Binance');

/** Loandesk corrects the offset, but a clock this far off points to a problem with the machine. */
const CLOCK_OFF_BY_MS = 1_000;

export async function checkExchange(exchange: LoanExchange, mode: CloseMode): Promise<Finding[]> {
  await exchange.start();
  const maintenance = await exchange.checks.isUnderMaintenance();
  const findings = [judgeStatus(maintenance)];
  const before = exchange.snapshot();
  findings.push(judgeClock(before.clock));
  if (before.clock === null && before.lastSuccessAtMs === null) return findings;
  for (const account of before.accounts) {
    findings.push(...(await checkKey(exchange, account.name, account.role, mode)));
  }
  findings.push(...judgeUnits(exchange.snapshot().accounts));
  const sharedCountDown = exchange.snapshot().sharedCountDown;
  if (sharedCountDown)
    findings.push(warning("rate limits couldn't be counted in Redis", 'See the lines on Redis.'));
  return findings;
}

function judgeStatus(maintenance: boolean | null): Finding {
  if (maintenance === null) {
    return fault(
      "Binance doesn't answer",
      'Check that BINANCE_API_URL can be reached from here: DNS, firewall, proxy.',
    );
  }
  return maintenance ? warning('Binance is under maintenance', 'Try again later.') : ok('Binance is up');
}

function judgeClock(clock: ExchangeSnapshot['clock']): Finding {
  if (clock === null) {
    return fault("Binance's clock couldn't be read: nothing can be signed", 'See the line above.');
  }
  const text = `this machine's clock is ${Math.round(clock.offsetMs)} ms from Binance's (round trip ${Math.round(clock.rttMs)} ms)`;
  return Math.abs(clock.offsetMs) > CLOCK_OFF_BY_MS
    ? warning(text, 'Loandesk corrects it, but set the clock by NTP: logs and the audit carry its times.')
    : ok(text);
}

async function checkKey(
  exchange: LoanExchange,
  name: string,
  role: 'parent' | 'credit',
  mode: CloseMode,
): Promise<Finding[]> {
  const who = `${role} key ${JSON.stringify(name)}`;
  const read = await exchange.checks.permissionsOf(name);
  if (!read.ok) return [fault(`${who}: ${read.failure.meaning}`, read.failure.advice)];
  return judgePermissions(who, role, read.value, mode);
}

function judgePermissions(
  who: string,
  role: 'parent' | 'credit',
  { enableReading, enableSpotAndMarginTrading, enableWithdrawals, ipRestrict }: KeyPermissions,
  mode: CloseMode,
): Finding[] {
  const findings: Finding[] = [];
  const change = 'Change it in API Management of that account.';
  if (!enableReading) findings.push(fault(`${who} lacks the permission to read`, change));
  if (role === 'credit' && !enableSpotAndMarginTrading) {
    const text = `${who} can't trade, which a close requires`;
    findings.push(
      mode === 'live' ? fault(text, change) : warning(`${text} (dry run: no close is sent)`, change),
    );
  }
  if (role === 'parent' && enableSpotAndMarginTrading) {
    findings.push(warning(`${who} can trade, and never needs to`, change));
  }
  if (enableWithdrawals)
    findings.push(warning(`${who} can withdraw, and never needs to`, `Remove the permission. ${change}`));
  if (!ipRestrict) {
    findings.push(warning(`${who} works from any IP address`, 'Restrict it to the IP addresses of the bot.'));
  }
  if (!findings.some(({ level }) => level === 'fault'))
    findings.unshift(ok(`${who} works and has the permissions it needs`));
  return findings;
}

function judgeUnits(accounts: ExchangeSnapshot['accounts']): Finding[] {
  const findings: Finding[] = [];
  const ownerOf = new Map<string, string>();
  for (const { name, role, units, learned } of accounts) {
    if (role === 'parent') continue;
    const who = `credit key ${JSON.stringify(name)}`;
    if (!learned) {
      findings.push(
        fault(
          `${who} hasn't shown its unit`,
          'Check its role: a parent key, or a key of another account, sees no unit here.',
        ),
      );
    } else if (units.length === 0) {
      findings.push(
        warning(`${who} shows no active unit`, 'It can close nothing. Remove it if it is no longer needed.'),
      );
    } else {
      findings.push(ok(`${who} can close unit ${units.join(', ')}`));
    }
    for (const unit of units) {
      const other = ownerOf.get(unit);
      if (other !== undefined) {
        findings.push(
          warning(
            `unit ${unit} is shown by two keys: ${JSON.stringify(other)} and ${JSON.stringify(name)}`,
            'Keep one.',
          ),
        );
      }
      ownerOf.set(unit, name);
    }
  }
  return findings;
}
