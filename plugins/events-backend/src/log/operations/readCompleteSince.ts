import type { Knex } from 'knex';

/**
 * Reads since when nothing has been trimmed: the time of the oldest event, since times never decrease with the position.
 *
 * @returns milliseconds since the epoch; 0 when nothing ever was trimmed, and the time of the newest event when all
 *   were
 */
export async function readCompleteSince(knex: Knex): Promise<number> {
  const row: {
    head: number | string;
    tail_time: number | string;
    first_time: number | string | null;
  } = await knex('callboard_log as l')
    .where({ id: 1 })
    .first(
      'l.head',
      'l.tail_time',
      knex('callboard_events as e')
        .whereRaw('e.position > l.head')
        .orderBy('e.position')
        .limit(1)
        .select('e.time')
        .as('first_time'),
    );
  return Number(row.head) === 0 ? 0 : Number(row.first_time ?? row.tail_time);
}
