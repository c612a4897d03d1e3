import type { PostgresTriggers } from '@callboard/backstage-plugin-events-node/emitting';

/**
 * Writes down which status a task has now, when it had another one.
 *
 * 1. Columns are named, and the row is not read as a whole: it may hold a workspace of many megabytes, and a heartbeat
 *    updates it every second.
 * 2. Of the specification, which holds what the user entered, only the reference of the template is read. PostgreSQL
 *    refuses JSON with `\u0000` or half a surrogate pair in any string; both become `\ufffd` first.
 * 3. A task that is cancelled becomes `failed` when its worker hears of it. That it was cancelled is in its events, until
 *    it is retried.
 */
export const postgres: PostgresTriggers = {
  declare: `
    spec json;
    template text;
    is_cancelled boolean := false;`,
  body: String.raw`
    IF TG_OP = 'UPDATE' THEN
      IF NEW.status IS NOT DISTINCT FROM OLD.status THEN
        RETURN NULL;
      END IF;
    END IF;
    BEGIN
      spec := regexp_replace(NEW.spec, '\\u(0000|d[89a-f][0-9a-f]{2})', '\\ufffd', 'gi')::json;
      IF json_typeof(spec #> '{templateInfo,entityRef}') = 'string' THEN
        template := spec #>> '{templateInfo,entityRef}';
      END IF;
    EXCEPTION WHEN OTHERS THEN
      template := NULL;
    END;
    IF NEW.status = 'failed' THEN
      EXECUTE format(
        'SELECT EXISTS (SELECT FROM %I.task_events WHERE task_id = $1 AND event_type = ''cancelled'')',
        TG_TABLE_SCHEMA
      ) INTO is_cancelled USING NEW.id;
    END IF;
    payload := json_build_object(
      'taskId', NEW.id,
      'status', CASE WHEN is_cancelled THEN 'cancelled' ELSE NEW.status END,
      'templateRef', template,
      'createdBy', NEW.created_by
    )::text;`,
  after: { tasks: 'INSERT OR UPDATE' },
};
