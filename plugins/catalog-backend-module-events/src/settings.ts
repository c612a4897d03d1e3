import type { Config } from '@backstage/config';
import { SettingsReader } from '@callboard/backstage-plugin-events-node/bus';
import {
  readEmitterSettings,
  type EmitterSettings,
} from '@callboard/backstage-plugin-events-node/emitting';
import { pluginId } from './capture';
import type { EntityRule } from './translating';

/** What `catalog.events` in the configuration says; see `config.d.ts` for the meaning of each. */
export interface Settings extends EmitterSettings {
  onInstall: 'nothing' | 'snapshot';
  entityRules: EntityRule[] | undefined;
  contract: { enabled: boolean; owner: string; lifecycle: string };
}

/**
 * Reads and checks the configuration.
 *
 * @throws Error that names the setting and what is wrong with it
 */
export function readSettings(config: Config): Settings {
  const reader = new SettingsReader(config);
  return {
    ...readEmitterSettings(config, pluginId, { maxRows: 1_000_000 }),
    onInstall: reader.oneOf(
      'catalog.events.onInstall',
      ['nothing', 'snapshot'],
      'nothing',
    ),
    entityRules: config
      .getOptionalConfigArray('catalog.events.entities')
      ?.map(readRule),
    contract: {
      enabled:
        config.getOptionalBoolean('catalog.events.contract.enabled') ?? true,
      owner:
        config.getOptionalString('catalog.events.contract.owner') ?? 'unknown',
      lifecycle:
        config.getOptionalString('catalog.events.contract.lifecycle') ??
        'production',
    },
  };
}

function readRule(rule: Config): EntityRule {
  const kind = rule.getOptional('kind');
  const kinds =
    typeof kind === 'string' ? [kind] : rule.getOptionalStringArray('kind');
  const annotations = rule.getOptionalConfigArray('annotations');
  if (!kinds && !annotations) {
    throw new Error(
      'Invalid configuration: an entry of catalog.events.entities needs a kind, annotations, or both',
    );
  }
  return {
    kinds: kinds?.map(name => name.toLocaleLowerCase('en-US')),
    annotations:
      annotations &&
      new Map(
        annotations.map(annotation => [
          annotation.getString('name'),
          annotation.getOptionalString('value'),
        ]),
      ),
  };
}
