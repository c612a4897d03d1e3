import type { EventParams } from '@backstage/plugin-events-node';
import type {
  CatalogEntityChange,
  CatalogLocationChange,
  ChangedEntity,
} from '@callboard/backstage-plugin-events-common';
import {
  catalogEntityChange,
  catalogLocationChange,
} from '@callboard/backstage-plugin-events-node';

/**
 * Applies events to an empty catalog, and nothing else.
 *
 * Says of each event what is wrong with it: one that does not fit the contract, creates what is there, or changes or
 * deletes what is not.
 */
export class EntityReplica {
  readonly entities = new Map<string, ChangedEntity>();
  readonly changes: CatalogEntityChange[] = [];
  readonly locations: CatalogLocationChange[] = [];
  readonly events: EventParams[] = [];
  readonly problems: string[] = [];
  readonly #ids = new Set<string>();
  #waiting: { holds: () => boolean; resolve: () => void }[] = [];

  readonly onEvent = async (params: EventParams): Promise<void> => {
    this.events.push(params);
    if (catalogEntityChange.recognises(params)) {
      const { eventId } = params.metadata;
      // At least once: a crash may deliver an event again.
      if (!this.#ids.has(eventId)) {
        this.#ids.add(eventId);
        this.#apply(params.eventPayload);
      }
    } else if (catalogLocationChange.recognises(params)) {
      this.locations.push(params.eventPayload);
    } else {
      this.problems.push(`does not fit: ${JSON.stringify(params)}`);
    }
    this.#waiting
      .filter(({ holds }) => holds())
      .forEach(({ resolve }) => resolve());
  };

  /** Entities by their references, as JSON. */
  list(): Map<string, ChangedEntity> {
    return new Map(
      [...this.entities.values()]
        .map((entity): [string, ChangedEntity] => [refOf(entity), entity])
        .sort(([a], [b]) => a.localeCompare(b)),
    );
  }

  /** Waits until something holds after an event. */
  until(holds: () => boolean): Promise<void> {
    return new Promise(resolve => {
      if (holds()) {
        resolve();
      } else {
        this.#waiting.push({ holds, resolve });
      }
    });
  }

  #apply(change: CatalogEntityChange): void {
    const { action, entity } = change;
    const { uid } = entity.metadata;
    this.changes.push(change);
    if (this.entities.has(uid) === (action === 'created')) {
      this.problems.push(`${action} ${refOf(entity)} (${uid})`);
    }
    if (action === 'deleted') {
      this.entities.delete(uid);
    } else {
      this.entities.set(uid, entity);
    }
  }
}

/** Reference of an entity, in small letters. */
export function refOf({ kind, metadata }: ChangedEntity): string {
  return `${kind}:${metadata.namespace}/${metadata.name}`.toLocaleLowerCase(
    'en-US',
  );
}
