import type { Knex } from 'knex';

/**
 * Finds the position of the newest event before a time.
 *
 * @param time - milliseconds since the epoch, or an expression for them
 * @returns 0 when there is none
 */
export async function findPositionBefore(
  knex: Knex,
  time: number | Knex.Raw,
): Promise<number> {
  const row = await knex('callboard_events')
    .where('time', '<', time)
    .orderBy('time', 'desc')
    .orderBy('position', 'desc')
    .first('position');
  return row ? Number(row.position) : 0;
}
