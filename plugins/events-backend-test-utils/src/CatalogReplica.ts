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
 * What a consumer makes of the catalog's events, and of nothing else: it applies them to an empty catalog.
 *
 * @public
 */
export class CatalogReplica {
  /** By their uid. */
  readonly entities = new Map<string, ChangedEntity>();
  /** Each event once, in the order in which they were applied. */
  readonly events: EventParams[] = [];
  readonly changes: CatalogEntityChange[] = [];
  readonly locations: CatalogLocationChange[] = [];
  /**
   * What no sequence of changes can be: an event that does not fit the contract, a creation of what is there, with the
   * same reference too, an update or a deletion of what is not.
   */
  readonly problems: string[] = [];
  readonly #ids = new Set<string>();
  readonly #refs = new Set<string>();
  #repeated = 0;

  /** How many events came again: at least once is what is promised. */
  get repeated(): number {
    return this.#repeated;
  }

  /** Applies an event, unless it was applied before. */
  apply(params: EventParams): void {
    const isEntity = catalogEntityChange.recognises(params);
    if (!isEntity && !catalogLocationChange.recognises(params)) {
      this.problems.push(`does not fit: ${JSON.stringify(params)}`);
      return;
    }
    const { eventId } = params.metadata;
    if (this.#ids.has(eventId)) {
      this.#repeated += 1;
      return;
    }
    this.#ids.add(eventId);
    this.events.push(params);
    if (isEntity) {
      this.#applyChange(params.eventPayload);
    } else {
      this.locations.push(params.eventPayload);
    }
  }

  /** Entities by their references. */
  list(): Map<string, ChangedEntity> {
    return new Map(
      [...this.entities.values()]
        .map((entity): [string, ChangedEntity] => [refOf(entity), entity])
        .sort(([a], [b]) => a.localeCompare(b)),
    );
  }

  #applyChange(change: CatalogEntityChange): void {
    const { action, entity } = change;
    const { uid } = entity.metadata;
    const ref = refOf(entity);
    this.changes.push(change);
    const isThere =
      action === 'created' ? this.#refs.has(ref) : this.entities.has(uid);
    if (isThere === (action === 'created')) {
      this.problems.push(`${action} ${ref} (${uid})`);
    }
    if (action === 'deleted') {
      this.entities.delete(uid);
      this.#refs.delete(ref);
    } else {
      this.entities.set(uid, entity);
      this.#refs.add(ref);
    }
  }
}

function refOf({ kind, metadata }: ChangedEntity): string {
  return `${kind}:${metadata.namespace}/${metadata.name}`.toLocaleLowerCase(
    'en-US',
  );
}
