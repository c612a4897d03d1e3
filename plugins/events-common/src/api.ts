import { z } from 'zod';
import {
  cursorSchema,
  instantSchema,
  keySchema,
  limitSchema,
  subscriptionIdSchema,
  textSchema,
  topicSchema,
} from './fields';

export { maxPageSize } from './fields';

/**
 * The states of a delivery.
 *
 * @remarks
 * `due`: to be tried at its due time. `blocked`: waits behind an earlier event with the same key.
 * `claimed`: a reader has it. `delivered`: its handler succeeded in the end. `dead`: given up, may be replayed.
 *
 * @public
 */
export const deliveryStateSchema = z.enum([
  'due',
  'blocked',
  'claimed',
  'delivered',
  'dead',
]);
/** @public */
export type DeliveryState = z.infer<typeof deliveryStateSchema>;

/** @public */
export const eventsQuerySchema = z.strictObject({
  topic: topicSchema.optional().describe('Only events of this topic.'),
  key: keySchema.optional().describe('Only events with this key.'),
  deduplicationId: textSchema
    .max(255)
    .optional()
    .describe(
      "Only the event with this id of its sender, such as GitHub's `X-GitHub-Delivery`. Needs `topic`.",
    ),
  from: instantSchema.optional().describe('Only events at or after this time.'),
  to: instantSchema.optional().describe('Only events before this time.'),
  order: z
    .enum(['asc', 'desc'])
    .default('desc')
    .describe('`desc` starts with the newest event.'),
  limit: limitSchema,
  cursor: cursorSchema.optional(),
});
/** @public */
export type EventsQuery = z.infer<typeof eventsQuerySchema>;

/** @public */
export const eventSummarySchema = z.object({
  id: z.uuid(),
  position: z.int().describe('Its place in the log.'),
  topic: z.string(),
  key: z.string().nullable(),
  time: z.iso.datetime().describe('When it was appended.'),
  size: z.int().describe('Size of the payload as JSON, in bytes.'),
});
/** @public */
export type EventSummary = z.infer<typeof eventSummarySchema>;

/** @public */
export const eventsPageSchema = z.object({
  items: z.array(eventSummarySchema),
  nextCursor: z.string().optional(),
});
/** @public */
export type EventsPage = z.infer<typeof eventsPageSchema>;

/**
 * An event with everything it carries: an item of a page behind a position, and the data of an event of the stream.
 *
 * @public
 */
export const wholeEventSchema = eventSummarySchema.extend({
  payload: z.json(),
  metadata: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
});
/** @public */
export type WholeEvent = z.infer<typeof wholeEventSchema>;

/**
 * A place in the log as it stands in a query or in the header `Last-Event-ID`.
 *
 * @public
 */
export const positionSchema = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a position of the log')
  .transform(Number);

/**
 * Where to start in the log: behind a position, with the oldest event that is there, or behind the newest.
 *
 * @public
 */
export const startSchema = z.union(
  [z.enum(['beginning', 'end']), positionSchema],
  { error: 'must be a position of the log, beginning or end' },
);
/** @public */
export type Start = z.infer<typeof startSchema>;

/** The most topics that one reader may filter by: each costs a look into an index. */
const maxTopics = 50;

const followedTopicsSchema = z
  .preprocess(
    topic => (typeof topic === 'string' ? [topic] : topic),
    z.array(topicSchema).min(1).max(maxTopics).optional(),
  )
  .describe('Only events of these topics; may be repeated.');

/** @public */
export const streamQuerySchema = z.strictObject({
  topic: followedTopicsSchema,
  key: keySchema.optional().describe('Only events with this key.'),
  after: startSchema
    .default('end')
    .describe(
      'Starts behind this position, with the oldest event that the log has (`beginning`), or with the next to come (`end`).',
    ),
});
/** @public */
export type StreamQuery = z.infer<typeof streamQuerySchema>;

/** @public */
export const eventsAfterQuerySchema = z.strictObject({
  topic: followedTopicsSchema,
  key: keySchema.optional().describe('Only events with this key.'),
  after: startSchema.describe(
    'Gives whole events in the order of the log: those behind this position, or the oldest that the log has (`beginning`). `end` gives none, and the position of the newest event. Does not go with `from`, `to`, `order` and `cursor`.',
  ),
  limit: limitSchema,
  waitMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(55_000)
    .default(0)
    .describe(
      'With `after`: how long to wait for an event when there is none, in milliseconds.',
    ),
});
/** @public */
export type EventsAfterQuery = z.infer<typeof eventsAfterQuerySchema>;

/** @public */
export const eventsAfterPageSchema = z.object({
  items: z.array(wholeEventSchema),
  after: z
    .int()
    .describe(
      'Go on from here. Moves past events that the query does not ask for, too.',
    ),
  tail: z
    .int()
    .describe(
      'Position of the newest event of the log; you are up to date when `after` has come to it.',
    ),
});
/** @public */
export type EventsAfterPage = z.infer<typeof eventsAfterPageSchema>;

/** @public */
export const attemptSchema = z.object({
  number: z.int(),
  time: z.iso.datetime().describe('When the attempt ended.'),
  outcome: z.enum(['delivered', 'failed', 'lapsed']),
  durationMs: z.int().nullable(),
  error: z.string().nullable(),
});
/** @public */
export type Attempt = z.infer<typeof attemptSchema>;

