import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { Knex } from 'knex';
import type { OwedEvent } from '../../model/batch';
import { toLogEvent, type EventRow } from '../eventRow';

/** Reads events by their positions, in order; those that are trimmed are missing. */
export async function readEvents(
  knex: Knex,
  positions: readonly number[],
): Promise<LogEvent[]> {
  if (positions.length === 0) {
    return [];
  }
  const rows: EventRow[] = await selectEvents(knex)
    .whereIn('e.position', [...positions])
    .orderBy('e.position');
  return rows.map(toLogEvent);
}

/** Reads what deliveries keep of events, and no payload. */
export async function readHeads(
  knex: Knex,
  positions: readonly number[],
): Promise<OwedEvent[]> {
  if (positions.length === 0) {
    return [];
  }
  const rows = await knex<EventRow>('callboard_events')
    .whereIn('position', [...positions])
    .orderBy('position')
    .select('position', 'id', 'topic', 'key', 'size');
  return rows.map(row => ({
    ...row,
    position: Number(row.position),
    key: row.key ?? undefined,
  }));
}

/** Reads one event by its id. */
export async function readEventById(
  knex: Knex,
  id: string,
): Promise<LogEvent | undefined> {
  const rows: EventRow[] = await selectEvents(knex).where({ 'e.id': id });
  return rows.map(toLogEvent).at(0);
}

function selectEvents(knex: Knex) {
  return knex('callboard_events as e')
    .join('callboard_contents as c', 'c.position', 'e.content_position')
    .select('e.*', 'c.payload', 'c.metadata');
}
