import { z } from 'zod';

/*
 * Endpoints of outbound webhooks: what one is told to do, and how it is shown. The configuration and the API read the same
 * schemas.
 */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const hasNoZero = (text: string) => !text.includes('\0');
/** A text that may be empty. */
const anyText = (max: number) =>
  z.string().max(max).refine(hasNoZero, 'must not hold a zero character');
const text = (max: number) => anyText(max).min(1);

/** Bounds a record: JSON Schema of zod has no word for that, so it stands in the description. */
const hasAtMost = (max: number) => (record: Record<string, unknown>) =>
  Object.keys(record).length <= max;

/**
 * The id of an endpoint: small letters, digits and dashes.
 *
 * @public
 */
export const endpointIdSchema = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be 1 to 63 small letters, digits and dashes, with no dash at its ends',
  )
  .describe('Names the endpoint.');

/** `z.url` asks `URL.canParse`, which is not reliable in Node.js 20 and 22. */
const urlSchema = z
  .string()
  .max(2_048)
  .refine(isUrl, 'must be a URL')
  .meta({ format: 'uri' });

function isUrl(url: string): boolean {
  try {
    return new URL(url).href !== '';
  } catch {
    return false;
  }
}

const entityRefSchema = z
  .string()
  .max(512)
  .regex(
    /^[^:/\s\0]+:[^:/\s\0]+\/[^:/\s\0]+$/,
    "must be a whole reference, such as 'group:default/platform'",
  );

/** One or more values, of which the entity must have one. */
const oneOf = (values: z.ZodString) =>
  z.array(values).min(1).max(50).optional();

/**
 * Which entities the events must be about. Each field that is given must fit; an event that is about no entity, or one
 * that the catalog does not know, never fits.
 *
 * @public
 */
export const entityFilterSchema = z
  .strictObject({
    kind: oneOf(text(63)).describe('Such as `Component`; in any case.'),
    namespace: oneOf(text(63)),
    owner: oneOf(entityRefSchema).describe(
      'References of owners, such as `group:default/platform`.',
    ),
    system: oneOf(entityRefSchema).describe('References of systems.'),
    tag: oneOf(text(63)),
    annotation: z
      .record(text(255), z.union([anyText(1_000), z.literal(true)]))
      .refine(hasAtMost(30), 'at most 30')
      .optional()
      .describe(
        'Annotations that it must have, at most 30: with this value, or any for `true`.',
      ),
  })
  .refine(filter => Object.values(filter).some(field => field !== undefined), {
    error: 'must have at least one field',
  })
  .describe(
    'Only events about entities that fit: each field must, and of several values one.',
  );
/** @public */
export type EntityFilter = z.infer<typeof entityFilterSchema>;

/** @public */
export const endpointFormatSchema = z
  .enum(['message', 'cloudevents-structured', 'cloudevents-binary'])
  .describe(
    '`message`: topic, eventPayload and metadata, as in the contract. `cloudevents-structured`, `cloudevents-binary`: CloudEvents 1.0.',
  );
/** @public */
export type EndpointFormat = z.infer<typeof endpointFormatSchema>;

/** @public */
export const signatureVersionSchema = z.enum(['v1', 'v1a']);
/** @public */
export type SignatureVersion = z.infer<typeof signatureVersionSchema>;

const headerNameSchema = z
  .string()
  .max(100)
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'must be the name of a header');
const headerValueSchema = z
  .string()
  .max(4_096)
  .regex(/^[\t\x20-\x7e]*$/, 'must be visible ASCII');

/** @public */
export const endpointAuthSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('basic'),
    username: text(255).regex(/^[^:]*$/, "must have no ':'"),
  }),
  z.strictObject({
    type: z.literal('oauth2'),
    tokenUrl: urlSchema,
    clientId: text(255),
    scope: text(1_000).optional(),
    audience: text(1_000).optional(),
    clientAuthentication: z
      .enum(['basic', 'body'])
      .default('basic')
      .describe(
        'Whether the client is named in the header `Authorization` or in the body (RFC 6749, section 2.3.1).',
      ),
  }),
]);
/** @public */
export type EndpointAuth = z.infer<typeof endpointAuthSchema>;

/**
 * Everything that an endpoint is told to do, its secrets aside.
 *
 * @public
 */
