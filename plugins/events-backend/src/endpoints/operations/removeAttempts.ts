import type { Knex } from 'knex';
import type { Store } from '../../database';

/**
 * Removes the oldest attempts.
 *
 * @param olderThanMs - when they began, in milliseconds before now
 * @param limit - how many at the most
 * @returns how many were removed
 */
export async function removeAttempts(
  { knex, dialect }: Store,
  olderThanMs: number,
  limit: number,
): Promise<number> {
  return removeFirst(
    knex,
    knex('callboard_endpoint_attempts').where(
      'started_at',
      '<',
      knex.raw(`${dialect.nowMs} - ?`, [olderThanMs]),
    ),
    limit,
  );
}

/**
 * Removes the oldest attempts of an endpoint.
 *
 * @param limit - how many at the most
 * @returns how many were removed
 */
export async function removeAttemptsOf(
  knex: Knex,
  endpointId: string,
  limit: number,
): Promise<number> {
  return removeFirst(
    knex,
    knex('callboard_endpoint_attempts').where({ endpoint_id: endpointId }),
    limit,
  );
}

async function removeFirst(
  knex: Knex,
  attempts: Knex.QueryBuilder,
  limit: number,
): Promise<number> {
  return knex('callboard_endpoint_attempts')
    .whereIn('id', attempts.orderBy('started_at').limit(limit).select('id'))
    .delete();
}
