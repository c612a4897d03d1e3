import {
  insertChange,
  type SqliteTriggers,
} from '@callboard/backstage-plugin-events-node/emitting';
import { pluginId } from './names';

/**
 * Tasks that somebody cancelled while they ran.
 *
 * A trigger on `tasks` cannot look into `task_events`: no migration of the scaffolder could rebuild that table.
 */
const cancelledTable = 'callboard_scaffolder_cancelled';

/** Only the reference of the template: the rest of the specification holds what the user entered. */
const templateRef = `
  CASE WHEN json_valid(NEW.spec) AND json_type(NEW.spec, '$.templateInfo.entityRef') = 'text'
    THEN json_extract(NEW.spec, '$.templateInfo.entityRef')
  END`;

const writeDown = (status: string) =>
  insertChange(
    pluginId,
    `json_object(
      'taskId', NEW.id,
      'status', ${status},
      'templateRef', ${templateRef},
      'createdBy', NEW.created_by
    )`,
  );

export const sqlite: SqliteTriggers = {
  tables: { [cancelledTable]: 'task_id TEXT PRIMARY KEY' },
  triggers: {
    callboard_scaffolder_task_insert: `AFTER INSERT ON tasks
      BEGIN
        ${writeDown('NEW.status')}
      END`,
    // A task that is cancelled becomes `failed` when its worker hears of it, after it was recovered perhaps.
    callboard_scaffolder_task_update: `AFTER UPDATE ON tasks
      WHEN OLD.status IS NOT NEW.status
      BEGIN
        ${writeDown(`
          CASE WHEN NEW.status = 'failed' AND NEW.id IN (SELECT task_id FROM ${cancelledTable})
            THEN 'cancelled'
            ELSE NEW.status
          END`)}
        DELETE FROM ${cancelledTable}
        WHERE task_id = NEW.id AND NEW.status <> 'processing'
          AND NOT (OLD.status = 'processing' AND NEW.status = 'open');
      END`,
    callboard_scaffolder_task_cancel: `AFTER INSERT ON task_events
      WHEN NEW.event_type = 'cancelled'
      BEGIN
        INSERT INTO ${cancelledTable} (task_id)
        SELECT NEW.task_id WHERE NEW.task_id NOT IN (SELECT task_id FROM ${cancelledTable});
      END`,
  },
};
