import { z } from 'zod';
import { deliveryStateSchema, recipientSchema } from './api';
import {
  endpointIdSchema,
  endpointSecretsSchema,
  endpointSettingsSchema,
  endpointStateSchema,
  signatureVersionSchema,
} from './endpoints';
import {
  cursorSchema,
  instantSchema,
  keySchema,
  limitSchema,
  maxPageSize,
  textSchema,
  topicSchema,
} from './fields';

/*
 * Requests and answers of `/v1/endpoints`. No answer holds a secret, but for the one that makes it.
 */

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * The most events and attempts that are counted; where there may be more, the answer says so.
 *
 * @public
 */
export const maxCountedEvents = 10_000;

const settings = endpointSettingsSchema.shape;
const reasonSchema = textSchema
  .max(1_000)
  .describe('Shown to whoever looks at the endpoint.');
const timeSchema = z.iso.datetime();

/**
 * The request that makes an endpoint: its settings, and what goes with them.
 *
 * @public
 */
export const newEndpointSchema = z.strictObject({
  id: endpointIdSchema.optional().describe('Made unless given.'),
  ...settings,
  secrets: endpointSecretsSchema.optional(),
  startAt: z
    .union([z.enum(['end', 'beginning']), instantSchema], {
      error: "must be 'end', 'beginning' or a time, ISO 8601",
    })
    .default('end')
    .describe(
      'Where it begins: with the next event, the oldest that the log has, or the first at or after a time.',
    ),
});
/** @public */
export type NewEndpointRequest = z.infer<typeof newEndpointSchema>;

/**
 * The request that changes an endpoint: the fields that change. What is not given stays.
 *
 * @remarks
 * `null` takes an optional field away, and brings one that has a default back to it. Whether the fields go together is
 * seen when they are joined with those that stay.
 *
 * @public
 */
export const endpointChangeSchema = z.strictObject({
  url: settings.url.optional(),
  topics: settings.topics.optional(),
  filter: settings.filter.nullable(),
  entity: settings.entity.nullable(),
  format: settings.format.unwrap().nullish(),
  batch: settings.batch.nullable(),
  ordered: settings.ordered.unwrap().nullish(),
  concurrency: settings.concurrency.unwrap().nullish(),
  rateLimit: settings.rateLimit.nullable(),
  timeLimitMs: settings.timeLimitMs.unwrap().nullish(),
  retryScheduleMs: settings.retryScheduleMs.unwrap().nullish(),
  headers: settings.headers.unwrap().nullish(),
  auth: settings.auth.nullable(),
  tls: settings.tls.nullable(),
  signatures: settings.signatures.unwrap().nullish(),
  traceparent: settings.traceparent.unwrap().nullish(),
  owner: settings.owner.optional(),
  description: settings.description.unwrap().nullish(),
  labels: settings.labels.unwrap().nullish(),
  secrets: endpointSecretsSchema
    .optional()
    .describe(
      'Each that is given takes the place of the former one; `headers` that of all secret headers.',
    ),
});
/** @public */
export type EndpointChangeRequest = z.infer<typeof endpointChangeSchema>;

/** @public */
export const endpointsQuerySchema = z.strictObject({
  owner: textSchema
    .max(512)
    .optional()
    .describe(
      'Only endpoints that this group or user answers for; in any case.',
    ),
  state: endpointStateSchema.optional(),
  label: z
    .preprocess(
      label => (typeof label === 'string' ? [label] : label),
      z.array(textSchema.max(320)).min(1).max(10).optional(),
    )
    .describe(
      'Only endpoints with this label: `key:value`, or `key` for any value. May be repeated; each must fit.',
    ),
  topic: topicSchema
    .optional()
    .describe('Only endpoints that events of this topic may go to.'),
  limit: limitSchema,
  cursor: cursorSchema.optional(),
});
/** @public */
export type EndpointsQuery = z.infer<typeof endpointsQuerySchema>;

