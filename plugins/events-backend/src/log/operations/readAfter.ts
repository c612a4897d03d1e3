import type {
  EventFilter,
  LogSlice,
} from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import { uniteRanges } from '../../database';
import { toLogEvent, type EventRow } from '../eventRow';

/** An event next to the ends of the log, or these alone when there is no event. */
type SliceRow = { tail: number | string; head: number | string } & (
  | EventRow
  | { position: null }
);

/**
 * Reads the next events behind a position.
 *
 * One statement, so that the ends of the log and the events come from one snapshot. Each topic is read by its own index range
 * and the ranges are merged, and only then the contents are fetched: the cost is that of the events returned, however
 * long the log and however rare the topic.
 */
export async function readAfter(
  knex: Knex,
  position: number,
  filter: EventFilter,
  limit: { events: number; bytes: number },
): Promise<LogSlice> {
  const ranges = (filter.topics ?? [undefined]).map(topic => {
    const range = knex('callboard_events')
      .select('*')
      .where('position', '>', position)
      .orderBy('position')
      .limit(limit.events);
    if (topic !== undefined) {
      range.where({ topic });
    }
    if (filter.key !== undefined) {
      range.where({ key: filter.key });
    }
    return range;
  });

  const candidates = uniteRanges(knex, ranges, limit.events).as('candidates');
  const weighed = knex
    .select(
      '*',
      knex.raw('sum(size) over (order by position) - size as bytes_before'),
    )
    .from(candidates)
    .as('chosen');
  const found = knex
    .select('chosen.*', 'c.payload', 'c.metadata')
    .from(weighed)
    .join('callboard_contents as c', 'c.position', 'chosen.content_position')
    .where('chosen.bytes_before', '<', limit.bytes)
    .as('found');

  const rows: SliceRow[] =
    filter.topics?.length === 0
      ? await knex('callboard_log').select(
          'tail',
          'head',
          knex.raw('null as position'),
        )
      : await knex('callboard_log')
          .select('callboard_log.tail', 'callboard_log.head', 'found.*')
          .leftJoin(found, knex.raw('1 = 1'))
          .orderBy('found.position');

  const tail = Number(rows[0].tail);
  const events = rows.flatMap(row =>
    row.position === null ? [] : [toLogEvent(row)],
  );
  const bytes = events.reduce((sum, event) => sum + event.size, 0);
  const cut = events.length >= limit.events || bytes >= limit.bytes;
  return {
    events,
    upTo: cut ? events[events.length - 1].position : Math.max(tail, position),
    tail,
    head: Number(rows[0].head),
  };
}
