/** The watch's parts, for the composition root. */
import { randomBytes } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { episodeIdFrom } from './domain/subject.ts';
import type { Thresholds } from './domain/unit/risk-unit.ts';
import { watchLevels } from './domain/watch/levels.ts';
import type { WatchRules } from './domain/watch/watch.ts';
import { createHeartbeat } from './pager/heartbeat.ts';
import { type Call, createCall } from './pager/outgoing-call.ts';
import { createPagerDuty } from './pager/pagerduty.ts';
import { createSignedWebhook } from './pager/signed-webhook.ts';
import type { RedisConnection } from './redis/connection.ts';
import type { KeyNames } from './redis/key-names.ts';
import { RedisWatchHistory } from './redis/watch-history.ts';
import type { WatchSettings } from './settings/watch-settings.ts';
import { inTime } from './shared/in-time.ts';
import { channelTroubleThrough } from './slack/channel-trouble.ts';
import type { SlackClients } from './slack/slack-clients.ts';
import type { WatchParts } from './usecases/create-watch.ts';
import type { Log, SeenOnce } from './usecases/ports.ts';
import type { LoanHistory, Pager, WatchEvents, WatchStore } from './usecases/watch-ports.ts';

export interface WatchAssembly {
  /** Null: the watch is off. */
  readonly settings: WatchSettings | null;
  readonly thresholds: Thresholds;
  readonly redis: RedisConnection;
  readonly keys: KeyNames;
  readonly store: WatchStore;
  readonly loans: LoanHistory;
  readonly slackClients: SlackClients;
  readonly seenOnce: SeenOnce;
  /** Sends through a proxy; undefined: direct connections. */
  readonly dispatcher: Dispatcher | undefined;
  readonly newEpisodeId: (() => string) | undefined;
  readonly now: () => number;
  readonly log: Log;
  readonly events: WatchEvents;
}

/** Null: the watch is off, and nothing of it is built. */
export function assembleWatch(assembly: WatchAssembly): WatchParts | null {
  const { settings, redis, keys, store, loans, slackClients, seenOnce, log, events } = assembly;
  if (settings === null) return null;
  const { channel, group, heartbeatUrl, digest, hasTripwire } = settings;
  const call = createCall({ dispatcher: assembly.dispatcher });
  const pagers = pagersOf(settings, call, assembly.now);
  const rules: WatchRules = {
    levels: watchLevels(assembly.thresholds, settings.levels),
    everyMs: settings.everyMs,
    escalateAfterMs: settings.escalateAfterMs,
    pageAfterMs: settings.pageAfterMs,
    hasPager: pagers.length > 0,
  };
  const history = new RedisWatchHistory({ connection: redis, keys });
  const { notifier, scheduled } = slackClients.forWatch({ channel, group, rules, history, seenOnce });
  return {
    store,
    history,
    loans,
    seenOnce,
    rules,
    channelId: channel,
    group,
    digest,
    pagers,
    heartbeat: heartbeatUrl === null ? null : createHeartbeat(heartbeatUrl, call, log),
    notifier,
    scheduled,
    hasTripwire,
    channelTrouble: channelTroubleThrough(slackClients.newClient(), channel),
    newEpisodeId: assembly.newEpisodeId ?? (() => episodeIdFrom(randomBytes(8))),
    inTime,
    monotonic: () => performance.now(),
    events,
  };
}

function pagersOf({ pagerDuty, webhook }: WatchSettings, call: Call, now: () => number): Pager[] {
  return [
    ...(pagerDuty === null ? [] : [createPagerDuty(pagerDuty, call)]),
    ...(webhook === null ? [] : [createSignedWebhook(webhook, call, now)]),
  ];
}