/** @public */
export const endpointViewSchema = z.object({
  id: endpointIdSchema,
  managedBy: z
    .enum(['api', 'config'])
    .describe(
      '`config`: declared in the configuration, and changed there. It can be paused, resumed and disabled here.',
    ),
  ...settings,
  signingKeys: z
    .array(
      z.object({
        id: z.string(),
        version: signatureVersionSchema,
        createdAt: timeSchema,
        expiresAt: timeSchema
          .nullable()
          .describe('When it ends; null for the one that stays.'),
        publicKey: z
          .string()
          .nullable()
          .describe('`whpk_` and base64, of a `v1a` key.'),
      }),
    )
    .describe('What requests are signed with, newest first.'),
  secretHeaders: z
    .array(z.string())
    .describe('Names of the headers whose values are secret.'),
  state: endpointStateSchema,
  stateReason: z.string().nullable(),
  stateBy: z
    .string()
    .describe('Who brought it into its state; `system` for Callboard itself.'),
  stateAt: timeSchema,
  subscriptionId: z.string(),
  revision: z
    .string()
    .describe(
      'Another one after every change; the `ETag`, without its quotes.',
    ),
  createdAt: timeSchema,
  createdBy: z.string(),
  updatedAt: timeSchema,
});
/** @public */
export type EndpointView = z.infer<typeof endpointViewSchema>;

/** @public */
export const endpointsPageSchema = z.object({
  items: z.array(endpointViewSchema),
  nextCursor: z.string().optional(),
});
/** @public */
export type EndpointsPage = z.infer<typeof endpointsPageSchema>;

/**
 * What a receiver is to be given of a key.
 *
 * @public
 */
export const shownKeySchema = z.discriminatedUnion('version', [
  z.object({
    version: z.literal('v1'),
    secret: z.string().describe('`whsec_` and base64. Never shown again.'),
  }),
  z.object({
    version: z.literal('v1a'),
    publicKey: z.string().describe('`whpk_` and base64.'),
  }),
]);
/** @public */
export type ShownKey = z.infer<typeof shownKeySchema>;

/** @public */
export const endpointWithKeysSchema = z.object({
  endpoint: endpointViewSchema,
  signing: z
    .array(shownKeySchema)
    .describe('The keys that were made; none for those that were given.'),
});
/** @public */
export type EndpointWithKeys = z.infer<typeof endpointWithKeysSchema>;

/** @public */
export const stateChangeSchema = z.strictObject({
  reason: reasonSchema.optional(),
});

/** @public */
export const keyRotationSchema = z.strictObject({
  version: signatureVersionSchema.default('v1'),
  overlapMs: z
    .int()
    .min(0)
    .max(7 * dayMs)
    .default(dayMs)
    .describe(
      'How long requests are signed with the former key as well, in milliseconds.',
    ),
  secret: textSchema
    .max(200)
    .optional()
    .describe(
      'The new key, `whsec_` or `whsk_` and base64; made unless given.',
    ),
});
/** @public */
export type KeyRotationRequest = z.infer<typeof keyRotationSchema>;

/** @public */
export const rotatedKeySchema = z.object({
  endpoint: endpointViewSchema,
  signing: shownKeySchema,
});
/** @public */
export type RotatedKey = z.infer<typeof rotatedKeySchema>;

/**
 * What became of one request.
 *
 * @remarks
 * `throttled`: the receiver asked for a pause. `gone`: it wants nothing any more. `cancelled`: we gave up, for example
 * because the process stops.
 *
 * @public
 */
export const endpointOutcomeSchema = z.enum([
  'delivered',
  'failed',
  'throttled',
  'gone',
  'cancelled',
]);
/** @public */
export type EndpointAttemptOutcome = z.infer<typeof endpointOutcomeSchema>;

/** @public */
export const endpointAttemptSummarySchema = z.object({
  id: z.uuid(),
  endpointId: z.string(),
  messageId: z
    .string()
    .describe('The `webhook-id`: that of the event, or of a batch.'),
  eventId: z.uuid(),
  position: z
    .int()
    .describe('Place of the event in the log; 0 for a test, which is in none.'),
  topic: z.string(),
  number: z
    .int()
    .describe(
      'Which attempt at this event, from 1; starts over when it is replayed.',
    ),
  startedAt: timeSchema,
  durationMs: z.int(),
  outcome: endpointOutcomeSchema,
  reason: z.string().describe('A sentence for people.'),
  status: z
    .int()
    .nullable()
    .describe('Status of the answer; null without one.'),
});
/** @public */
export type EndpointAttemptSummary = z.infer<
  typeof endpointAttemptSummarySchema
>;

const headersSchema = z.record(z.string(), z.string());

