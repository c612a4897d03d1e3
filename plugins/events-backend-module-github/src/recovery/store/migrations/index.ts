import type { Knex } from 'knex';
import { attemptedAt } from './attemptedAt';
import { init } from './init';

/** Names stand in the databases of users: a migration that was released keeps its own. */
const migrations = new Map<string, Knex.Migration>([
  ['20261126000000_init', init],
  ['20261128000000_attempted_at', attemptedAt],
]);

/** As code and not as files: they are built into the package with everything else. */
export const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: async () => [...migrations.keys()],
  getMigrationName: name => name,
  async getMigration(name) {
    const migration = migrations.get(name);
    if (!migration) {
      throw new Error(`The recovery of webhooks has no migration '${name}'`);
    }
    return migration;
  },
};

export const tableName = 'callboard_github_recovery_knex_migrations';

/** In one transaction: a replica that starts meanwhile waits, and a process that is killed leaves no lock behind. */
export async function migrate(knex: Knex): Promise<void> {
  await knex.transaction(async trx => {
    if (knex.client.config.client === 'pg') {
      await trx.raw('SELECT pg_advisory_xact_lock(hashtext(?))', [tableName]);
    }
    await trx.migrate.latest({ migrationSource, tableName });
  });
}
