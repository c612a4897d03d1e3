import type { RootConfigService } from '@backstage/backend-plugin-api';
import { readDurationFromConfig } from '@backstage/config';
import { durationToMilliseconds } from '@backstage/types';
import type { HandlingOptions } from '../handling/HandlerBus';
import type { GroupCommitterOptions } from '../publishing/GroupCommitter';
import {
  maxClaimWaitMs,
  maxEventsPerClaim,
  maxGroupsPerRequest,
} from './protocol';

/** What the configuration says to a process without the events plugin. */
export interface ClientSettings {
  publishing: { timeLimitMs: number; options: GroupCommitterOptions };
  handling: HandlingOptions;
  /** How long subscribing waits for an events plugin that is away, in milliseconds. */
  subscribePatienceMs: number;
}

const second = 1_000;
const megabyte = 1024 * 1024;

/**
 * Reads the settings that concern a process without the events plugin, which are a part of those of the plugin.
 *
 * @throws Error that names the setting and what is wrong with it
 */
export function readClientSettings(config: RootConfigService): ClientSettings {
  const duration = (key: string, fallbackMs: number) => {
    const ms = config.has(key)
      ? durationToMilliseconds(readDurationFromConfig(config, { key }))
      : fallbackMs;
    // Node.js timers know no longer times.
    if (!(ms >= 1 && ms <= 2_147_483_647)) {
      throw new Error(
        `Invalid configuration: ${key} must be a duration from 1 to 2147483647 ms`,
      );
    }
    return ms;
  };
  const whole = (key: string, fallback: number) => {
    const value = config.getOptionalNumber(key) ?? fallback;
    if (!Number.isInteger(value) || value < 1) {
      throw new Error(
        `Invalid configuration: ${key} must be a whole number of at least 1`,
      );
    }
    return value;
  };
  return {
    publishing: {
      timeLimitMs: duration('events.publish.timeLimit', 30 * second),
      options: {
        maxBatchItems: maxGroupsPerRequest,
        maxBatchBytes: 4 * megabyte,
        maxQueuedBytes: whole('events.publish.maxQueuedBytes', 64 * megabyte),
        retryDelayMs: 250,
        appendTimeLimitMs: 30 * second,
      },
    },
    handling: {
      concurrency: whole('events.handlers.concurrency', 10),
      maxBatchEvents: maxEventsPerClaim,
      maxOpenBatches: 4,
      patienceMs: 250,
      loadedBatchEvents: 16,
      gatherMs: 50,
      waitLimitMs: maxClaimWaitMs,
      callLimitMs: 30 * second,
      handlerTimeLimitMs: duration('events.handlers.timeLimit', 300 * second),
      graceMs: duration('events.handlers.shutdownGrace', 10 * second),
      errorDelayMs: second,
    },
    subscribePatienceMs: 5 * second,
  };
}
