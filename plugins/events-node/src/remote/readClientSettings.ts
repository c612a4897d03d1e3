import type { RootConfigService } from '@backstage/backend-plugin-api';
import { readHandlingSettings } from '../configuration/readHandlingSettings';
import { SettingsReader } from '../configuration/SettingsReader';
import type { HandlingOptions } from '../handling/HandlerBus';
import type { GroupCommitterOptions } from '../publishing/GroupCommitter';
import { maxClaimWaitMs, maxGroupsPerRequest } from './protocol';

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
  const settings = new SettingsReader(config);
  const timeLimitMs = settings.timer('events.publish.timeLimit', 30 * second);
  return {
    publishing: {
      timeLimitMs,
      options: {
        maxBatchItems: maxGroupsPerRequest,
        maxBatchBytes: 4 * megabyte,
        maxQueuedBytes: settings.whole(
          'events.publish.maxQueuedBytes',
          64 * megabyte,
        ),
        retryDelayMs: 250,
        // One request that is never answered must leave time for others.
        appendTimeLimitMs: Math.min(10 * second, Math.ceil(timeLimitMs / 3)),
      },
    },
    handling: readHandlingSettings(settings, maxClaimWaitMs),
    subscribePatienceMs: 5 * second,
  };
}
