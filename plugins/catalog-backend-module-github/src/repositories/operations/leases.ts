import type { GithubStore } from '../GithubStore';

/**
 * Begins a transaction: throws unless the right is held, and nobody can take it until the transaction ends.
 *
 * @param store - whose connection is that of the transaction
 */
export type Fence = (store: GithubStore) => Promise<void>;

const table = 'callboard_github_providers';

/**
 * Makes sure that a provider has its row.
 */
export async function addProvider(
  { knex }: GithubStore,
  provider: string,
): Promise<void> {
  await knex(table).insert({ provider }).onConflict('provider').ignore();
}

/**
 * Takes the right to read and apply for a provider, if nobody has it.
 *
 * @param ticket - proves the right
 * @returns whether it was taken
 */
export async function acquireLease(
  { knex, nowMs }: GithubStore,
  provider: string,
  ticket: string,
  leaseMs: number,
): Promise<boolean> {
  const taken = await knex(table)
    .where({ provider })
    .where(free =>
      free.whereNull('ticket').orWhereRaw(`lease_until_ms < ${nowMs}`),
    )
    .update({ ticket, lease_until_ms: knex.raw(`${nowMs} + ?`, [leaseMs]) });
  return taken === 1;
}

/**
 * Prolongs the right.
 *
 * @returns false when it was lost
 */
export async function renewLease(
  { knex, nowMs }: GithubStore,
  provider: string,
  ticket: string,
  leaseMs: number,
): Promise<boolean> {
  const renewed = await knex(table)
    .where({ provider, ticket })
    .whereRaw(`lease_until_ms >= ${nowMs}`)
    .update({ lease_until_ms: knex.raw(`${nowMs} + ?`, [leaseMs]) });
  return renewed === 1;
}

/** Gives the right back. */
export async function releaseLease(
  { knex }: GithubStore,
  provider: string,
  ticket: string,
): Promise<void> {
  await knex(table)
    .where({ provider, ticket })
    .update({ ticket: null, lease_until_ms: null });
}
