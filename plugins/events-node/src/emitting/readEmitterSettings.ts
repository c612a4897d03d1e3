import type { Config } from '@backstage/config';
import { SettingsReader } from '../configuration';
import type { OutboxBounds } from './boundOutbox';

/** What the configuration of every emitter has. */
export interface EmitterSettings {
  enabled: boolean;
  outbox: OutboxBounds;
  maxPayloadBytes: number | undefined;
}

const sevenDaysMs = 7 * 24 * 60 * 60 * 1_000;

/**
 * Reads and checks `enabled` and `outbox` of an emitter, and the limit of the events system.
 *
 * @param pluginId - of the plugin that is watched; the settings are in its `events`
 * @param defaults.maxRows - for `outbox.maxRows`
 * @throws Error that names the setting and what is wrong with it
 */
export function readEmitterSettings(
  config: Config,
  pluginId: string,
  defaults: { maxRows: number },
): EmitterSettings {
  const reader = new SettingsReader(config);
  const key = `${pluginId}.events`;
  return {
    enabled: config.getOptionalBoolean(`${key}.enabled`) ?? true,
    outbox: {
      maxAgeMs: reader.duration(`${key}.outbox.maxAge`, sevenDaysMs),
      maxRows: reader.whole(`${key}.outbox.maxRows`, defaults.maxRows),
    },
    maxPayloadBytes: config.getOptionalNumber('events.publish.maxPayloadBytes'),
  };
}
