import type {
  AppendOutcome,
  NewEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Store } from '../../database';

/** Of an event itself, and of its content, which an event and its subtopics share. */
const bindingsPerEvent = 8;
const bindingsPerContent = 3;

/**
 * Appends events in one transaction.
 *
 * 1. Move the tail by the number of events. Its row stays locked until the commit, so whoever appends next gets
 *    higher positions and commits later: positions come in the order of commits.
 * 2. Insert the events behind the old tail; those that the log has already are passed over and leave a gap.
 */
export async function appendEvents(
  { knex, dialect }: Store,
  events: readonly NewEvent[],
): Promise<AppendOutcome[]> {
  await dialect.makeDurable(knex);
  return knex.transaction(async trx => {
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
    const start = Number(moved.tail) - events.length;

    const inserted = new Set<number>();
    const eventsPerStatement = Math.floor(
      dialect.maxBindings / (bindingsPerEvent + bindingsPerContent),
    );
    for (let first = 0; first < events.length; first += eventsPerStatement) {
      const part = events.slice(first, first + eventsPerStatement);
      const query = insertEvents(
        { knex: trx, dialect },
        part,
        start + first,
        moved.tail_time,
      );
      for (const position of readPositions(await query)) {
        inserted.add(position);
      }
    }
    return events.map((_, index): AppendOutcome => {
      const position = start + index + 1;
      return inserted.has(position)
        ? { appended: true, position }
        : { appended: false };
    });
  });
}

/**
 * Inserts events, and sends what an event and its subtopics share only once: for pushes of 7 kB, writing to the
 * connection was the largest single cost of an append in this process.
 */
function insertEvents(
  { knex, dialect }: Store,
  events: readonly NewEvent[],
  start: number,
  time: number | string,
) {
  const contents: NewEvent[] = [];
  const rows = events.flatMap((event, index) => {
    const last = contents.at(-1);
    if (last?.payload !== event.payload || last.metadata !== event.metadata) {
      contents.push(event);
    }
    return [
      start + index + 1,
      event.id,
      event.topic,
      event.key ?? null,
      event.deduplicationId ?? null,
      time,
      event.size,
      contents.length,
    ];
  });
  const number = 'CAST(? AS bigint)';
  const text = 'CAST(? AS text)';
  const id = `CAST(? AS ${dialect.uuid})`;
  const row = `(${number}, ${id}, ${text}, ${text}, ${text}, ${number}, ${number}, ${number})`;
  const content = `(${number}, ${text}, ${text})`;
  return knex.raw(
    `INSERT INTO callboard_events
       (position, id, topic, key, deduplication_id, time, size, payload, metadata)
     SELECT e.column1, e.column2, e.column3, e.column4, e.column5, e.column6, e.column7, c.column2, c.column3
     FROM (VALUES ${events.map(() => row).join(', ')}) AS e
     JOIN (VALUES ${contents.map(() => content).join(', ')}) AS c
       ON c.column1 = e.column8
     ORDER BY e.column1
     ON CONFLICT DO NOTHING
     RETURNING position`,
    [
      ...rows,
      ...contents.flatMap(({ payload, metadata }, index) => [
        index + 1,
        payload,
        metadata,
      ]),
    ],
  );
}

/** The two drivers shape the result of a raw statement differently. */
function readPositions(
  result:
    | { rows: { position: number | string }[] }
    | { position: number | string }[],
): number[] {
  const rows = Array.isArray(result) ? result : result.rows;
  return rows.map(({ position }) => Number(position));
}
