import type { Config } from '@backstage/config';
import { SettingsReader } from '@callboard/backstage-plugin-events-node/bus';
import type { EntityRule } from './emitting';
import type { OutboxBounds } from './maintenance';

/** What `catalog.events` in the configuration says; see `config.d.ts` for the meaning of each. */
export interface Settings {
  enabled: boolean;
  onInstall: 'nothing' | 'snapshot';
  entityRules: EntityRule[] | undefined;
  outbox: OutboxBounds;
  maxPayloadBytes: number | undefined;
  contract: { enabled: boolean; owner: string; lifecycle: string };
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
    enabled: config.getOptionalBoolean('catalog.events.enabled') ?? true,
    onInstall: reader.oneOf(
      'catalog.events.onInstall',
      ['nothing', 'snapshot'],
      'nothing',
    ),
    entityRules: config
      .getOptionalConfigArray('catalog.events.entities')
      ?.map(readRule),
    outbox: {
      maxAgeMs: reader.duration('catalog.events.outbox.maxAge', 7 * day),
      maxRows: reader.whole('catalog.events.outbox.maxRows', 1_000_000),
    },
    maxPayloadBytes: config.getOptionalNumber('events.publish.maxPayloadBytes'),
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
