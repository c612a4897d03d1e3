import type { Knex } from 'knex';

/*
 * The tables of the module, in the database of the catalog. They are private.
 *
 * Times are milliseconds since the epoch. Names stand in the databases of users: a migration that was released keeps its
 * own.
 */

const migrations = new Map<string, Knex.Migration>([
  [
    '20261126000000_init',
    {
      async up(knex) {
        await knex.schema.createTable('callboard_github_providers', table => {
          table.comment(
            'How far each provider of GitHub is, and who works for it',
          );
          table.text('provider').primary();
          table
            .text('ticket')
            .comment('Of the process that reads and applies now');
          table.bigInteger('lease_until_ms');
          table
            .text('settings')
            .comment('What was configured at the last scan, as a digest');
          table
            .bigInteger('full_scan_ms')
            .comment('When the last full scan began');
          table
            .bigInteger('whole_ms')
            .comment(
              'When the catalog was given all there is of what is configured now',
            );
          table.bigInteger('scan_began_ms').comment('When the last scan began');
          table
            .integer('scans_in_vain')
            .notNullable()
            .defaultTo(0)
            .comment('How many have begun since the last one that went well');
          table
            .bigInteger('scan_ended_ms')
            .comment('When the last scan ended that went well');
          table
            .bigInteger('seen_ms')
            .comment('When a process last said that it has the provider');
        });
        await knex.schema.createTable('callboard_github_owners', table => {
          table.comment(
            'How far scans have looked at each organization or user',
          );
          table.text('provider').notNullable();
          table.text('owner').notNullable().comment('In lower case');
          table
            .bigInteger('looked_until_ms')
            .notNullable()
            .comment('What was pushed or updated before was seen');
          table.primary(['provider', 'owner']);
        });
        await knex.schema.createTable(
          'callboard_github_repositories',
          table => {
            table.comment('What is known of each repository');
            table.text('provider').notNullable();
            table.text('node_id').notNullable();
            table.text('owner').notNullable().comment('In lower case');
            table.text('full_name').notNullable().comment('In lower case');
            table
              .text('state')
              .notNullable()
              .comment('What GitHub said last, as JSON');
            table
              .text('explanation')
              .notNullable()
              .comment('Why the catalog has it, or has it not');
            table.text('listing').comment('The last full scan that saw it');
            table.bigInteger('reconciled_at_ms').notNullable();
            table.primary(['provider', 'node_id']);
            table.index(
              ['provider', 'owner'],
              'callboard_github_repositories_owner',
            );
            table.index(['full_name'], 'callboard_github_repositories_name');
          },
        );
        await knex.schema.createTable('callboard_github_locations', table => {
          table.comment(
            'Locations that the catalog may hold, and for which repository',
          );
          table.text('provider').notNullable();
          table.text('node_id').notNullable();
          table.text('target').notNullable();
          table.text('state').notNullable().comment('adding, held or removing');
          table.primary(['provider', 'node_id', 'target']);
          table.index(
            ['provider', 'target'],
            'callboard_github_locations_target',
          );
        });
        await knex.schema.createTable('callboard_github_hints', table => {
          table.comment(
            'What may have happened to repositories, what came of it, and events that were passed over',
          );
          table.bigIncrements('id');
          table.text('provider').notNullable();
          table.text('node_id').comment('Null when no repository is meant');
          table.text('owner');
          table.text('full_name');
          table.text('cause').notNullable().comment('event, scan or check');
          table.text('event_id');
          table.text('topic');
          table.text('action');
          table.text('delivery').comment("GitHub's id of the delivery");
          table.text('hint').comment('What it says, as JSON');
          table.bigInteger('at_ms').notNullable();
          table
            .text('state')
            .notNullable()
            .comment('pending, settled or passed over');
          table
            .bigInteger('due_at_ms')
            .comment('When it is to be looked at; null unless pending');
          table.integer('attempts').notNullable().defaultTo(0);
          table
            .integer('doubts')
            .notNullable()
            .defaultTo(0)
            .comment(
              "Of the attempts, those at which GitHub's answer was doubted",
            );
          table
            .text('outcome')
            .comment('What came of it, or what went wrong last');
          table.bigInteger('settled_at_ms');
          table.index(['provider', 'due_at_ms'], 'callboard_github_hints_due');
          table.index(
            ['provider', 'node_id', 'due_at_ms'],
            'callboard_github_hints_repository',
          );
          table.index(['delivery'], 'callboard_github_hints_delivery');
          table.index(['at_ms'], 'callboard_github_hints_age');
        });
      },
      async down(knex) {
        for (const table of [
          'hints',
          'locations',
          'repositories',
          'owners',
          'providers',
        ]) {
          await knex.schema.dropTable(`callboard_github_${table}`);
        }
      },
    },
  ],
]);

export const migrationTable = 'callboard_github_knex_migrations';

/** As code and not as files: they are built into the package with everything else. */
export const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: async () => [...migrations.keys()],
  getMigrationName: name => name,
  async getMigration(name) {
    const migration = migrations.get(name);
    if (!migration) {
      throw new Error(`There is no migration '${name}'`);
    }
    return migration;
  },
};

/**
 * Brings the tables up to date. In one transaction: a replica that starts meanwhile waits, and a process that is killed
 * leaves no lock behind.
 */
export async function migrate(knex: Knex): Promise<void> {
  await knex.transaction(async trx => {
    if (trx.client.config.client === 'pg') {
      await trx.raw(`SELECT pg_advisory_xact_lock(hashtext(?))`, [
        migrationTable,
      ]);
    }
    await trx.migrate.latest({ migrationSource, tableName: migrationTable });
  });
}
