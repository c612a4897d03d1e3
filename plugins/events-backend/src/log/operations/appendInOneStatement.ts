import type {
  AppendOutcome,
  NewEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Store } from '../../database';
import { placeEvents } from './placeEvents';

const bindingsPerEvent = 7;
const bindingsPerContent = 3;

/** The most bindings that appending these events may take. */
export function bindingsOf(events: readonly NewEvent[]): number {
  return 1 + events.length * (bindingsPerEvent + bindingsPerContent);
}

/**
 * Appends events in one statement, which is a transaction of its own.
 *
 * 1. Move the tail by the number of events. Its row stays locked until the commit, so whoever appends next gets
 *    higher positions and commits later: positions come in the order of commits.
 * 2. Insert the events behind the old tail; those that the log has already are passed over and leave a gap.
 * 3. Insert the contents of those that were not passed over, each once for an event and its subtopics.
 */
export async function appendInOneStatement(
  { knex, dialect }: Store,
  events: readonly NewEvent[],
): Promise<AppendOutcome[]> {
  const placed = placeEvents(events, 0);
  const contents = placed.filter(
    ({ position, contentPosition }) => position === contentPosition,
  );
  const { rows } = await knex.raw<{
    rows: { place: number | string; position: number | string }[];
  }>(
    `WITH moved AS (
       UPDATE callboard_log
       SET tail = tail + ?, tail_time = ${dialect.greatest}(tail_time, ${
      dialect.nowMs
    })
       WHERE id = 1
       RETURNING tail, tail_time
     ),
     start AS (
       SELECT tail - ${placed.length} AS position, tail_time AS time FROM moved
     ),
     inserted AS (
       INSERT INTO callboard_events
         (position, id, topic, key, deduplication_id, time, size, content_position)
       SELECT start.position + e.place, e.id, e.topic, e.key, e.deduplication_id,
         start.time, e.size, start.position + e.content_place
       FROM start, (VALUES ${repeat(
         '(?::bigint, ?::uuid, ?::text, ?::text, ?::text, ?::integer, ?::bigint)',
         placed.length,
       )}) AS e (place, id, topic, key, deduplication_id, size, content_place)
       ORDER BY e.place
       ON CONFLICT DO NOTHING
       RETURNING position, content_position
     ),
     carried AS (
       INSERT INTO callboard_contents (position, payload, metadata)
       SELECT start.position + c.place, c.payload, c.metadata
       FROM start, (VALUES ${repeat(
         '(?::bigint, ?::text, ?::text)',
         contents.length,
       )}) AS c (place, payload, metadata)
       WHERE start.position + c.place IN (SELECT content_position FROM inserted)
     )
     SELECT inserted.position - start.position AS place, inserted.position
     FROM inserted, start`,
    [
      placed.length,
      ...placed.flatMap(({ event, position, contentPosition }) => [
        position,
        event.id,
        event.topic,
        event.key ?? null,
        event.deduplicationId ?? null,
        event.size,
        contentPosition,
      ]),
      ...contents.flatMap(({ position, event }) => [
        position,
        event.payload,
        event.metadata,
      ]),
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

function repeat(row: string, count: number): string {
  return Array(count).fill(row).join(', ');
}
