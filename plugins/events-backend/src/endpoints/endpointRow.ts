import {
  endpointSettingsSchema,
  endpointStateSchema,
  signatureVersionSchema,
} from '@callboard/backstage-plugin-events-common';
import { z } from 'zod';
import type { Endpoint, SigningKey } from './Endpoint';
import { bigNumberSchema, jsonOf } from './readRows';

/** A row of `callboard_endpoints`. */
export interface EndpointRow {
  id: string;
  managed_by: string;
  settings: string;
  signing_keys: string;
  keys_end_at: number | string | null;
  secret_headers: string;
  secrets: string | null;
  owner: string;
  state: string;
  state_reason: string | null;
  state_by: string;
  state_at: number | string;
  start_position: number | string | null;
  declared_at: number | string | null;
  revision: string;
  announcement: string | null;
  created_at: number | string;
  created_by: string;
  updated_at: number | string;
}

const signingKeysSchema = jsonOf(
  z.array(
    z.object({
      id: z.string(),
      version: signatureVersionSchema,
      createdAtMs: z.number(),
      expiresAtMs: z.number().optional(),
      publicKey: z.string().optional(),
    }),
  ),
);

/** What may be another than this version writes: replicas of two versions share the table while one is rolled out. */
const rowSchema = z.object({
  managed_by: z.enum(['api', 'config']),
  settings: jsonOf(endpointSettingsSchema),
  secret_headers: jsonOf(z.array(z.string())),
  state: endpointStateSchema,
  state_at: bigNumberSchema,
  start_position: bigNumberSchema.nullable(),
  created_at: bigNumberSchema,
  updated_at: bigNumberSchema,
});

/**
 * Puts an endpoint together from its row.
 *
 * @throws UnreadableEndpointError that says what cannot be read
 */
export function toEndpoint(row: EndpointRow): Endpoint {
  const signingKeys = readSigningKeys(row);
  const parsed = rowSchema.safeParse(row);
  if (!parsed.success) {
    throw new UnreadableEndpointError(row.id, parsed.error);
  }
  return {
    id: row.id,
    managedBy: parsed.data.managed_by,
    settings: parsed.data.settings,
    signingKeys,
    secretHeaders: parsed.data.secret_headers,
    state: parsed.data.state,
    stateReason: row.state_reason ?? undefined,
    stateBy: row.state_by,
    stateAtMs: parsed.data.state_at,
    startPosition: parsed.data.start_position ?? undefined,
    revision: row.revision,
    createdAtMs: parsed.data.created_at,
    createdBy: row.created_by,
    updatedAtMs: parsed.data.updated_at,
  };
}

/**
 * Reads what may be shown of the signing keys of an endpoint, newest first.
 *
 * @throws UnreadableEndpointError when they cannot be read
 */
export function readSigningKeys(
  row: Pick<EndpointRow, 'id' | 'signing_keys'>,
): SigningKey[] {
  const parsed = signingKeysSchema.safeParse(row.signing_keys);
  if (!parsed.success) {
    throw new UnreadableEndpointError(row.id, parsed.error);
  }
  return parsed.data.map(({ id, version, createdAtMs, ...more }) => ({
    id,
    version,
    createdAtMs,
    expiresAtMs: more.expiresAtMs,
    publicKey: more.publicKey,
  }));
}

/** What is stored of an endpoint is not what this version writes. It can be removed all the same. */
export class UnreadableEndpointError extends Error {
  readonly endpointId: string;

  constructor(id: string, cause: z.ZodError) {
    super(
      `Endpoint '${id}' cannot be read: ${z.prettifyError(
        cause,
      )}. Was it written by another version of Callboard? Run that one, or remove the endpoint and make it anew`,
      { cause },
    );
    this.name = 'UnreadableEndpointError';
    this.endpointId = id;
  }
}
