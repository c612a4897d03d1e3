import type {
  AppendOutcome,
  NewEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Store } from '../../database';
import { placeEvents } from './placeEvents';

/** Stands for no key in an array, which has texts only; a key and a deduplication id are never empty. */
const none = '';

/**
 * Appends events in one statement, which is a transaction of its own. It calls a function of the store:
 *
 * 1. Move the tail by the number of events. Its row stays locked until the commit, so whoever appends next gets
 *    higher positions and commits later: positions come in the order of commits.
 * 2. Insert the events behind the old tail; those that the log has already are passed over and leave a gap.
 * 3. Insert the contents of those that were not passed over, each once for an event and its subtopics.
 *
 * A column is one array, so that the statement is the same for any number of events; contents are bytes, one after the
 * other.
 */
export async function appendByFunction(
  { knex }: Store,
  events: readonly NewEvent[],
): Promise<AppendOutcome[]> {
  const placed = placeEvents(events, 0);
  const contents = placed
    .filter(({ position, contentPosition }) => position === contentPosition)
    .map(({ position, event }) => ({
      place: position,
      payload: Buffer.from(event.payload),
      metadata: Buffer.from(event.metadata),
    }));
  const { rows } = await knex.raw<{
    rows: { positions: (number | string | null)[] }[];
  }>('SELECT callboard_append(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS positions', [
    events.map(({ id }) => id),
    events.map(({ topic }) => topic),
    events.map(({ key }) => key ?? none),
    events.map(({ deduplicationId }) => deduplicationId ?? none),
    events.map(({ size }) => size),
    placed.map(({ contentPosition }) => contentPosition),
    Buffer.concat(
      contents.flatMap(({ payload, metadata }) => [payload, metadata]),
    ),
    contents.map(({ place }) => place),
    contents.map(({ payload }) => payload.length),
    contents.map(({ metadata }) => metadata.length),
  ]);
  return rows[0].positions.map(
    (position): AppendOutcome =>
      position === null
        ? { appended: false }
        : { appended: true, position: Number(position) },
  );
}
