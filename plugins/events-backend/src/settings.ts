import type { Config } from '@backstage/config';
import {
  defaultMaxPayloadBytes,
  longestTimerMs,
  readHandlingSettings,
  SettingsReader,
  type GroupCommitterOptions,
  type HandlingOptions,
} from '@callboard/backstage-plugin-events-node/bus';
import type { BusV1Options, ExpiryOptions, ReadingOptions } from './bus';
import type { ContractValidation } from './contract';
import type { RetentionOptions } from './maintenance';
import type { RetryPolicy } from './model/retryPolicy';
import {
  readWebhookSettings,
  type WebhookSettings,
} from './readWebhookSettings';
import type { ListeningOptions } from './notifiers';
import type { StreamOptions } from './streams';

/** What `events` in the configuration says, ingresses aside; see `config.d.ts` for the meaning of each. */
export interface Settings {
  store: { timeLimitMs: number };
  publish: { timeLimitMs: number; maxPayloadBytes: number };
  contract: { validation: ContractValidation };
  commit: GroupCommitterOptions;
  handling: HandlingOptions;
  reading: ReadingOptions & { expiry: ExpiryOptions };
  ephemeral: { topics: ReadonlySet<string>; retentionMs: number };
  busV1: BusV1Options;
  listening: ListeningOptions;
  retry: RetryPolicy;
  retention: RetentionOptions;
  streams: StreamOptions;
  webhooks: WebhookSettings;
  expireSubscriptionsAfterMs: number;
  keepDeadMs: number;
}

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const megabyte = 1024 * 1024;

/**
 * Reads and checks the configuration.
 *
 * @throws Error that names the setting and what is wrong with it
 */
export function readSettings(config: Config): Settings {
  const reader = new SettingsReader(config);
  const leaseMs = reader.timer(
    'events.subscriptions.lease',
    30 * second,
    second,
  );
  const ephemeral = {
    topics: new Set(
      config.getOptionalStringArray('events.ephemeral.topics') ?? ['signals'],
    ),
    retentionMs: reader.duration('events.ephemeral.retention', 10 * minute, {
      leastMs: minute,
    }),
  };

  const settings: Settings = {
    store: {
      timeLimitMs: reader.timer('events.store.timeLimit', 30 * second, second),
    },
    publish: {
      timeLimitMs: reader.timer('events.publish.timeLimit', 30 * second),
      maxPayloadBytes: reader.whole(
        'events.publish.maxPayloadBytes',
        defaultMaxPayloadBytes,
      ),
    },
    contract: {
      validation: reader.oneOf(
        'events.contract.validation',
        ['enforce', 'warn', 'off'],
        'warn',
      ),
    },
    commit: {
      maxBatchItems: 500,
      maxBatchBytes: 8 * megabyte,
      maxQueuedBytes: reader.whole(
        'events.publish.maxQueuedBytes',
        256 * megabyte,
      ),
      retryDelayMs: 250,
      appendTimeLimitMs: 30 * second,
    },
    handling: readHandlingSettings(reader, 30 * second),
    reading: {
      maxBatchBytes: 16 * megabyte,
      keyPatienceMs: 250,
      leaseMs,
      pollIntervalMs: reader.duration(
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
      notifyTimeoutMs: reader.whole(
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
      maxAttempts: reader.whole('events.handlers.retry.maxAttempts', 10),
      initialDelayMs: reader.duration(
        'events.handlers.retry.initialDelay',
        second,
      ),
      factor: 3,
      maxDelayMs: reader.duration(
        'events.handlers.retry.maxDelay',
        15 * minute,
      ),
      jitter: 0.2,
    },
    retention: {
      retentionMs: reader.duration('events.log.retention', 7 * day),
      maxAgeMs: reader.duration('events.log.maxAge', 30 * day),
      maxEvents: reader.whole('events.log.maxEvents', 10_000_000),
    },
    streams: {
      page: { events: 200, bytes: megabyte },
      pollIntervalMs: 2 * second,
      gatherMs: 50,
      maxReads: 2,
      errorDelayMs: second,
      retryMs: 2 * second,
      shutdownGraceMs: second,
      maxStreams: reader.whole('events.streams.maxStreams', 100),
      timeLimitMs: reader.timer('events.streams.timeLimit', 30 * minute),
      stallLimitMs: reader.timer('events.streams.stallLimit', minute),
      heartbeatMs: reader.timer('events.streams.heartbeat', 15 * second),
    },
    webhooks: readWebhookSettings(config, reader),
    expireSubscriptionsAfterMs: reader.duration(
      'events.subscriptions.expireAfter',
      7 * day,
      { leastMs: minute },
    ),
    keepDeadMs: reader.duration('events.deliveries.keepDead', 14 * day),
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
