import type { Store } from '../../database';
import { toAttemptRow } from '../attemptRow';
import type { EndpointAttempt } from '../Endpoint';
import { recordAttemptsAtOnce } from './recordAttemptsAtOnce';

/** Bindings of these stay far below what SQLite takes in one statement. */
const rowsPerStatement = 100;

/**
 * Writes attempts down; those that are there already stay as they are. Does not wait for the disk: they are told of after
 * their requests, and what is settled afterwards is not on disk before them.
 */
export async function recordAttempts(
  { knex, dialect }: Store,
  attempts: readonly EndpointAttempt[],
): Promise<void> {
  if (attempts.length === 0) {
    return;
  }
  if (dialect.hasFunctions) {
    await recordAttemptsAtOnce(knex, attempts);
    return;
  }
  await knex.transaction(async trx => {
    for (let first = 0; first < attempts.length; first += rowsPerStatement) {
      await trx('callboard_endpoint_attempts')
        .insert(
          attempts.slice(first, first + rowsPerStatement).map(toAttemptRow),
        )
        .onConflict('id')
        .ignore();
    }
  });
}
