import type { EventParams } from '@backstage/plugin-events-node';
import { z } from 'zod';
import { isEventId } from '../eventId';
import {
  checkKey,
  checkTopic,
  maxMetadataBytes,
  writeMetadata,
  writePayload,
} from '../eventRules';
import { createEventParams, eventMetadata } from '../metadata';
import { nameEvent } from '../nameEvent';
import type { OutboxEvent } from './OutboxService';

/** Accepting adds to the metadata where the event comes from, its correlation id and a trace. */
const reservedMetadataBytes = 1024;

/** A row that waits in `callboard_outbox`, as it is inserted. */
export interface NewOutboxRow {
  id: string;
  topic: string;
  key: string | null;
  /** JSON text. */
  payload: string;
  /** JSON text: an object of strings and arrays of strings. */
  metadata: string;
}

/**
 * Checks an event by the rules of the log and writes its row.
 *
 * @throws InputError with the remedy, when the event cannot be stored as it is
 */
export function writeRow(
  event: OutboxEvent,
  maxPayloadBytes: number,
): NewOutboxRow {
  const params = createEventParams(event);
  const { topic } = params;
  checkTopic(topic);
  const { payload } = writePayload(params, maxPayloadBytes);
  const named = nameEvent(params, payload);
  return {
    id: named.id,
    topic,
    key: checkKey('key', named.key) ?? null,
    payload,
    metadata: writeMetadata(
      topic,
      {
        ...named.metadata,
        ...(named.correlationId !== undefined && {
          [eventMetadata.correlationId]: named.correlationId,
        }),
      },
      maxMetadataBytes - reservedMetadataBytes,
    ),
  };
}

/**
 * A row that something else than an {@link OutboxService} wrote, such as a trigger: what it makes of it is up to the
 * `translate` of its outbox.
 *
 * @public
 */
export interface OutboxRow {
  /** Of the event that is made from it. */
  id: string;
  topic: string;
  key: string | undefined;
  /** From JSON. */
  payload: unknown;
  metadata: Record<string, string | string[]>;
  /** When it was written, by the clock of the database. */
  createdAt: Date;
}

/**
 * Makes the event of a row.
 *
 * @returns the event, which is published under the id of the row; undefined when there is nothing to publish
 * @throws Error when the row can never be published; it is moved aside
 *
 * @public
 */
export type TranslateRow = (
  row: OutboxRow,
) => Omit<OutboxEvent, 'id'> | undefined;

/** What can be read of a row without knowing what its writer wrote: triggers of others write rows too. */
const rawRowSchema = z.object({
  place: z.coerce.number().int(),
  size: z.coerce.number(),
  id: z.string(),
  /** The beginning of the topic, however large the row is. */
  format: z.string(),
  topic: z.string().nullable(),
  key: z.string().nullable(),
  payload: z.string().nullable(),
  metadata: z.string().nullable(),
  created_at: z.coerce.date(),
});

const metadataSchema = z.record(
  z.string(),
  z.union([z.string(), z.array(z.string())]),
);

/** A row that was read, with the event that it holds. */
export interface ReadableRow {
  place: number;
  /** Of its texts, in bytes. */
  size: number;
  id: string;
  params: EventParams;
}

/** A row that can never be published. */
export interface RefusedRow {
  place: number;
  size: number;
  id: string;
  /** Why, and what was expected. */
  error: string;
}

/** A row that there is nothing to publish about. */
export interface IdleRow {
  place: number;
  size: number;
  id: string;
  params: undefined;
}

/** A row of a format that another version of its reader knows: it is left to that one. */
export interface UnknownRow {
  place: number;
  size: number;
  unknownFormat: string;
}

/** What is made of rows. */
export interface RowReading {
  /** Makes the event of a row; by default the row is one. */
  translate?: TranslateRow | undefined;
  /** The topic of the rows that are known; all are by default. */
  format?: string | undefined;
}

/**
 * Reads a row, whoever wrote it.
 *
 * @param row - of `readPage`; its texts are null when they are too large to be read
 * @returns the event, or why there is none
 */
export function readRow(
  row: unknown,
  { translate = toEvent, format }: RowReading = {},
): ReadableRow | IdleRow | RefusedRow | UnknownRow {
  const raw = rawRowSchema.parse(row);
  const { place, size, id, topic, key, payload, metadata, created_at } = raw;
  // Before everything else: nothing else may be known of it.
  if (format !== undefined && raw.format !== format) {
    return { place, size, unknownFormat: raw.format };
  }
  const refuse = (error: string) => ({ place, size, id, error });

  if (topic === null || payload === null || metadata === null) {
    return refuse(`The row has ${size} bytes, which is too large for an event`);
  }
  if (!isEventId(id)) {
    return refuse('The id is no UUID');
  }
  const eventPayload = parseJson(payload);
  if (eventPayload === undefined) {
    return refuse('The payload is no JSON');
  }
  const parsedMetadata = metadataSchema.safeParse(parseJson(metadata));
  if (!parsedMetadata.success) {
    return refuse(
      'The metadata are no JSON object of strings and arrays of strings',
    );
  }
  try {
    const event = translate({
      id,
      topic,
      key: key ?? undefined,
      payload: eventPayload,
      metadata: parsedMetadata.data,
      createdAt: created_at,
    });
    return {
      place,
      size,
      id,
      params: event && createEventParams({ ...event, id }),
    };
  } catch (error) {
    return refuse(String(error));
  }
}

function toEvent({ topic, key, payload, metadata }: OutboxRow) {
  return {
    topic,
    eventPayload: payload,
    metadata,
    ...(key !== undefined && { key }),
  };
}

/** Undefined, which JSON does not know, for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
