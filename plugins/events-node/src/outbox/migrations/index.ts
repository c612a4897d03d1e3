import type { Knex } from 'knex';
import type { OutboxTable } from '../OutboxTable';
import { init } from './init';
import { keepInline } from './keepInline';

/** Names stand in the databases of users: a migration that was released keeps its own. */
const migrations = new Map<string, (outbox: OutboxTable) => Knex.Migration>([
  ['20261122000000_init', init],
  ['20261126000000_keep_inline', keepInline],
]);

/**
 * The migrations, as code and not as files: they are built into the package with everything else.
 */
export function createMigrationSource(
  outbox: OutboxTable,
): Knex.MigrationSource<string> {
  return {
    getMigrations: async () => [...migrations.keys()],
    getMigrationName: name => name,
    async getMigration(name) {
      const migration = migrations.get(name);
      if (!migration) {
        throw new Error(`The outbox has no migration '${name}'`);
      }
      return migration(outbox);
    },
  };
}
