import type { Knex } from 'knex';
import type { OutboxTable } from '../OutboxTable';

/**
 * On PostgreSQL a row stays in one piece as long as it fits into a page: what is put elsewhere costs an insertion for each
 * two kilobytes, and the publisher pays for it.
 */
export const keepInline = ({ table }: OutboxTable): Knex.Migration => ({
  async up(knex) {
    if (knex.client.config.client === 'pg') {
      await knex.raw(`ALTER TABLE ${table} SET (toast_tuple_target = 8160)`);
    }
  },

  async down(knex) {
    if (knex.client.config.client === 'pg') {
      await knex.raw(`ALTER TABLE ${table} RESET (toast_tuple_target)`);
    }
  },
});
