import type { WatchedPlugin } from '@callboard/backstage-plugin-events-node/emitting';
import { pluginId } from './names';
import { postgres } from './postgres';
import { sqlite } from './sqlite';

/** What the emitter knows of the catalog. */
export const watchedCatalog: WatchedPlugin = {
  pluginId,
  words: {
    plugin: 'the catalog',
    changes: 'changes of the catalog',
    remedy:
      'Take a snapshot to tell subscribers what the catalog has now. It does not tell what is gone: a consumer that keeps a replica has to empty it first',
  },
  version: 1,
  knownVersion: '4.0',
  columns: {
    final_entities: ['final_entity'],
    locations: ['id', 'type', 'target'],
  },
  wakeOn: [
    'insert into final_entities',
    // With which the entity goes; whatever else is done to this table is nothing to tell of.
    'delete from refresh_state',
    'insert into locations',
    'update locations',
    'delete from locations',
  ],
  postgres,
  sqlite,
};
