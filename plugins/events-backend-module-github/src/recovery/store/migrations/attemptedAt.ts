import type { Knex } from 'knex';

export const attemptedAt: Knex.Migration = {
  async up(knex) {
    await knex.schema.alterTable(
      'callboard_github_recovery_deliveries',
      table => {
        table
          .bigInteger('attempted_at')
          .comment('When the last of the attempts was counted');
      },
    );
  },

  async down(knex) {
    await knex.schema.alterTable(
      'callboard_github_recovery_deliveries',
      table => {
        table.dropColumn('attempted_at');
      },
    );
  },
};
