import type { Knex } from 'knex';

/**
 * Lists the positions that readers have in hand, by subscription.
 *
 * @param subscriptionId - of the only one that is looked at
 */
export async function listClaimed(
  knex: Knex,
  subscriptionId?: string,
): Promise<Map<string, Set<number>>> {
  const query = knex('callboard_batches').select(
    'subscription_id',
    'positions',
  );
  if (subscriptionId !== undefined) {
    query.where({ subscription_id: subscriptionId });
  }
  const rows: { subscription_id: string; positions: string }[] = await query;
  const claimed = new Map<string, Set<number>>();
  for (const row of rows) {
    const positions = claimed.get(row.subscription_id) ?? new Set();
    const more: number[] = JSON.parse(row.positions);
    more.forEach(position => positions.add(position));
    claimed.set(row.subscription_id, positions);
  }
  return claimed;
}
