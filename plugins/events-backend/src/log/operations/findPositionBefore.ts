import type { Knex } from 'knex';

/**
 * Finds the position of the newest event before a time.
 *
 * Times never decrease with the position, so the time is searched for by halves, in some twenty-five looks at the
 * primary key of a log of ten million events. An index of times would cost each append more than all searches together.
 *
 * - Each event up to `low` is from before the time, and each behind `high` is not.
 * - The first event behind the middle tells in which half to go on; where there is none, it is the lower one.
 *
 * @param time - milliseconds since the epoch, or an expression for them
 * @returns the head of the log when there is none
 */
export async function findPositionBefore(
  knex: Knex,
  time: number | Knex.Raw,
): Promise<number> {
  const first = knex('callboard_log')
    .where({ id: 1 })
    .select(
      'head as low',
      'tail as high',
      knex.raw('cast(? as bigint) as time', [time]),
    );
  const next = knex
    .select(
      knex.raw('case when e.time < s.time then e.position else s.low end'),
      knex.raw(
        'case when e.time < s.time then s.high else (s.low + s.high) / 2 end',
      ),
      's.time',
    )
    .from('search as s')
    .leftJoin('callboard_events as e', join =>
      join.on(
        'e.position',
        knex.raw(
          '(select min(position) from callboard_events where position > (s.low + s.high) / 2 and position <= s.high)',
        ),
      ),
    )
    .whereRaw('s.low < s.high');
  const row: { low: number | string } | undefined = await knex
    .withRecursive('search', ['low', 'high', 'time'], union =>
      union.unionAll([first, next]),
    )
    .from('search')
    .whereRaw('low >= high')
    .first('low');
  return Number(row?.low ?? 0);
}