export const endpointSettingsSchema = z.strictObject({
  url: urlSchema.describe(
    'Where requests go. It is shown to whoever may read the endpoint, also where the URL itself is what a receiver knows its senders by.',
  ),
  topics: z
    .array(text(255))
    .min(1)
    .max(50)
    .describe(
      'Names of topics; `*` stands for one segment, `**` at the end for one or more: `github.*`.',
    ),
  filter: z
    .string()
    .min(1)
    .max(4_000)
    .optional()
    .describe(
      'An expression in CEL over `id`, `topic`, `key`, `payload`, `metadata` and `entity`; only events for which it is true. A missing field never matches.',
    ),
  entity: entityFilterSchema.optional(),
  format: endpointFormatSchema.default('message'),
  batch: z
    .strictObject({
      maxEvents: z
        .int()
        .min(2)
        .max(200)
        .describe('Events in one request at the most.'),
    })
    .optional()
    .describe(
      'Several events in one request, as an array, where several are there. Not with `cloudevents-binary`.',
    ),
  ordered: z
    .boolean()
    .default(true)
    .describe('Whether events with the same key are sent one after the other.'),
  concurrency: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe('Requests under way at once, per process.'),
  rateLimit: z
    .strictObject({
      events: z.int().min(1).max(100_000),
      per: z.enum(['second', 'minute', 'hour']),
    })
    .optional()
    .describe('Attempts that may begin in a time, over all processes.'),
  timeLimitMs: z
    .int()
    .min(second)
    .max(30 * second)
    .default(15 * second)
    .describe('For the whole exchange, in milliseconds.'),
  retryScheduleMs: z
    .array(
      z
        .int()
        .min(0)
        .max(7 * day),
    )
    .min(1)
    .max(30)
    .default([
      0,
      5 * second,
      5 * minute,
      30 * minute,
      2 * hour,
      5 * hour,
      10 * hour,
      14 * hour,
      20 * hour,
      24 * hour,
    ])
    .refine(([first]) => first === 0, {
      error: 'The first pause is 0: an event is sent at once',
    })
    .describe(
      'The pause before each attempt, the first included, which is 0; in milliseconds; as many attempts as pauses. Default: the ten steps of Standard Webhooks.',
    ),
  headers: z
    .record(headerNameSchema, headerValueSchema)
    .default({})
    .refine(hasAtMost(30), 'at most 30')
    .describe(
      'Further headers, at most 30, shown to whoever may read the endpoint; credentials belong into `secrets.headers`.',
    ),
  auth: endpointAuthSchema.optional(),
  tls: z
    .strictObject({
      certificate: text(20_000).describe(
        'The certificate that we show, as PEM; its key is `secrets.tlsKey`.',
      ),
      authorities: text(100_000)
        .optional()
        .describe('Authorities to trust in place of the usual ones, as PEM.'),
    })
    .partial({ certificate: true })
    .optional(),
  signatures: z
    .array(signatureVersionSchema)
    .min(1)
    .max(2)
    .default(['v1'])
    .describe(
      '`v1`: HMAC-SHA256 with a shared secret; `v1a`: ed25519, with public keys at the JWKS address of the endpoint.',
    ),
  traceparent: z
    .boolean()
    .default(false)
    .describe('Whether requests carry the trace of their event.'),
  owner: entityRefSchema.describe(
    'The group or user of the catalog that answers for it and is told of its failures.',
  ),
  description: anyText(2_000).default(''),
  labels: z
    .record(text(63), anyText(255))
    .default({})
    .refine(hasAtMost(50), 'at most 50')
    .describe('At most 50.'),
});
/** @public */
export type EndpointSettings = z.infer<typeof endpointSettingsSchema>;

/**
 * What an endpoint knows and never shows.
 *
 * @public
 */
export const endpointSecretsSchema = z.strictObject({
  signing: z
    .array(text(200))
    .min(1)
    .max(12)
    .optional()
    .describe(
      'Keys that requests are signed with, newest first: `whsec_` or `whsk_` and base64. Without it they are made.',
    ),
  headers: z
    .record(headerNameSchema, headerValueSchema)
    .refine(hasAtMost(30), 'at most 30')
    .optional()
    .describe('Further headers whose values are credentials, at most 30.'),
  password: z.string().max(1_000).optional().describe('Of basic auth.'),
  clientSecret: z.string().max(1_000).optional().describe('Of OAuth 2.'),
  tlsKey: z
    .string()
    .max(20_000)
    .optional()
    .describe('The key of `tls.certificate`, as PEM.'),
});
/** @public */
export type EndpointSecrets = z.infer<typeof endpointSecretsSchema>;

/**
 * What an endpoint does now.
 *
 * @remarks
 * `active`: it is sent its events. `paused`: by a person; its cursor waits. `disabled`: by a person, or because its
 * receiver answered 410 or failed for days; its cursor waits as well, and its owner was told.
 *
 * @public
 */
export const endpointStateSchema = z.enum(['active', 'paused', 'disabled']);
/** @public */
export type EndpointState = z.infer<typeof endpointStateSchema>;
