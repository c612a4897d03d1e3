import type { Knex } from 'knex';

/** Has the next reading begin with the newest delivery again. */
export async function abandonReading(knex: Knex, hook: string): Promise<void> {
  await knex('callboard_github_recovery')
    .where({ hook })
    .update({ reading_up_to: null, next_page: null });
}
