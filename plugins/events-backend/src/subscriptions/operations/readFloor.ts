import type { Knex } from 'knex';

/**
 * Reads the last position that no subscription needs any more: before the smallest cursor and the oldest batch.
 *
 * Cursors first, because a claim moves an event from behind the cursor into a batch: one that the first look misses
 * the second one sees. Whoever looks at what is owed as well does that last.
 *
 * @returns undefined when there is no subscription
 */
export async function readFloor(knex: Knex): Promise<number | undefined> {
  const cursors: { floor: number | string | null }[] = await knex(
    'callboard_subscriptions',
  ).min({ floor: 'cursor' });
  const batches: { first: number | string | null }[] = await knex(
    'callboard_batches',
  ).min({ first: 'first_position' });
  const floors = [
    ...cursors.flatMap(({ floor }) => (floor === null ? [] : [Number(floor)])),
    ...batches.flatMap(({ first }) =>
      first === null ? [] : [Number(first) - 1],
    ),
  ];
  return floors.length > 0 ? Math.min(...floors) : undefined;
}
