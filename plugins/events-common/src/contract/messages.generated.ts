// Made from asyncapi.yaml by `npm run generate`. Change that file, not this one.

import type { JsonValue } from '@backstage/types';

/**
 * An entity came into the catalog, changed, or left it.
 *
 * @public
 */
export interface CatalogEntityChangeEvent {
  topic: 'catalog';
  eventPayload: CatalogEntityChange;
  metadata: EventMetadata;
  [k: string]: JsonValue | undefined;
}
/**
 * What happened to which entity.
 *
 * @public
 */
export interface CatalogEntityChange {
  /**
   * What happened to the entity.
   */
  action: 'created' | 'updated' | 'deleted';
  entity: ChangedEntity;
  /**
   * For an update: what differs from before, as JSON Pointers into the entity (RFC 6901). Objects are compared field by field, lists as a whole.
   */
  changedPaths?: string[];
  [k: string]: JsonValue | undefined;
}
/**
 * The whole entity as the catalog serves it, with its relations and its status; for a deletion, as it was last.
 *
 * @public
 */
export interface ChangedEntity {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    /**
     * Identifies the entity until it is deleted; registered again it has another.
     */
    uid: string;
    [k: string]: JsonValue | undefined;
  };
  [k: string]: JsonValue | undefined;
}
/**
 * Which event this is, and where it comes from. Publishers may add more; names that start with `callboard-` are the system's own.
 *
 * @public
 */
export interface EventMetadata {
  /**
   * The plugin or system that the event comes from.
   */
  source: string;
  /**
   * Identifies the event; the same when it is delivered again.
   */
  eventId: string;
  /**
   * When it happened.
   */
  timestamp: string;
  /**
   * The same for events that come from one cause.
   */
  correlationId?: string;
  [k: string]: string | string[] | undefined;
}
/**
 * A location was registered, points elsewhere now, or was removed.
 *
 * @public
 */
export interface CatalogLocationChangeEvent {
  topic: 'catalog';
  eventPayload: CatalogLocationChange;
  metadata: EventMetadata;
  [k: string]: JsonValue | undefined;
}
/**
 * What happened to which location.
 *
 * @public
 */
export interface CatalogLocationChange {
  /**
   * What happened to the location.
   */
  action: 'added' | 'updated' | 'removed';
  location: {
    /**
     * Identifies the location in the catalog.
     */
    id?: string;
    type: string;
    target: string;
    [k: string]: JsonValue | undefined;
  };
  [k: string]: JsonValue | undefined;
}
/**
 * The status of a task of the scaffolder changed.
 *
 * @public
 */
export interface ScaffolderTaskEvent {
  topic: 'scaffolder';
  eventPayload: ScaffolderTaskChange;
  metadata: EventMetadata;
  [k: string]: JsonValue | undefined;
}
/**
 * Where which task stands. What its user entered is never part of it.
 *
 * @public
 */
export interface ScaffolderTaskChange {
  /**
   * The status that the task has now. `created` is one that waits for a worker: it is new, is retried, or lost its worker.
   */
  action: 'created' | 'processing' | 'completed' | 'failed' | 'cancelled';
  taskId: string;
  /**
   * Reference of the template, if the task was made from one.
   */
  templateRef?: string;
  /**
   * Reference of the user who created the task, if it was a user.
   */
  createdBy?: string;
  [k: string]: JsonValue | undefined;
}
/**
 * The documentation of an entity is being built, was built, or could not be built.
 *
 * @public
 */
export interface TechDocsBuildEvent {
  topic: 'techdocs';
  eventPayload: TechDocsBuild;
  metadata: EventMetadata;
  [k: string]: JsonValue | undefined;
}
/**
 * How the build of which documentation stands.
 *
 * @public
 */
export interface TechDocsBuild {
  /**
   * How the build stands.
   */
  action: 'build_started' | 'build_completed' | 'build_failed';
  /**
   * Reference of the entity that the documentation belongs to.
   */
  entityRef: string;
  /**
   * When the build started; the same in all messages of one build.
   */
  buildTimestamp: string;
  [k: string]: JsonValue | undefined;
}
