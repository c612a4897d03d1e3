import { readDurationFromConfig, type Config } from '@backstage/config';
import { durationToMilliseconds } from '@backstage/types';
import {
  defaultMaxPayloadBytes,
  type GroupCommitterOptions,
  type HandlingOptions,
} from '@callboard/backstage-plugin-events-node/bus';
import type { BusV1Options, ExpiryOptions, ReadingOptions } from './bus';
import type { RetentionOptions } from './maintenance';
import type { RetryPolicy } from './model/retryPolicy';
import type { ListeningOptions } from './notifiers';
import type { StreamOptions } from './streams';

/** What `events` in the configuration says, ingresses aside; see `config.d.ts` for the meaning of each. */
export interface Settings {
  store: { timeLimitMs: number };
  publish: { timeLimitMs: number; maxPayloadBytes: number };
  commit: GroupCommitterOptions;
  handling: HandlingOptions;
  reading: ReadingOptions & { expiry: ExpiryOptions };
  ephemeral: { topics: ReadonlySet<string>; retentionMs: number };
  busV1: BusV1Options;
  listening: ListeningOptions;
  retry: RetryPolicy;
  retention: RetentionOptions;
  streams: StreamOptions;
  expireSubscriptionsAfterMs: number;
  keepDeadMs: number;
}

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const megabyte = 1024 * 1024;
/** Node.js timers know no longer times. */
const longestTimerMs = 2_147_483_647;

/**
 * Reads and checks the configuration.
 *
 * @throws Error that names the setting and what is wrong with it
 */
