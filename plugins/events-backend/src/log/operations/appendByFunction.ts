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
 * A column is one array, so that the statement is the same for any number of events.
 */
export async function appendByFunction(
  { knex }: Store,
  events: readonly NewEvent[],
): Promise<AppendOutcome[]> {
  const placed = placeEvents(events, 0);
  const contents = placed.filter(
    ({ position, contentPosition }) => position === contentPosition,
  );
  const { rows } = await knex.raw<{
    rows: { place: number | string; position: number | string }[];
  }>(
    'SELECT place, position FROM callboard_append(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    [
      placed.map(({ position }) => position),
      placed.map(({ event }) => event.id),
      placed.map(({ event }) => event.topic),
      placed.map(({ event }) => event.key ?? none),
      placed.map(({ event }) => event.deduplicationId ?? none),
      placed.map(({ event }) => event.size),
      placed.map(({ contentPosition }) => contentPosition),
      contents.map(({ position }) => position),
      contents.map(({ event }) => event.payload),
      contents.map(({ event }) => event.metadata),
    ],
  );
  const positions = new Map(
    rows.map(({ place, position }) => [Number(place), Number(position)]),
  );
  return placed.map(({ position: place }): AppendOutcome => {
    const position = positions.get(place);
    return position === undefined
      ? { appended: false }
      : { appended: true, position };
  });
}