/** @public */
export const endpointAttemptSchema = endpointAttemptSummarySchema.extend({
  request: z.object({
    url: z.string(),
    headers: headersSchema.describe('Secrets are masked.'),
    bytes: z.int().describe('Size of the body.'),
  }),
  answer: z
    .object({
      headers: headersSchema,
      body: z.string().describe('Its beginning.'),
      cut: z.boolean().describe('Whether there was more of it.'),
    })
    .nullable(),
});
/** @public */
export type EndpointAttemptView = z.infer<typeof endpointAttemptSchema>;

/** @public */
export const endpointAttemptsQuerySchema = z.strictObject({
  eventId: z.uuid().optional().describe('Only attempts at this event.'),
  outcome: endpointOutcomeSchema.optional(),
  from: instantSchema
    .optional()
    .describe('Only attempts that began at or after this time.'),
  to: instantSchema
    .optional()
    .describe('Only attempts that began before this time.'),
  limit: limitSchema,
  cursor: cursorSchema.optional(),
});
/** @public */
export type EndpointAttemptsQuery = z.infer<typeof endpointAttemptsQuerySchema>;

/** @public */
export const endpointAttemptsPageSchema = z.object({
  items: z.array(endpointAttemptSummarySchema),
  nextCursor: z.string().optional(),
});
/** @public */
export type EndpointAttemptsPage = z.infer<typeof endpointAttemptsPageSchema>;

const lastSchema = z
  .int()
  .min(1)
  .max(maxPageSize)
  .default(50)
  .describe('How many of the newest events of the log to look at.');

/** @public */
export const endpointDryRunSchema = z.strictObject({ last: lastSchema });

/**
 * The request that tries settings which are not saved.
 *
 * @public
 */
export const settingsDryRunSchema = z.strictObject({
  ...settings,
  secrets: endpointSecretsSchema
    .optional()
    .describe('Checked with the settings, and kept nowhere.'),
  last: lastSchema,
});
/** @public */
export type SettingsDryRunRequest = z.infer<typeof settingsDryRunSchema>;

/** @public */
export const requestPreviewSchema = z.object({
  messageId: z.string(),
  url: z.string(),
  headers: headersSchema.describe('Secrets and signatures are masked.'),
  body: z.string().describe('Its beginning, up to 64 KiB.'),
  cut: z.boolean().describe('Whether there is more of the body.'),
});
/** @public */
export type RequestPreviewView = z.infer<typeof requestPreviewSchema>;

/** @public */
export const dryRunResultSchema = z.object({
  matched: z.int().describe('How many of the events would be sent.'),
  items: z
    .array(
      z.object({
        id: z.uuid(),
        position: z.int(),
        topic: z.string(),
        key: z.string().nullable(),
        time: timeSchema,
        matches: z.boolean(),
        reason: z.string().nullable().describe('Why it does not match.'),
        failed: z
          .boolean()
          .describe(
            'Whether that could not be decided: the filter failed, or the catalog is away.',
          ),
      }),
    )
    .describe('The events that were looked at, newest first.'),
  previews: z
    .array(requestPreviewSchema)
    .describe(
      'The requests that the newest three matches would be sent with; one request, where the endpoint takes batches.',
    ),
});
/** @public */
export type DryRunResult = z.infer<typeof dryRunResultSchema>;

/** @public */
export const redeliveryRequestSchema = z.strictObject({ eventId: z.uuid() });

/** @public */
export const redeliveryResultSchema = z.object({
  eventId: z.uuid(),
  owed: z
    .boolean()
    .describe('Whether it is owed again; if not, it comes by itself.'),
  explanation: z.string().describe('What happens next.'),
});
/** @public */
export type RedeliveryResult = z.infer<typeof redeliveryResultSchema>;

/** @public */
export const endpointReplayRequestSchema = z
  .strictObject({
    topic: topicSchema.optional().describe('Only events of this topic.'),
    key: keySchema.optional().describe('Only events with this key.'),
    from: instantSchema
      .optional()
      .describe('Only events at or after this time.'),
    to: instantSchema.optional().describe('Only events before this time.'),
    state: z
      .literal('dead')
      .optional()
      .describe('Only events that are dead for the endpoint.'),
    dryRun: z
      .boolean()
      .default(false)
      .describe('Count the events, and replay nothing.'),
  })
  .refine(
    ({ dryRun: _, ...query }) =>
      Object.values(query).some(field => field !== undefined),
    { error: 'name at least one of topic, key, from, to and state' },
  );
