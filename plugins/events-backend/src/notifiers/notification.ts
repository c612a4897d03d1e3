import { createHash } from 'node:crypto';
import { z } from 'zod';

/** What a notification says: who sent it, and the topics that there is something to read of. */
export interface Notification {
  /** Of a replica; undefined when the notification was not understood. */
  origin: string | undefined;
  topics: Topics;
}

/** Topics, or `any` where they are too many to name, or not known. */
export type Topics = ReadonlySet<string> | 'any';

/**
 * PostgreSQL takes payloads that are shorter than 8,000 bytes.
 *
 * @see https://www.postgresql.org/docs/15/sql-notify.html
 */
const maxPayloadBytes = 7_999;

const payloadSchema = z.object({
  origin: z.string(),
  topics: z.array(z.string()).optional(),
});

/** Writes a notification in ASCII, so that every encoding of a database takes it; topics that do not fit become `any`. */
export function encodeNotification(origin: string, topics: Topics): string {
  if (topics !== 'any') {
    const payload = escapeUnicode(
      JSON.stringify({ origin, topics: [...topics] }),
    );
    if (payload.length <= maxPayloadBytes) {
      return payload;
    }
  }
  return JSON.stringify({ origin });
}

/** Reads a notification, whoever may have sent it: what is not understood may mean any topic. */
export function decodeNotification(payload: string): Notification {
  const { success, data } = payloadSchema.safeParse(parseJson(payload));
  return success
    ? {
        origin: data.origin,
        topics: data.topics ? new Set(data.topics) : 'any',
      }
    : { origin: undefined, topics: 'any' };
}

/**
 * Names the channel of the tables in one schema: a database may hold several installations, or one schema for each
 * plugin, and a notification reaches the whole database.
 *
 * @returns an identifier of PostgreSQL, 42 of at most 63 bytes long; a schema's name may take all of these itself
 */
export function nameChannel(schema: string): string {
  const hash = createHash('sha256').update(schema).digest('hex');
  return `callboard_${hash.slice(0, 32)}`;
}

function escapeUnicode(json: string): string {
  return json.replace(
    /[^\x20-\x7e]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
