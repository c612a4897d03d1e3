import type { GithubStore } from '../GithubStore';

/** Notes that a process has a provider. */
export async function noteProvider(
  { knex }: GithubStore,
  provider: string,
  nowMs: number,
): Promise<void> {
  await knex('callboard_github_providers')
    .where({ provider })
    .update({ seen_ms: nowMs });
}

const tables = ['hints', 'locations', 'repositories', 'owners', 'providers'];

/**
 * Forgets everything of providers that no process has had since a time.
 *
 * @param own - those that this process has, whatever it could note of them
 */
export async function forgetProviders(
  { knex }: GithubStore,
  sinceMs: number,
  own: readonly string[],
): Promise<void> {
  const gone: string[] = await knex('callboard_github_providers')
    .where('seen_ms', '<', sinceMs)
    .whereNotIn('provider', [...own])
    .pluck('provider');
  for (const provider of gone) {
    await knex.transaction(async trx => {
      for (const table of tables) {
        await trx(`callboard_github_${table}`).where({ provider }).delete();
      }
    });
  }
}

/**
 * Those of the names that a repository has which is known to a provider.
 *
 * @param names - `owner/name`
 * @returns the node ids by the names in lower case
 */
export async function findNames(
  { knex }: GithubStore,
  provider: string,
  names: readonly string[],
): Promise<Map<string, string>> {
  const rows = await knex('callboard_github_repositories')
    .where({ provider })
    .whereIn(
      'full_name',
      names.map(name => name.toLowerCase()),
    )
    .select('node_id', 'full_name');
  return new Map(rows.map(row => [row.full_name, row.node_id]));
}
