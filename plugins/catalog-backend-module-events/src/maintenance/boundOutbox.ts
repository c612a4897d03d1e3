import type { LoggerService } from '@backstage/backend-plugin-api';
import type { Knex } from 'knex';
import { outboxTable } from '../capture';

/** How much may wait to be published. */
export interface OutboxBounds {
  /** In milliseconds. */
  maxAgeMs: number;
  maxRows: number;
}

/** So many rows go with one statement. */
const rowsAtOnce = 1_000;
/** And so many statements in one turn, which comes again. */
const pagesAtOnce = 1_000;
/** How long a row that was refused is kept for somebody to look at, in milliseconds. */
const keepRefusedMs = 30 * 24 * 60 * 60 * 1_000;

/**
 * Keeps the outbox from growing for ever while the events system is away: the oldest rows go, unpublished.
 *
 * @returns how many went
 */
export async function boundOutbox(options: {
  knex: Knex;
  bounds: OutboxBounds;
  logger: LoggerService;
}): Promise<number> {
  const { knex, bounds, logger } = options;
  const { maxAgeMs, maxRows } = bounds;
  // Places are in the order of commits, so they are in the order of times, but for moments.
  const oldestAllowed = new Date(Date.now() - maxAgeMs);
  const aboveRows: { place: number } | undefined = await knex(outboxTable)
    .orderBy('place', 'desc')
    .offset(maxRows)
    .first('place');
  let removed = 0;
  for (let page = 0; page < pagesAtOnce; page++) {
    const oldest: { place: number; created_at: Date | string }[] = await knex(
      outboxTable,
    )
      .orderBy('place')
      .limit(rowsAtOnce)
      .select('place', 'created_at');
    const places = oldest
      .filter(
        row =>
          (aboveRows && Number(row.place) <= Number(aboveRows.place)) ||
          new Date(row.created_at) < oldestAllowed,
      )
      .map(({ place }) => place);
    if (places.length === 0) {
      break;
    }
    removed += await knex(outboxTable).whereIn('place', places).delete();
  }
  if (removed > 0) {
    logger.error(
      `${removed} changes of the catalog were never published: they waited for longer than catalog.events.outbox allows, while the events system was away. Take a snapshot to tell subscribers what the catalog has now`,
    );
  }
  await knex(`${outboxTable}_refused`)
    .where(
      'refused_at',
      '<',
      new Date(Date.now() - keepRefusedMs).toISOString(),
    )
    .delete();
  return removed;
}