/** @public */
export type EndpointReplayRequest = z.infer<typeof endpointReplayRequestSchema>;

const countedSchema = z
  .int()
  .describe(
    `Events of the query, counted to ${maxCountedEvents} at the most. Those that the endpoint does not want are among them: it is asked as the replay goes on.`,
  );

/** @public */
export const replayCountSchema = z.object({
  dryRun: z.literal(true),
  total: countedSchema,
  wanted: z
    .int()
    .describe('How many of them are of topics that the endpoint wants.'),
  explanation: z.string(),
});
/** @public */
export type ReplayCount = z.infer<typeof replayCountSchema>;

/** @public */
export const endpointReplaySchema = z.object({
  id: z.uuid(),
  endpointId: z.string(),
  query: z
    .object({
      topic: z.string().optional(),
      key: z.string().optional(),
      from: z.string().optional(),
      to: z.string().optional(),
      state: z.literal('dead').optional(),
    })
    .describe('Which of the events between its positions it takes.'),
  state: z.enum(['running', 'done', 'cancelled', 'failed']),
  total: countedSchema,
  lookedAt: z.int().describe('Events of the query that it has come past.'),
  owed: z.int().describe('Events that were owed again.'),
  place: z.int().describe('Position up to which it is done.'),
  upTo: z.int().describe('The last position that it takes.'),
  error: z.string().nullable().describe('Why it failed.'),
  createdBy: z.string(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
});
/** @public */
export type EndpointReplayView = z.infer<typeof endpointReplaySchema>;

/** @public */
export const endpointReplaysSchema = z.object({
  items: z.array(endpointReplaySchema),
});
/** @public */
export type EndpointReplays = z.infer<typeof endpointReplaysSchema>;

/** @public */
export const breakerSchema = z
  .object({
    state: z.enum(['closed', 'open', 'half-open']),
    until: timeSchema
      .nullable()
      .describe(
        'When the next request may be sent, while it is open; until when its answer is waited for, while it is half-open.',
      ),
  })
  .describe(
    '`closed`: requests are sent. `open`: none, because the receiver failed at everything. `half-open`: one, to see whether it works again.',
  );

/** @public */
export const endpointHealthSchema = z.object({
  state: endpointStateSchema,
  problem: z
    .string()
    .nullable()
    .describe(
      'Why the process that answers can send it nothing, with the remedy: its secrets or certificates cannot be used.',
    ),
  breaker: breakerSchema,
  window: z
    .literal('24h')
    .describe('What `attempts` and the fields that are made from them cover.'),
  attempts: z
    .int()
    .describe(`Counted to ${maxCountedEvents}, the newest first.`),
  successRate: z
    .number()
    .nullable()
    .describe('Between 0 and 1; null without an attempt.'),
  p50Ms: z.int().nullable(),
  p95Ms: z.int().nullable(),
  lag: z
    .int()
    .describe(
      'Tail of the log minus cursor; 0 when nothing of its topics is left.',
    ),
  owed: z
    .record(deliveryStateSchema.exclude(['delivered']), z.int())
    .describe('Deliveries by state, each counted to 10,000 at most.'),
  lastDeliveredAt: timeSchema.nullable(),
  lastFailedAt: timeSchema.nullable(),
  lastError: z.string().nullable(),
});
/** @public */
export type EndpointHealthView = z.infer<typeof endpointHealthSchema>;

/**
 * Why an event was sent to an endpoint, or was not.
 *
 * @public
 */
export const endpointEventSchema = z.object({
  endpointId: z.string(),
  eventId: z.uuid(),
  position: z.int(),
  topic: z.string(),
  key: z.string().nullable(),
  time: timeSchema,
  status: recipientSchema.shape.status,
  explanation: z.string().describe('Why, and what happens next.'),
  dueAt: timeSchema.nullable(),
  selection: z
    .object({
      matches: z
        .boolean()
        .nullable()
        .describe('Null while the catalog is away and would have to be asked.'),
      reason: z.string().nullable().describe('Why it does not match.'),
    })
    .describe('Whether its topics and filters, as they are now, choose it.'),
  attempts: z
    .array(endpointAttemptSummarySchema)
    .describe('The newest 200 of those that are kept still, newest first.'),
});
/** @public */
export type EndpointEventView = z.infer<typeof endpointEventSchema>;
