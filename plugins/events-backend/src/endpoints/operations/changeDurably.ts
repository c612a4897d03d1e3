import type { Knex } from 'knex';
import type { Store } from '../../database';

/** Runs a transaction that others wait for, and that is on disk when it returns. */
export async function changeDurably<T>(
  { knex, dialect }: Store,
  run: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  await dialect.makeDurable(knex);
  return knex.transaction(async trx => {
    await dialect.endIfFrozen(trx);
    return run(trx);
  });
}
