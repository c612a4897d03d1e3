import type { Store } from '../database';

/** Waits until so many statements that hold the given text wait for a lock. PostgreSQL only. */
export async function untilBlocked(
  { knex }: Store,
  text: string,
  count = 1,
): Promise<void> {
  for (;;) {
    const { rows } = await knex.raw<{ rows: unknown[] }>(
      `SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE ?`,
      [`%${text}%`],
    );
    if (rows.length >= count) {
      return;
    }
  }
}
