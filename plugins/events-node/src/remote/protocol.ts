import { z } from 'zod';
import { maxEventsAtOnce } from '../DurableEventsService';
import {
  maxTopics,
  pauseSchema,
  subscribedTopicSchema,
} from '../subscriptionRules';

/*
 * Bus v2: what processes without the events system and the process with it say to each other, over HTTP, below
 * `/api/events/bus/v2`. Service credentials only.
 *
 * Backends are upgraded one after the other, so the two may be of different releases. Each side ignores fields that it
 * does not know, and a new field must be one that can be ignored, and left out.
 */

/** The most groups of events that one request publishes. */
export const maxGroupsPerRequest = 500;
/** The most events that one claim takes. */
export const maxEventsPerClaim = 200;
/** The longest that a claim waits for something to come, in milliseconds; proxies cut connections after a minute. */
export const maxClaimWaitMs = 50_000;

const maxFailureLength = 2_000;
/** What Node.js timers know, and an integer of PostgreSQL holds. */
const maxDurationMs = 2_147_483_647;
/** The last time that a `Date` knows. */
const maxTimeMs = 8_640_000_000_000_000;
const maxPauseMs = 60 * 60_000;
const headerValueSchema = z.union([z.string(), z.array(z.string())]);
const eventSchema = z.object({
  // Checked for each group by itself: one that is wrong must not take the others with it.
  topic: z.string(),
  payload: z.unknown().describe('Any JSON.'),
  metadata: z
    .record(z.string(), headerValueSchema)
    .optional()
    .describe('`callboard-event-id` makes it safe to send the event again.'),
});

export const publishRequestSchema = z.object({
  groups: z
    .array(z.array(eventSchema).min(1).max(maxEventsAtOnce))
    .min(1)
    .max(maxGroupsPerRequest)
    .describe(
      'Each group is stored in one commit, in this order, whole or not at all.',
    ),
});
export type PublishRequest = z.infer<typeof publishRequestSchema>;

const publishedGroupSchema = z.union([
  z.object({
    accepted: z.array(
      z.object({
        id: z.uuid(),
        duplicate: z.boolean().describe('The log had it already.'),
      }),
    ),
  }),
  z.object({
    error: z.object({ name: z.string(), message: z.string() }),
  }),
]);
export const publishAnswerSchema = z.object({
  groups: z.array(publishedGroupSchema).describe('One for each group.'),
});
export type PublishAnswer = z.infer<typeof publishAnswerSchema>;

export const subscriptionRequestSchema = z.object({
  topics: z.array(subscribedTopicSchema).max(maxTopics),
  start: z
    .union([
      z.enum(['end', 'beginning']),
      z.object({ timeMs: z.number().int().min(0).max(maxTimeMs) }),
    ])
    .default('end')
    .describe('Where a new subscription starts; one that stands goes on.'),
  retry: z
    .object({
      maxAttempts: z.number().int().min(1).max(1_000).optional(),
      initialDelayMs: pauseSchema.optional(),
      maxDelayMs: pauseSchema.optional(),
    })
    .optional(),
  perProcess: z
    .boolean()
    .default(false)
    .describe('It goes ten minutes after its process died.'),
});
export type SubscriptionRequest = z.input<typeof subscriptionRequestSchema>;

export const claimRequestSchema = z.object({
  maxEvents: z.number().int().min(1).max(maxEventsPerClaim).default(50),
  waitMs: z
    .number()
    .int()
    .min(0)
    .max(maxClaimWaitMs)
    .default(0)
    .describe('How long to hold the request open until something comes.'),
});
export type ClaimRequest = z.input<typeof claimRequestSchema>;

export const claimAnswerSchema = z.object({
  ticket: z.uuid().describe('Proof of the claim; lapses with the lease.'),
  leaseMs: z.number().describe('How long it is good unless it is renewed.'),
  waitedMs: z
    .number()
    .nonnegative()
    .default(0)
    .describe(
      'How long the request waited before the lease began; a reader that adds it to when it sent the request knows how long it may go on.',
    ),
  events: z.array(
    z.object({
      position: z.number().int(),
      id: z.uuid(),
      topic: z.string(),
      key: z.string().nullable(),
      timeMs: z.number().int(),
      attempt: z.number().int(),
      metadata: z.record(z.string(), headerValueSchema),
      payload: z.unknown(),
    }),
  ),
});
export type ClaimAnswer = z.infer<typeof claimAnswerSchema>;

const durationSchema = z.number().min(0).max(maxDurationMs);
const knownOutcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('delivered'), durationMs: durationSchema }),
  z.object({
    kind: z.literal('failed'),
    error: z.string().max(maxFailureLength),
    durationMs: durationSchema,
  }),
  z.object({
    kind: z.literal('untried'),
    afterMs: z
      .number()
      .int()
      .min(0)
      .max(maxPauseMs)
      .optional()
      .describe('Pause before it may be claimed again.'),
  }),
]);
const knownKinds = new Set<string>(
  knownOutcomeSchema.options.map(({ shape }) => shape.kind.value),
);
const outcomeSchema = z.union([
  knownOutcomeSchema,
  z
    .object({ kind: z.string().refine(kind => !knownKinds.has(kind)) })
    .transform(() => ({ kind: 'untried' as const }))
    .describe('Of a later release; counts as not tried.'),
]);

export const settlementRequestSchema = z.object({
  outcomes: z
    .array(z.object({ position: z.number().int(), outcome: outcomeSchema }))
    .max(maxEventsPerClaim)
    .describe('What is not named was not tried.'),
});
export type SettlementRequest = z.infer<typeof settlementRequestSchema>;

export const ticketAnswerSchema = z.object({
  good: z
    .boolean()
    .describe('False when the ticket had lapsed: nothing was recorded.'),
});
export type TicketAnswer = z.infer<typeof ticketAnswerSchema>;
