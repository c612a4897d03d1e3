import type { Knex } from 'knex';

export const init: Knex.Migration = {
  async up(knex) {
    await knex.schema.createTable('callboard_github_recovery', table => {
      table.comment('How far the logs of webhooks at GitHub have been read');
      table.text('hook').primary();
      table
        .bigInteger('begun_at')
        .notNullable()
        .comment('Since when what it delivers comes into this log');
      table
        .bigInteger('seen_at')
        .comment('What was delivered up to then was judged; by GitHub’s clock');
      table
        .bigInteger('reading_up_to')
        .comment('What seen_at becomes when the reading under way is over');
      table
        .text('next_page')
        .comment('Where the reading under way goes on; null if there is none');
    });
    await knex.schema.createTable(
      'callboard_github_recovery_deliveries',
      table => {
        table.comment('What is to be fetched from GitHub');
        table.text('hook').notNullable();
        table.text('guid').notNullable().comment('X-GitHub-Delivery');
        table
          .bigInteger('delivery_id')
          .notNullable()
          .comment('Of one of its attempts, by which GitHub gives it');
        table.bigInteger('delivered_at').notNullable();
        table.text('reason').notNullable().comment('failed or missing');
        table
          .text('state')
          .notNullable()
          .comment('due, or settled: not to be fetched');
        table
          .integer('attempts')
          .notNullable()
          .comment('How often GitHub gave no whole answer');
        table.primary(['hook', 'guid']);
        table.index(
          ['hook', 'state', 'attempts', 'delivered_at'],
          'callboard_github_recovery_due_idx',
        );
        table.index(
          ['delivered_at'],
          'callboard_github_recovery_delivered_idx',
        );
      },
    );
  },

  async down(knex) {
    await knex.schema.dropTable('callboard_github_recovery_deliveries');
    await knex.schema.dropTable('callboard_github_recovery');
  },
};
