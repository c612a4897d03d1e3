import type { LoggerService } from '@backstage/backend-plugin-api';
import type { Knex } from 'knex';
import { nameObjects } from './names';
import type { WatchedPlugin } from './WatchedPlugin';
import { withRemedy } from './withRemedy';

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
  plugin: WatchedPlugin;
  bounds: OutboxBounds;
  logger: LoggerService;
}): Promise<number> {
  const { knex, plugin, bounds, logger } = options;
  const { outboxTable } = nameObjects(plugin.pluginId);
  const newestAbove: { place: number | string } | undefined = await knex(
    outboxTable,
  )
    .orderBy('place', 'desc')
    .offset(bounds.maxRows)
    .first('place');
  const aboveFrom = newestAbove ? Number(newestAbove.place) : -Infinity;
  const youngEnough = Date.now() - bounds.maxAgeMs;
  let removed = 0;
  for (let page = 0; page < pagesAtOnce; page++) {
    const front: { place: number | string; created_at: Date | string }[] =
      await knex(outboxTable)
        .orderBy('place')
        .limit(rowsAtOnce)
        .select('place', 'created_at');
    // Places are in the order of times, but for moments: what is behind the first that may stay may stay.
    const end = front.findIndex(
      ({ place, created_at }) =>
        Number(place) > aboveFrom &&
        new Date(created_at).getTime() >= youngEnough,
    );
    const places = front
      .slice(0, end < 0 ? front.length : end)
      .map(({ place }) => place);
    if (places.length > 0) {
      removed += await knex(outboxTable).whereIn('place', places).delete();
    }
    if (places.length < rowsAtOnce) {
      break;
    }
  }
  if (removed > 0) {
    const { changes, remedy } = plugin.words;
    logger.error(
      withRemedy(
        `${removed} ${changes} were never published: they waited for longer than ${plugin.pluginId}.events.outbox allows, while the events system was away`,
        remedy,
      ),
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
