import type { Config } from '@backstage/config';
import {
  readEmitterSettings,
  type EmitterSettings,
} from '@callboard/backstage-plugin-events-node/emitting';
import { pluginId } from './capture';

/**
 * Reads and checks `scaffolder.events` in the configuration; see `config.d.ts` for the meaning of each.
 *
 * @throws Error that names the setting and what is wrong with it
 */
export function readSettings(config: Config): EmitterSettings {
  return readEmitterSettings(config, pluginId, { maxRows: 100_000 });
}
