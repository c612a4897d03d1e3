import type { Knex } from 'knex';

/**
 * Gives back attempts that were reserved within a rate limit and do not begin. To be done at once: for each interval that
 * has passed since, one more than the limit says may begin in a row.
 *
 * @param intervalMs - with which they were reserved, in milliseconds
 */
export async function refundAttempts(
  knex: Knex,
  endpointId: string,
  count: number,
  intervalMs: number,
): Promise<void> {
  await knex('callboard_endpoint_health')
    .where({ endpoint_id: endpointId })
    .update({
      rate_free_at: knex.raw('rate_free_at - ?', [count * intervalMs]),
    });
}