/** @public */
export const recipientSchema = z.object({
  subscriptionId: z
    .string()
    .nullable()
    .describe(
      'Null for an endpoint that the caller may not see, of which no more than the status is told.',
    ),
  status: z
    .enum([
      'delivered',
      'tried',
      'claimed',
      'waiting',
      'due',
      'blocked',
      'dead',
      'not-wanted',
    ])
    .describe(
      '`tried`: it was given once, and how that went is not kept: its topic is ephemeral, or an endpoint was sent it longer ago than attempts are kept. `waiting`: the cursor has not come this far. `not-wanted`: the subscription did not want the topic at this position, or the filter of the endpoint did not choose it.',
    ),
  explanation: z.string().describe('Why, and what happens next.'),
  attempts: z.array(attemptSchema),
  dueAt: z.iso.datetime().optional(),
});
/** @public */
export type Recipient = z.infer<typeof recipientSchema>;

/** @public */
export const eventViewSchema = wholeEventSchema.extend({
  deduplicationId: z.string().nullable(),
  explanation: z
    .string()
    .describe('Who got it, to those who may read deliveries.'),
  recipients: z
    .array(recipientSchema)
    .optional()
    .describe('Only for those who may read deliveries.'),
});
/** @public */
export type EventView = z.infer<typeof eventViewSchema>;

/** @public */
export const topicViewSchema = z.object({
  topic: z.string(),
  ingress: z.boolean().describe('Whether an HTTP ingress stands open for it.'),
  lastPosition: z
    .int()
    .nullable()
    .describe('Position of its newest event in the log.'),
  lastTime: z.iso.datetime().nullable(),
  subscriptions: z.array(z.string()),
});
/** @public */
export type TopicView = z.infer<typeof topicViewSchema>;

/** @public */
export const topicsViewSchema = z.object({ items: z.array(topicViewSchema) });

/** @public */
export const subscriptionViewSchema = z.object({
  id: z.string(),
  topics: z.array(z.string()),
  cursor: z.int(),
  lag: z
    .int()
    .describe(
      'Tail of the log minus cursor; 0 when nothing the subscription wants is left.',
    ),
  owed: z
    .object({
      due: z.int(),
      blocked: z.int(),
      claimed: z.int(),
      dead: z.int(),
    })
    .describe('Deliveries by state, each counted to 10,000 at most.'),
  createdAt: z.iso.datetime(),
  heartbeatAt: z.iso.datetime().describe('When a reader last asked for it.'),
  lastError: z.string().nullable(),
  lastErrorAt: z.iso.datetime().nullable(),
});
/** @public */
export type SubscriptionView = z.infer<typeof subscriptionViewSchema>;

/** @public */
export const subscriptionsViewSchema = z.object({
  items: z.array(subscriptionViewSchema),
});

/** @public */
export const deliveriesQuerySchema = z.strictObject({
  state: deliveryStateSchema.optional(),
  subscriptionId: subscriptionIdSchema.optional(),
  limit: limitSchema,
  cursor: cursorSchema.optional(),
});
/** @public */
export type DeliveriesQuery = z.infer<typeof deliveriesQuerySchema>;

/** @public */
export const deliveryViewSchema = z.object({
  subscriptionId: z.string(),
  eventId: z.uuid(),
  position: z.int(),
  topic: z.string(),
  key: z.string().nullable(),
  state: deliveryStateSchema,
  attempts: z.int(),
  dueAt: z.iso.datetime(),
  lastError: z.string().nullable(),
  updatedAt: z.iso.datetime(),
});
/** @public */
export type DeliveryView = z.infer<typeof deliveryViewSchema>;

/** @public */
export const deliveriesPageSchema = z.object({
  items: z.array(deliveryViewSchema),
  nextCursor: z.string().optional(),
});
/** @public */
export type DeliveriesPage = z.infer<typeof deliveriesPageSchema>;

/** @public */
export const replayRequestSchema = z.strictObject({
  eventId: z.uuid().optional().describe('Replay this one event.'),
  query: z
    .strictObject({
      topic: topicSchema.optional(),
      key: keySchema.optional(),
      from: instantSchema.optional(),
      to: instantSchema.optional(),
      state: z
        .literal('dead')
        .optional()
        .describe('Only events that are dead for the subscription.'),
    })
    .optional()
    .describe('Replay every event that matches; at least one field.'),
  subscriptionId: subscriptionIdSchema
    .optional()
    .describe(
      'Only for this subscription; otherwise for each that wants the topic, or that it is dead for. None of an endpoint: those choose by more than topics, and have replays of their own.',
    ),
  dryRun: z
    .boolean()
    .default(false)
    .describe('Count what would be replayed, and replay nothing.'),
});
/** @public */
export type ReplayRequest = z.infer<typeof replayRequestSchema>;

/** @public */
export const replayResultSchema = z.object({
  dryRun: z.boolean(),
  events: z.int().describe('Events that matched.'),
  deliveries: z
    .int()
    .describe('Deliveries owed again (or that would be, in a dry run).'),
  alreadyOwed: z
    .int()
    .describe('Deliveries that were owed before, and stay as they are.'),
});
/** @public */
export type ReplayResult = z.infer<typeof replayResultSchema>;
