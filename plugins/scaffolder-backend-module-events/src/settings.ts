import type { Config } from '@backstage/config';
import { SettingsReader } from '@callboard/backstage-plugin-events-node/bus';
import type { OutboxBounds } from './maintenance';

/** What `scaffolder.events` in the configuration says; see `config.d.ts` for the meaning of each. */
export interface Settings {
  enabled: boolean;
  outbox: OutboxBounds;
}

const day = 24 * 60 * 60 * 1_000;

/**
 * Reads and checks the configuration.
 *
 * @throws Error that names the setting and what is wrong with it
 */
export function readSettings(config: Config): Settings {
  const reader = new SettingsReader(config);
  return {
    enabled: config.getOptionalBoolean('scaffolder.events.enabled') ?? true,
    outbox: {
      maxAgeMs: reader.duration('scaffolder.events.outbox.maxAge', 7 * day),
      maxRows: reader.whole('scaffolder.events.outbox.maxRows', 100_000),
    },
  };
}
