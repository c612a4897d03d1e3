import { createHash } from 'node:crypto';
import type { ProviderSettings } from '../settings';

/** A digest of what decides which locations there are. */
export function digestSettings(settings: ProviderSettings): string {
  const { host, source, catalogPath, branch, filters } = settings;
  return createHash('sha256')
    .update(
      JSON.stringify([
        host,
        source,
        catalogPath,
        branch,
        { ...filters, repository: filters.repository?.source },
        settings.validateLocationsExist,
      ]),
    )
    .digest('hex');
}
