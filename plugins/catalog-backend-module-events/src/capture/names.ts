import { nameObjects } from '@callboard/backstage-plugin-events-node/emitting';

export const pluginId = 'catalog';

export const { outboxTable } = nameObjects(pluginId);

/** Type of the catalog's own row in `locations`, which nobody registered. */
export const bootstrapLocationType = 'bootstrap';
