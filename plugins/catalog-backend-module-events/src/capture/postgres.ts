import type { PostgresTriggers } from '@callboard/backstage-plugin-events-node/emitting';
import {
  describeChange,
  jsonObjects,
  watchedTables,
  type WatchedTable,
} from './tables';

/**
 * 1. The entity is text that the catalog wrote as JSON; it is compared and joined as text. A migration of the catalog may
 *    write what was there before.
 * 2. One random id for all changes of a transaction ties them together.
 */
export const postgres: PostgresTriggers = {
  declare: `
    before text;
    after text;
    correlation text;`,
  body: `
    CASE TG_TABLE_NAME
      ${watchedTables.map(readRow).join('\n')}
    END CASE;
    IF payload IS NULL THEN
      RETURN NULL;
    END IF;
    correlation := nullif(current_setting('callboard.transaction', true), '');
    IF correlation IS NULL THEN
      correlation := gen_random_uuid()::text;
      PERFORM set_config('callboard.transaction', correlation, true);
    END IF;
    metadata := '{"correlationId":"' || correlation || '"}';`,
  after: Object.fromEntries(
    watchedTables.map(({ name }) => [name, 'INSERT OR UPDATE OR DELETE']),
  ),
};

function readRow(table: WatchedTable): string {
  const describe = (row: string) => table.describe(row, jsonObjects.pg);
  return `
    WHEN '${table.name}' THEN
      IF TG_OP <> 'INSERT' THEN
        before := ${describe('OLD')};
      END IF;
      IF TG_OP <> 'DELETE' THEN
        after := ${describe('NEW')};
      END IF;
      IF before IS DISTINCT FROM after THEN
        payload := ${describeChange(table, 'before', 'after')};
      END IF;`;
}
