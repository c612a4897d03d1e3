import type {
  AppendOutcome,
  NewEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Store } from '../../database';

const columns = [
  'position',
  'id',
  'topic',
  'key',
  'deduplication_id',
  'time',
  'size',
  'payload',
  'metadata',
] as const;

const row = `(${columns.map(() => '?').join(', ')})`;

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
    const rowsPerStatement = Math.floor(dialect.maxBindings / columns.length);
    for (let first = 0; first < events.length; first += rowsPerStatement) {
      const part = events.slice(first, first + rowsPerStatement);
      const bindings = part.flatMap((event, index) => [
        start + first + index + 1,
        event.id,
        event.topic,
        event.key ?? null,
        event.deduplicationId ?? null,
        moved.tail_time,
        event.size,
        event.payload,
        event.metadata,
      ]);
      const query = trx.raw(
        `INSERT INTO callboard_events (${columns.join(', ')})
           VALUES ${part.map(() => row).join(', ')}
           ON CONFLICT DO NOTHING
           RETURNING position`,
        bindings,
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

/** The two drivers shape the result of a raw statement differently. */
function readPositions(
  result:
    | { rows: { position: number | string }[] }
    | { position: number | string }[],
): number[] {
  const rows = Array.isArray(result) ? result : result.rows;
  return rows.map(({ position }) => Number(position));
}
