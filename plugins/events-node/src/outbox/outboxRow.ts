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

/** What can be read of a row without knowing what its writer wrote: triggers of others write rows too. */
const rawRowSchema = z.object({
  place: z.coerce.number().int(),
  size: z.coerce.number(),
  id: z.string(),
  topic: z.string().nullable(),
  key: z.string().nullable(),
  payload: z.string().nullable(),
  metadata: z.string().nullable(),
});

const metadataSchema = z.record(
  z.string(),
  z.union([z.string(), z.array(z.string())]),
);

/** A row that was read, with the event that it holds. */
export interface ReadableRow {
  place: number;
  id: string;
  params: EventParams;
}

/** A row that can never be published. */
export interface RefusedRow {
  place: number;
  id: string;
  /** Why, and what was expected. */
  error: string;
}

/**
 * Reads a row, whoever wrote it.
 *
 * @param row - of `readPage`; its texts are null when they are too large to be read
 * @returns the event, or why there is none
 */
export function readRow(row: unknown): ReadableRow | RefusedRow {
  const { place, size, id, topic, key, payload, metadata } =
    rawRowSchema.parse(row);
  const refuse = (error: string) => ({ place, id, error });

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
  return {
    place,
    id,
    params: createEventParams({
      topic,
      eventPayload,
      metadata: parsedMetadata.data,
      id,
      ...(key !== null && { key }),
    }),
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
