import { nameObjects } from '@callboard/backstage-plugin-events-node/emitting';

export const pluginId = 'scaffolder';

export const { outboxTable } = nameObjects(pluginId);
