import type { Store } from '../database';

/** Waits until a statement that holds the given text waits for a lock. PostgreSQL only. */
export async function untilBlocked(
  { knex }: Store,
  text: string,
): Promise<void> {
  for (;;) {
    const { rows } = await knex.raw<{ rows: unknown[] }>(
      `SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE ?`,
      [`%${text}%`],
    );
    if (rows.length > 0) {
      return;
    }
  }
}
