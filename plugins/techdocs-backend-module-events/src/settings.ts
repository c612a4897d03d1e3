import type { Config } from '@backstage/config';
import type { FollowedParts } from './following';

/** What `techdocs.events` in the configuration says; see `config.d.ts` for the meaning of each. */
export interface Settings {
  parts: FollowedParts;
  ci: { enabled: boolean };
}

/** Reads the configuration. */
export function readSettings(config: Config): Settings {
  const isOn = (key: string) =>
    config.getOptionalBoolean(`techdocs.events.${key}`) ?? true;
  return {
    parts: {
      preparers: isOn('preparers'),
      generator: isOn('generator'),
      publisher: isOn('publisher'),
    },
    ci: { enabled: isOn('ci.enabled') },
  };
}
