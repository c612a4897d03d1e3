import type { Knex } from 'knex';

/** Lists the positions that readers have in hand, by subscription. */
export async function listClaimed(
  knex: Knex,
): Promise<Map<string, Set<number>>> {
  const rows: { subscription_id: string; positions: string }[] = await knex(
    'callboard_batches',
  ).select('subscription_id', 'positions');
  const claimed = new Map<string, Set<number>>();
  for (const row of rows) {
    const positions = claimed.get(row.subscription_id) ?? new Set();
    const more: number[] = JSON.parse(row.positions);
    more.forEach(position => positions.add(position));
    claimed.set(row.subscription_id, positions);
  }
  return claimed;
}
