import type { LoggerService } from '@backstage/backend-plugin-api';
import type { Knex } from 'knex';
import { outboxTable } from '../capture';

/** How much may wait to be published. */
export interface OutboxBounds {
  /** In milliseconds. */
  maxAgeMs: number;
  maxRows: number;
}

/** So many rows go in one turn, which comes again. A task makes three or four. */
const rowsAtOnce = 10_000;
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
  const aboveRows = knex(outboxTable)
    .orderBy('place', 'desc')
    .offset(bounds.maxRows)
    .limit(1)
    .select('place');
  const places: (number | string)[] = await knex(outboxTable)
    .where('created_at', '<', timeBefore(bounds.maxAgeMs))
    .orWhere('place', '<=', aboveRows)
    .orderBy('place')
    .limit(rowsAtOnce)
    .pluck('place');
  const removed =
    places.length === 0
      ? 0
      : await knex(outboxTable)
          .where('place', '<=', places[places.length - 1])
          .delete();
  if (removed > 0) {
    logger.error(
      `${removed} changes of tasks were never published: they waited for longer than scaffolder.events.outbox allows, while the events system was away`,
    );
  }
  await knex(`${outboxTable}_refused`)
    .where('refused_at', '<', timeBefore(keepRefusedMs))
    .delete();
  return removed;
}

/** As both databases compare it with the times that they wrote. */
function timeBefore(ms: number): string {
  return new Date(Date.now() - ms).toISOString();
}
