import type { WatchedPlugin } from '@callboard/backstage-plugin-events-node/emitting';
import { pluginId } from './names';
import { postgres } from './postgres';
import { sqlite } from './sqlite';

/** What the emitter knows of the scaffolder. */
export const watchedScaffolder: WatchedPlugin = {
  pluginId,
  words: {
    plugin: 'the scaffolder',
    changes: 'changes of tasks',
    orElse: 'or another task broker keeps its tasks',
  },
  version: 1,
  knownVersion: '4.2',
  columns: {
    tasks: ['id', 'spec', 'status', 'created_by'],
    task_events: ['task_id', 'event_type'],
  },
  wakeOn: ['insert into tasks', 'update tasks'],
  postgres,
  sqlite,
};
