import type { Knex } from 'knex';

/**
 * Finds the position of the next event behind a position, and reads nothing else of it.
 *
 * @param topics - undefined for all
 */
export async function findNext(
  knex: Knex,
  position: number,
  topics: readonly string[] | undefined,
): Promise<number | undefined> {
  const firsts: (number | string)[] = [];
  for (const topic of topics ?? [undefined]) {
    const row = await knex('callboard_events')
      .where(topic === undefined ? {} : { topic })
      .where('position', '>', position)
      .orderBy('position')
      .first('position');
    if (row) {
      firsts.push(row.position);
    }
  }
  return firsts.length > 0 ? Math.min(...firsts.map(Number)) : undefined;
}
