import type { Config } from '@backstage/config';
import { listProviders } from './readProviderSettings';

/** Whether a setting may have any below it, or which. */
type Known = true | { readonly [setting: string]: Known };

const knownOfProvider: Known = {
  host: true,
  organization: true,
  app: true,
  catalogPath: true,
  validateLocationsExist: true,
  filters: {
    repository: true,
    branch: true,
    allowForks: true,
    allowArchived: true,
    topic: { include: true, exclude: true },
    visibility: true,
  },
  schedule: { frequency: true, timeout: true, initialDelay: true, scope: true },
  fullScanFrequency: true,
  pageSizes: { repositories: true },
};

/**
 * Finds what is set below `catalog.providers.github` and read by nobody, such as what is misspelled: a filter of that kind
 * lets everything in.
 *
 * @returns whole keys
 */
export function findUnknownSettings(config: Config): string[] {
  return listProviders(config).flatMap(({ path, config: provider }) =>
    findUnknown(path, provider.get(), knownOfProvider),
  );
}

function findUnknown(path: string, value: unknown, known: Known): string[] {
  if (known === true || typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([setting, below]) => {
    const whole = `${path}.${setting}`;
    const knownBelow = Object.hasOwn(known, setting)
      ? known[setting]
      : undefined;
    return knownBelow ? findUnknown(whole, below, knownBelow) : [whole];
  });
}
