import { z } from 'zod';
import type { AttemptHead, EndpointAttempt } from './Endpoint';
import { bigNumberSchema, jsonOf } from './readRows';
import { toStorableText } from './toStorableText';

/** A row of `callboard_endpoint_attempts`. */
export interface AttemptRow {
  id: string;
  endpoint_id: string;
  message_id: string;
  event_id: string;
  position: number | string;
  topic: string;
  number: number;
  started_at: number | string;
  duration_ms: number;
  outcome: string;
  reason: string;
  status: number | null;
  url: string;
  request_headers: string;
  request_bytes: number;
  answer_headers: string | null;
  answer_body: string | null;
  /** SQLite has no booleans. */
  answer_cut: boolean | number | null;
}

const headersSchema = jsonOf(z.record(z.string(), z.string()));

/** What may be another than this version writes. */
const headSchema = z.object({
  outcome: z.enum(['delivered', 'failed', 'throttled', 'gone', 'cancelled']),
  position: bigNumberSchema,
  started_at: bigNumberSchema,
});
const exchangeSchema = z.object({
  request_headers: headersSchema,
  answer_headers: headersSchema.nullable(),
});

/** The columns that say how an attempt went, without those of its request and its answer. */
export const attemptHeadColumns = [
  'id',
  'endpoint_id',
  'message_id',
  'event_id',
  'position',
  'topic',
  'number',
  'started_at',
  'duration_ms',
  'outcome',
  'reason',
  'status',
] as const satisfies (keyof AttemptRow)[];

/** These columns of a row. */
export type AttemptHeadRow = Pick<
  AttemptRow,
  (typeof attemptHeadColumns)[number]
>;

/** Makes the row of an attempt. */
export function toAttemptRow(attempt: EndpointAttempt): AttemptRow {
  const { request, answer } = attempt;
  return {
    id: attempt.id,
    endpoint_id: attempt.endpointId,
    message_id: attempt.messageId,
    event_id: attempt.eventId,
    position: attempt.position,
    topic: attempt.topic,
    number: attempt.number,
    started_at: Math.round(attempt.startedAtMs),
    duration_ms: Math.round(attempt.durationMs),
    outcome: attempt.outcome,
    reason: toStorableText(attempt.reason),
    status: attempt.status ?? null,
    url: toStorableText(request.url),
    request_headers: JSON.stringify(request.headers),
    request_bytes: request.bytes,
    answer_headers: answer ? JSON.stringify(answer.headers) : null,
    answer_body: answer ? toStorableText(answer.body) : null,
    answer_cut: answer ? answer.cut : null,
  };
}

/**
 * Puts together what is known of an attempt without its request and its answer.
 *
 * @throws ZodError when another version has written it in another way
 */
export function toAttemptHead(row: AttemptHeadRow): AttemptHead {
  const parsed = headSchema.parse(row);
  return {
    id: row.id,
    endpointId: row.endpoint_id,
    messageId: row.message_id,
    eventId: row.event_id,
    position: parsed.position,
    topic: row.topic,
    number: row.number,
    startedAtMs: parsed.started_at,
    durationMs: row.duration_ms,
    outcome: parsed.outcome,
    reason: row.reason,
    status: row.status ?? undefined,
  };
}

/**
 * Puts an attempt together from its row.
 *
 * @throws ZodError when another version has written it in another way
 */
export function toAttempt(row: AttemptRow): EndpointAttempt {
  const parsed = exchangeSchema.parse(row);
  return {
    ...toAttemptHead(row),
    request: {
      url: row.url,
      headers: parsed.request_headers,
      bytes: row.request_bytes,
    },
    answer:
      parsed.answer_headers === null
        ? undefined
        : {
            headers: parsed.answer_headers,
            body: row.answer_body ?? '',
            cut: Boolean(row.answer_cut),
          },
  };
}
