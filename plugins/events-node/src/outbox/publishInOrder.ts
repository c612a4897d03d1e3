import { isError } from '@backstage/errors';
import type { DurableEventsService } from '../DurableEventsService';
import type { ReadableRow, RefusedRow } from './outboxRow';

/**
 * Publishes rows in order, passing over those that the system refuses for good.
 *
 * A page goes in one commit. One row that is refused refuses its page, so a page that is refused is halved until the
 * row stands alone, the first half first: an event is published when all before it are.
 *
 * @param rows - at most `maxEventsAtOnce`
 * @returns the rows that were refused
 * @throws whatever else the events service threw; some of the rows may have been published
 */
export async function publishInOrder(
  events: Pick<DurableEventsService, 'publishAll'>,
  rows: readonly ReadableRow[],
): Promise<RefusedRow[]> {
  if (rows.length === 0) {
    return [];
  }
  try {
    await events.publishAll(rows.map(({ params }) => params));
    return [];
  } catch (error) {
    // By its name: the error may come from another copy of the package, or over HTTP.
    if (!isError(error) || error.name !== 'InputError') {
      throw error;
    }
    if (rows.length === 1) {
      const [{ place, size, id }] = rows;
      return [{ place, size, id, error: error.message }];
    }
    const middle = Math.floor(rows.length / 2);
    const first = await publishInOrder(events, rows.slice(0, middle));
    const second = await publishInOrder(events, rows.slice(middle));
    return [...first, ...second];
  }
}
