import type { Knex } from 'knex';

/** SQLite unites 500 at the most; more are united in groups of so many. */
const maxUnited = 400;

/**
 * Merges queries that each read a range of an index, in the order of positions: the cost is that of the rows returned,
 * however long the ranges.
 *
 * @param ranges - at least one; each gives a column `position`, and no more rows than the limit
 * @param limit - how many rows at the most
 */
export function uniteRanges(
  knex: Knex,
  ranges: readonly Knex.QueryBuilder[],
  limit: number,
): Knex.QueryBuilder {
  const select = (range: Knex.QueryBuilder) =>
    knex.select('*').from(range.as('range'));
  if (ranges.length <= maxUnited) {
    return knex.unionAll(ranges.map(select)).orderBy('position').limit(limit);
  }
  const groups: Knex.QueryBuilder[] = [];
  for (let first = 0; first < ranges.length; first += maxUnited) {
    const group = ranges.slice(first, first + maxUnited);
    groups.push(uniteRanges(knex, group, limit));
  }
  return uniteRanges(knex, groups, limit);
}
