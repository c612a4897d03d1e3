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
 * Every permission of the events plugin.
 *
 * @public
 */
export const eventsPermissions = [
  eventReadPermission,
  subscriptionReadPermission,
  deliveryReadPermission,
  replayCreatePermission,
];
