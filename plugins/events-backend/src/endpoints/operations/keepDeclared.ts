import type { Store } from '../../database';
import { changeDurably } from './changeDurably';
import { deleteEndpoints } from './deleteEndpoints';
import { readNow } from './readNow';
import { touchDeclared } from './touchDeclared';

/**
 * Says which endpoints of the configuration this process declares, and removes those that no process has declared for a
 * while: so neither a rolling deployment nor a process with an older configuration takes away what another one declares.
 *
 * Their attempts are many: they go by themselves.
 *
 * @param silentForMs - since when, in milliseconds before now
 * @returns the ids of those that were removed
 */
export async function keepDeclared(
  store: Store,
  ids: readonly string[],
  silentForMs: number,
): Promise<string[]> {
  return changeDurably(store, async trx => {
    // In the order in which everybody locks them.
    const rows: { id: string; declared_at: number | string | null }[] =
      await trx('callboard_endpoints')
        .where({ managed_by: 'config' })
        .orderBy('id')
        .forUpdate()
        .select('id', 'declared_at');
    const nowMs = await readNow(trx, store.dialect);
    await touchDeclared(trx, ids, nowMs);
    const ours = new Set(ids);
    const removed = rows
      .filter(
        ({ id, declared_at }) =>
          !ours.has(id) && Number(declared_at) < nowMs - silentForMs,
      )
      .map(({ id }) => id);
    await deleteEndpoints(trx, removed);
    return removed;
  });
}