export function readSettings(config: Config): Settings {
  const duration = (
    key: string,
    fallbackMs: number,
    { leastMs = 1, mostMs = Infinity } = {},
  ) => {
    const ms = config.has(key)
      ? durationToMilliseconds(readDurationFromConfig(config, { key }))
      : fallbackMs;
    if (!Number.isFinite(ms) || ms < leastMs || ms > mostMs) {
      throw new Error(
        `Invalid configuration: ${key} must be a duration from ${leastMs} to ${mostMs} ms`,
      );
    }
    return ms;
  };
  const whole = (
    key: string,
    fallback: number,
    least = 1,
    most = Number.MAX_SAFE_INTEGER,
  ) => {
    const value = config.getOptionalNumber(key) ?? fallback;
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new Error(
        `Invalid configuration: ${key} must be a whole number from ${least} to ${most}`,
      );
    }
    return value;
  };

  const timer = { mostMs: longestTimerMs };
  const leaseMs = duration('events.subscriptions.lease', 30 * second, {
    leastMs: second,
    mostMs: longestTimerMs,
  });
  const ephemeral = {
    topics: new Set(
      config.getOptionalStringArray('events.ephemeral.topics') ?? ['signals'],
    ),
    retentionMs: duration('events.ephemeral.retention', 10 * minute, {
      leastMs: minute,
    }),
  };

  const settings: Settings = {
    store: {
      timeLimitMs: duration('events.store.timeLimit', 30 * second, {
        leastMs: second,
        mostMs: longestTimerMs,
      }),
    },
    publish: {
      timeLimitMs: duration('events.publish.timeLimit', 30 * second, timer),
      maxPayloadBytes: whole(
        'events.publish.maxPayloadBytes',
        defaultMaxPayloadBytes,
      ),
    },
    commit: {
      maxBatchItems: 500,
      maxBatchBytes: 8 * megabyte,
      maxQueuedBytes: whole('events.publish.maxQueuedBytes', 256 * megabyte),
      retryDelayMs: 250,
      appendTimeLimitMs: 30 * second,
    },
    handling: {
      concurrency: whole('events.handlers.concurrency', 10),
      maxBatchEvents: 200,
      maxOpenBatches: 4,
      patienceMs: 250,
      loadedBatchEvents: 16,
      gatherMs: 50,
      waitLimitMs: 30 * second,
      callLimitMs: 30 * second,
      handlerTimeLimitMs: duration(
        'events.handlers.timeLimit',
        5 * minute,
        timer,
      ),
      graceMs: duration('events.handlers.shutdownGrace', 10 * second, timer),
      errorDelayMs: second,
    },
    reading: {
      maxBatchBytes: 16 * megabyte,
      keyPatienceMs: 250,
      leaseMs,
      pollIntervalMs: duration(
        'events.subscriptions.pollInterval',
        2 * second,
        { leastMs: 50, mostMs: longestTimerMs },
      ),
      // A reader whose handlers are busy is heard of three times per lease.
      expiry: { perProcessMs: Math.max(10 * minute, 2 * leaseMs), ephemeral },
    },
    ephemeral,
    busV1: {
      // As many as the stock events backend answers with.
      maxBatchEvents: 10,
      notifyTimeoutMs: whole(
        'events.notifyTimeoutMs',
        55 * second,
        1,
        longestTimerMs,
      ),
      maxHeldRequests: 1_000,
      errorDelayMs: second,
    },
    listening: {
      connectLimitMs: 10 * second,
      heartbeatMs: 10 * second,
      answerLimitMs: 5 * second,
      shortestPauseMs: 500,
      longestPauseMs: 30 * second,
    },
    retry: {
      maxAttempts: whole('events.handlers.retry.maxAttempts', 10),
      initialDelayMs: duration('events.handlers.retry.initialDelay', second),
      factor: 3,
      maxDelayMs: duration('events.handlers.retry.maxDelay', 15 * minute),
      jitter: 0.2,
    },
    retention: {
      retentionMs: duration('events.log.retention', 7 * day),
      maxAgeMs: duration('events.log.maxAge', 30 * day),
      maxEvents: whole('events.log.maxEvents', 10_000_000),
    },
    streams: {
      page: { events: 200, bytes: megabyte },
      pollIntervalMs: 2 * second,
      gatherMs: 50,
      maxReads: 2,
      errorDelayMs: second,
      retryMs: 2 * second,
      shutdownGraceMs: second,
      maxStreams: whole('events.streams.maxStreams', 100),
      timeLimitMs: duration('events.streams.timeLimit', 30 * minute, timer),
      stallLimitMs: duration('events.streams.stallLimit', minute, timer),
      heartbeatMs: duration('events.streams.heartbeat', 15 * second, timer),
    },
    expireSubscriptionsAfterMs: duration(
      'events.subscriptions.expireAfter',
      7 * day,
      { leastMs: minute },
    ),
    keepDeadMs: duration('events.deliveries.keepDead', 14 * day),
  };
  // Subscriptions of ephemeral topics go after the same time, and a busy reader is heard of three times per lease, one
  // that is told to wait when it asks again.
  if (
    ephemeral.retentionMs < Math.max(leaseMs, settings.busV1.notifyTimeoutMs)
  ) {
    throw new Error(
      'Invalid configuration: events.ephemeral.retention must not be shorter than events.subscriptions.lease or events.notifyTimeoutMs',
    );
  }
  if (settings.retention.maxAgeMs < settings.retention.retentionMs) {
    throw new Error(
      'Invalid configuration: events.log.maxAge is a hard cap and must not be shorter than events.log.retention',
    );
  }
  // A subscription is heard of when it claims, which it may not while all its handlers are busy.
  if (
    settings.expireSubscriptionsAfterMs <= settings.handling.handlerTimeLimitMs
  ) {
    throw new Error(
      'Invalid configuration: events.subscriptions.expireAfter must be longer than events.handlers.timeLimit',
    );
  }
  // Nor is it heard of while its reader is told to wait.
  if (settings.expireSubscriptionsAfterMs <= settings.busV1.notifyTimeoutMs) {
    throw new Error(
      'Invalid configuration: events.subscriptions.expireAfter must be longer than events.notifyTimeoutMs',
    );
  }
  return settings;
}
