import type { Store } from '../../database';

/**
 * Cancels a replay. What it has owed already stays owed.
 *
 * @param id - a UUID
 * @returns whether it was running
 */
export async function cancelReplay(
  { knex, dialect }: Store,
  id: string,
): Promise<boolean> {
  const cancelled: number = await knex('callboard_endpoint_replays')
    .where({ id, state: 'running' })
    .update({ state: 'cancelled', updated_at: knex.raw(dialect.nowMs) });
  return cancelled > 0;
}
