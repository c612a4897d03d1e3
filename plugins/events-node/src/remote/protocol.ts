import { z } from 'zod';
import { maxEventsAtOnce } from '../DurableEventsService';

/*
 * Bus v2: what processes without the events system and the process with it say to each other, over HTTP, below
 * `/api/events/bus/v2`. Service credentials only.
 */

/** The most groups of events that one request publishes. */
export const maxGroupsPerRequest = 500;
/** The most events that one claim takes. */
export const maxEventsPerClaim = 200;
/** The longest that a claim waits for something to come, in milliseconds; proxies cut connections after a minute. */
export const maxClaimWaitMs = 50_000;

const maxFailureLength = 2_000;
const headerValueSchema = z.union([z.string(), z.array(z.string())]);
const eventSchema = z.strictObject({
  // Checked for each group by itself: one that is wrong must not take the others with it.
  topic: z.string(),
  payload: z.unknown().describe('Any JSON.'),
  metadata: z
    .record(z.string(), headerValueSchema)
    .optional()
    .describe('`callboard-event-id` makes it safe to send the event again.'),
});

export const publishRequestSchema = z.strictObject({
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

export const subscriptionRequestSchema = z.strictObject({
  topics: z.array(z.string().min(1).max(255)).max(100),
  start: z
    .union([
      z.enum(['end', 'beginning']),
      z.strictObject({ timeMs: z.number().int().nonnegative() }),
    ])
    .default('end')
    .describe('Where a new subscription starts; one that stands goes on.'),
  retry: z
    .strictObject({
      maxAttempts: z.number().int().min(1).max(1_000).optional(),
      initialDelayMs: z.number().nonnegative().optional(),
      maxDelayMs: z.number().nonnegative().optional(),
    })
    .optional(),
  perProcess: z
    .boolean()
    .default(false)
    .describe('It goes ten minutes after its process died.'),
});
export type SubscriptionRequest = z.input<typeof subscriptionRequestSchema>;

export const claimRequestSchema = z.strictObject({
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

export const settlementRequestSchema = z.strictObject({
  outcomes: z
    .array(
      z.strictObject({
        position: z.number().int(),
        outcome: z.discriminatedUnion('kind', [
          z.strictObject({
            kind: z.literal('delivered'),
            durationMs: z.number().nonnegative(),
          }),
          z.strictObject({
            kind: z.literal('failed'),
            error: z.string().max(maxFailureLength),
            durationMs: z.number().nonnegative(),
          }),
          z.strictObject({ kind: z.literal('untried') }),
        ]),
      }),
    )
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
