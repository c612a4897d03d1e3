import { z } from 'zod';
import type { EndpointReplay } from './Endpoint';
import { bigNumberSchema } from './readRows';

/** A row of `callboard_endpoint_replays`. */
export interface ReplayRow {
  id: string;
  endpoint_id: string;
  query: string;
  state: string;
  total: number | string;
  looked_at: number | string;
  owed: number | string;
  place: number | string;
  up_to: number | string;
  error: string | null;
  created_by: string;
  created_at: number | string;
  updated_at: number | string;
}

const rowSchema = z.object({
  state: z.enum(['running', 'done', 'cancelled', 'failed']),
  total: bigNumberSchema,
  looked_at: bigNumberSchema,
  owed: bigNumberSchema,
  place: bigNumberSchema,
  up_to: bigNumberSchema,
  created_at: bigNumberSchema,
  updated_at: bigNumberSchema,
});

/**
 * Puts a replay together from its row.
 *
 * @throws ZodError when another version has written it in another way
 */
export function toReplay(row: ReplayRow): EndpointReplay {
  const parsed = rowSchema.parse(row);
  return {
    id: row.id,
    endpointId: row.endpoint_id,
    query: row.query,
    state: parsed.state,
    total: parsed.total,
    lookedAt: parsed.looked_at,
    owed: parsed.owed,
    place: parsed.place,
    upTo: parsed.up_to,
    error: row.error ?? undefined,
    createdBy: row.created_by,
    createdAtMs: parsed.created_at,
    updatedAtMs: parsed.updated_at,
  };
}
