import type { SnapshotPage } from '@callboard/backstage-plugin-events-node/emitting';
import type { Knex } from 'knex';
import { outboxTable, pluginId } from './names';
import {
  describeChange,
  findJsonObject,
  watchedTables,
  type WatchedTable,
} from './tables';

/** So many rows of the catalog are locked at once. */
const defaultRowsAtOnce = 500;

/**
 * Writes a page of the catalog into the outbox, as if what is in it had been created just now.
 *
 * 1. Lock the next rows of a table, by their ids, all of them or none: whoever waits with locks in hand may be waited for. A
 *    change that comes later waits for the commit, so its row of the outbox has a later place; one that came before is read.
 *    So whatever subscribers are told of an entity last is how it is.
 * 2. Write them within the database: entities do not come into this process.
 *
 * @param from - `<table> <id>` behind which the page begins, `<table>` for its first; undefined for the first of all
 * @throws Error when somebody has one of the rows locked, with the code of `lock_not_available`
 */
export async function writeSnapshotPage(
  trx: Knex.Transaction,
  from: string | undefined,
  rowsAtOnce = defaultRowsAtOnce,
): Promise<SnapshotPage> {
  const [name = watchedTables[0].name, after] = from?.split(' ') ?? [];
  const index = watchedTables.findIndex(table => table.name === name);
  if (index < 0) {
    throw new Error(`A snapshot of the catalog cannot go on at '${from}'`);
  }
  const ids = await lockRows(trx, watchedTables[index], after, rowsAtOnce);
  await writeRows(trx, watchedTables[index], ids);
  return {
    rows: ids.length,
    next:
      ids.length === rowsAtOnce
        ? `${name} ${ids.at(-1)}`
        : watchedTables.at(index + 1)?.name,
  };
}

async function lockRows(
  trx: Knex.Transaction,
  { name, id, isTold }: WatchedTable,
  after: string | undefined,
  rowsAtOnce: number,
): Promise<string[]> {
  const query = trx(name).whereRaw(isTold).orderBy(id).limit(rowsAtOnce);
  if (after !== undefined) {
    query.where(id, '>', after);
  }
  // SQLite has one writer at a time, who is it.
  if (trx.client.config.client === 'pg') {
    query.forShare().noWait();
  }
  return query.pluck(id);
}

async function writeRows(
  trx: Knex.Transaction,
  table: WatchedTable,
  ids: readonly string[],
): Promise<void> {
  const after = table.describe('watched', findJsonObject(trx));
  await trx.into(trx.raw('?? (topic, payload)', [outboxTable])).insert(
    trx({ watched: table.name })
      .select(
        trx.raw('?', [pluginId]),
        trx.raw(describeChange(table, 'NULL', after)),
      )
      .whereIn(`watched.${table.id}`, ids),
  );
}
