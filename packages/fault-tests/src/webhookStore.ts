import type { Knex } from 'knex';
import { z } from 'zod';
import { waitUntil } from './ReplicaGroup';

/** Resolves when nothing is in hand and nothing is owed for some endpoints. */
export async function waitUntilSettled(
  knex: Knex,
  endpointIds: readonly string[],
): Promise<void> {
  const ids = endpointIds.map(id => `webhook:${id}`);
  let left: { state: string; count: number }[] = [];
  await waitUntil(
    async () => {
      left = await countLeft(knex, ids);
      return left.length === 0;
    },
    () => `there is left: ${JSON.stringify(left)}`,
  );
}

async function countLeft(
  knex: Knex,
  ids: readonly string[],
): Promise<{ state: string; count: number }[]> {
  const batches: { ticket: string }[] = await knex('callboard_batches')
    .whereIn('subscription_id', [...ids])
    .select('ticket');
  if (batches.length > 0) {
    return [{ state: 'in hand', count: batches.length }];
  }
  return knex('callboard_deliveries')
    .whereIn('subscription_id', [...ids])
    .whereIn('state', ['due', 'blocked', 'claimed'])
    .groupBy('state')
    .select('state', knex.raw('count(*) as count'));
}

/** Ids of events of which it is written down that they were delivered to an endpoint. */
export async function listDelivered(
  knex: Knex,
  endpointId: string,
): Promise<string[]> {
  return knex('callboard_endpoint_attempts')
    .where({ endpoint_id: endpointId, outcome: 'delivered' })
    .distinct('event_id')
    .pluck('event_id');
}

const healthSchema = z.object({ breaker: z.object({ state: z.string() }) });

/** The state of the breaker of an endpoint, of which something is known. */
export async function readBreaker(
  knex: Knex,
  endpointId: string,
): Promise<string> {
  const row: { health: string | null } | undefined = await knex(
    'callboard_endpoint_health',
  )
    .where({ endpoint_id: endpointId })
    .first('health');
  return healthSchema.parse(JSON.parse(row?.health ?? 'null')).breaker.state;
}
