import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  AppendOutcome,
  NewEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import type { Store } from '../../database';
import { placeEvents, type PlacedEvent } from './placeEvents';

const eventColumns = [
  'position',
  'id',
  'topic',
  'key',
  'deduplication_id',
  'time',
  'size',
  'content_position',
];
const contentColumns = ['position', 'payload', 'metadata'];

/**
 * Appends events in one transaction: where a store cannot do it in one statement.
 *
 * 1. Move the tail by the number of events. Its row stays locked until the commit, so whoever appends next gets
 *    higher positions and commits later: positions come in the order of commits.
 * 2. Insert the events behind the old tail; those that the log has already are passed over and leave a gap.
 * 3. Insert the contents of those that were not passed over, each once for an event and its subtopics.
 */
export async function appendInTransaction(
  { knex, dialect }: Store,
  events: readonly NewEvent[],
): Promise<AppendOutcome[]> {
  // SQLite answers within the turn of the event loop: a publisher that goes on and on would leave no turn to anybody else.
  await nextTurn();
  return knex.transaction(async trx => {
    await dialect.endIfFrozen(trx);
    const [moved] = await trx('callboard_log')
      .where({ id: 1 })
      .update({
        tail: trx.raw('tail + ?', [events.length]),
        tail_time: trx.raw(`${dialect.greatest}(tail_time, ${dialect.nowMs})`),
      })
      .returning<{ tail: number | string; tail_time: number | string }[]>([
        'tail',
        'tail_time',
      ]);
    const placed = placeEvents(events, Number(moved.tail) - events.length);

    const eventsPerStatement = Math.floor(
      dialect.maxBindings / eventColumns.length,
    );
    const inserted = new Set<number>();
    for (let first = 0; first < placed.length; first += eventsPerStatement) {
      const part = placed.slice(first, first + eventsPerStatement);
      for (const position of await insertEvents(trx, part, moved.tail_time)) {
        inserted.add(position);
      }
    }
    const carried = new Set(
      placed
        .filter(({ position }) => inserted.has(position))
        .map(({ contentPosition }) => contentPosition),
    );
    const contents = placed.filter(({ position }) => carried.has(position));
    const contentsPerStatement = Math.floor(
      dialect.maxBindings / contentColumns.length,
    );
    for (
      let first = 0;
      first < contents.length;
      first += contentsPerStatement
    ) {
      await insertContents(
        trx,
        contents.slice(first, first + contentsPerStatement),
      );
    }
    return placed.map(
      ({ position }): AppendOutcome =>
        inserted.has(position)
          ? { appended: true, position }
          : { appended: false },
    );
  });
}

async function insertContents(
  trx: Knex.Transaction,
  placed: readonly PlacedEvent[],
): Promise<void> {
  await trx.raw(
    `INSERT INTO callboard_contents (${contentColumns.join(', ')})
     VALUES ${rows(placed.length, contentColumns.length)}`,
    placed.flatMap(({ position, event }) => [
      position,
      event.payload,
      event.metadata,
    ]),
  );
}

async function insertEvents(
  trx: Knex.Transaction,
  placed: readonly PlacedEvent[],
  time: number | string,
): Promise<number[]> {
  const result: ReturnedPositions = await trx.raw(
    `INSERT INTO callboard_events (${eventColumns.join(', ')})
     VALUES ${rows(placed.length, eventColumns.length)}
     ON CONFLICT DO NOTHING
     RETURNING position`,
    placed.flatMap(({ event, position, contentPosition }) => [
      position,
      event.id,
      event.topic,
      event.key ?? null,
      event.deduplicationId ?? null,
      time,
      event.size,
      contentPosition,
    ]),
  );
  const returned = Array.isArray(result) ? result : result.rows;
  return returned.map(({ position }) => Number(position));
}

/** The two drivers shape the result of a raw statement differently. */
type ReturnedPositions =
  | { rows: { position: number | string }[] }
  | { position: number | string }[];

function rows(count: number, columns: number): string {
  const row = `(${Array(columns).fill('?').join(', ')})`;
  return Array(count).fill(row).join(', ');
}
