import type { LogEvent } from '@callboard/backstage-plugin-events-node';

/**
 * A row of `callboard_events` with its content from `callboard_contents`. PostgreSQL's driver gives bigints as text,
 * SQLite's as numbers.
 */
export interface EventRow {
  position: number | string;
  id: string;
  topic: string;
  key: string | null;
  deduplication_id: string | null;
  time: number | string;
  size: number;
  payload: string;
  metadata: string;
}

/** Turns a row into an event. */
export function toLogEvent(row: EventRow): LogEvent {
  return {
    position: Number(row.position),
    id: row.id,
    topic: row.topic,
    key: row.key ?? undefined,
    deduplicationId: row.deduplication_id ?? undefined,
    timeMs: Number(row.time),
    size: row.size,
    payload: row.payload,
    metadata: row.metadata,
  };
}
