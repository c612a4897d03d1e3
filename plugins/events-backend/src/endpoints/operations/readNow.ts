import type { Knex } from 'knex';
import type { Dialect } from '../../database';

/** The time by the store's clock, in milliseconds since the epoch. */
export async function readNow(knex: Knex, dialect: Dialect): Promise<number> {
  const row = await knex.first<{ now: number | string }>(
    knex.raw(`${dialect.nowMs} as now`),
  );
  return Number(row.now);
}
