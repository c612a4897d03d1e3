import { CatalogReplica } from '@callboard/backstage-plugin-events-backend-test-utils';
import { z } from 'zod';

const eventSchema = z.object({
  topic: z.string(),
  eventPayload: z.unknown(),
  metadata: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
});

/**
 * Makes the replica of a consumer of the catalog's events.
 *
 * @param lines - events as JSON, in the order in which they were handled
 */
export function readReplica(lines: readonly string[]): CatalogReplica {
  const replica = new CatalogReplica();
  for (const line of lines) {
    replica.apply(eventSchema.parse(JSON.parse(line)));
  }
  return replica;
}
