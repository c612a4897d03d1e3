import type { Entity } from '@backstage/catalog-model';
import {
  catalogEntityChange,
  catalogLocationChange,
} from '@callboard/backstage-plugin-events-node';
import { z } from 'zod';

const eventSchema = z.object({
  topic: z.string(),
  eventPayload: z.unknown(),
  metadata: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
});
export type CatalogEvent = z.infer<typeof eventSchema>;

/** What a consumer makes of events, and of nothing else. */
export interface CatalogReplica {
  events: CatalogEvent[];
  /** By their uid. */
  entities: Map<string, Entity>;
  /** Of locations, as action and target. */
  locations: string[];
  /** What was created, updated and deleted, by uid; in order. */
  actions: Map<string, string[]>;
  /** Events that were delivered again. */
  repeated: number;
  /** What no sequence of changes can be: a creation of what is there, an update or a deletion of what is not. */
  problems: string[];
}

/**
 * Applies events to an empty catalog.
 *
 * @param lines - events as JSON, in the order in which they were handled
 */
export function buildReplica(lines: readonly string[]): CatalogReplica {
  const replica: CatalogReplica = {
    events: [],
    entities: new Map(),
    locations: [],
    actions: new Map(),
    repeated: 0,
    problems: [],
  };
  const ids = new Set<unknown>();
  for (const line of lines) {
    const event = eventSchema.parse(JSON.parse(line));
    if (ids.has(event.metadata.eventId)) {
      replica.repeated += 1;
    } else {
      ids.add(event.metadata.eventId);
      apply(replica, event);
    }
  }
  return replica;
}

function apply(replica: CatalogReplica, event: CatalogEvent): void {
  replica.events.push(event);
  if (catalogLocationChange.recognises(event)) {
    const { action, location } = event.eventPayload;
    replica.locations.push(`${action} ${location.target}`);
  } else if (catalogEntityChange.recognises(event)) {
    const { action, entity } = event.eventPayload;
    const { uid, name } = entity.metadata;
    replica.actions.set(uid, [...(replica.actions.get(uid) ?? []), action]);
    if (replica.entities.has(uid) === (action === 'created')) {
      replica.problems.push(`${action} ${name} ${uid}`);
    }
    if (action === 'deleted') {
      replica.entities.delete(uid);
    } else {
      replica.entities.set(uid, entity);
    }
  } else {
    replica.problems.push(`unknown ${JSON.stringify(event)}`);
  }
}
