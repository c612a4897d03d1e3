import { createPermission } from '@backstage/plugin-permission-common';

/**
 * Read events of the log, payload and metadata included.
 *
 * @public
 */
export const eventReadPermission = createPermission({
  name: 'events.event.read',
  attributes: { action: 'read' },
});

/**
 * Read which topics exist, who subscribes to them, and how far each has read.
 *
 * @public
 */
export const subscriptionReadPermission = createPermission({
  name: 'events.subscription.read',
  attributes: { action: 'read' },
});

/**
 * Read deliveries: what is owed to whom, how often it was tried and why it failed.
 *
 * @public
 */
export const deliveryReadPermission = createPermission({
  name: 'events.delivery.read',
  attributes: { action: 'read' },
});

/**
 * Replay events, which makes subscribers handle them again.
 *
 * @public
 */
export const replayCreatePermission = createPermission({
  name: 'events.replay.create',
  attributes: { action: 'create' },
});

/**
 * Take a snapshot of the catalog, which tells subscribers of everything that it has. A permission of the catalog plugin.
 *
 * @public
 */
export const catalogSnapshotCreatePermission = createPermission({
  name: 'catalog.events.snapshot.create',
  attributes: { action: 'create' },
});

/**
 * Read what became of a webhook of GitHub, and what is known of a repository. A permission of the catalog plugin.
 *
 * @public
 */
export const catalogGithubReadPermission = createPermission({
  name: 'catalog.github.read',
  attributes: { action: 'read' },
});

/**
 * The type of resource that permissions of endpoints are about. Policies may decide by its rules `IS_OWNER` and
 * `HAS_LABEL`.
 *
 * @public
 */
export const endpointResourceType = 'events-endpoint';

/**
 * See an endpoint: its settings, its state and how it fares.
 *
 * @public
 */
export const endpointReadPermission = createPermission({
  name: 'events.endpoint.read',
  attributes: { action: 'read' },
  resourceType: endpointResourceType,
});

/**
 * Make endpoints. Where {@link endpointUpdatePermission} is given under conditions, they hold for the new endpoint too.
 *
 * @remarks
 * Whoever has it and {@link eventReadPermission} can have any event sent to any URL that `events.webhooks` does not refuse,
 * for as long as the endpoint is there: give it to those who may take events out of the portal.
 *
 * @public
 */
export const endpointCreatePermission = createPermission({
  name: 'events.endpoint.create',
  attributes: { action: 'create' },
});

/**
 * Change, pause, test an endpoint, rotate its keys, and send it events again. Conditions hold before the change, and after
 * it.
 *
 * @remarks
 * Whoever has it and {@link eventReadPermission} can change URL and topics, and so have any event sent to any URL that
 * `events.webhooks` does not refuse. Without the latter nothing is changed but the state and the keys; what the endpoint was
 * sent, and any event that is named by its id, can be sent to it again.
 *
 * @public
 */
export const endpointUpdatePermission = createPermission({
  name: 'events.endpoint.update',
  attributes: { action: 'update' },
  resourceType: endpointResourceType,
});

/**
 * Remove an endpoint, with everything that is owed to it.
 *
 * @public
 */
export const endpointDeletePermission = createPermission({
  name: 'events.endpoint.delete',
  attributes: { action: 'delete' },
  resourceType: endpointResourceType,
});

/**
 * Every permission that is about endpoints.
 *
 * @public
 */
export const endpointPermissions = [
  endpointReadPermission,
  endpointCreatePermission,
  endpointUpdatePermission,
  endpointDeletePermission,
];

/**
 * Every permission of the events plugin.
 *
 * @public
 */
export const eventsPermissions = [
  eventReadPermission,
  subscriptionReadPermission,
  deliveryReadPermission,
  replayCreatePermission,
  ...endpointPermissions,
];
