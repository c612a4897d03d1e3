import type { Knex } from 'knex';
import { toAttempt, type AttemptRow } from '../attemptRow';
import type { EndpointAttempt } from '../Endpoint';

/**
 * Reads an attempt; undefined when there is none.
 *
 * @param id - a UUID
 * @throws ZodError when another version has written it in another way
 */
export async function readAttempt(
  knex: Knex,
  id: string,
): Promise<EndpointAttempt | undefined> {
  const row = await knex('callboard_endpoint_attempts')
    .where({ id })
    .first<AttemptRow | undefined>();
  return row && toAttempt(row);
}
