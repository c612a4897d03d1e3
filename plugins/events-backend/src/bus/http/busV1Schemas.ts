import {
  maxTopics,
  subscribedTopicSchema,
  subscriptionIdSchema,
} from '@callboard/backstage-plugin-events-node/bus';
import { z } from 'zod';

/** Their ids are stored with the event; all of its metadata together have a limit besides. */
const maxNotified = 1_000;

/** Path of a route of one subscription. */
export const subscriptionPathSchema = z.object({ id: subscriptionIdSchema });

/** Body of `POST /events`. */
export const publishBodySchema = z.object({
  event: z.object({
    topic: subscribedTopicSchema,
    payload: z
      .unknown()
      .optional()
      .describe('Any JSON; one that is left out is null.'),
  }),
  notifiedSubscribers: z
    .array(subscriptionIdSchema)
    .max(maxNotified)
    .optional()
    .describe(
      'Subscriptions that were given the event in the process that publishes it; they are not given it again.',
    ),
});

/** Body of `PUT /subscriptions/{id}`. */
export const subscriptionBodySchema = z.object({
  topics: z.array(subscribedTopicSchema).max(maxTopics),
});

/** Answer of `GET /subscriptions/{id}/events`. */
export const eventsAnswerSchema = z.object({
  events: z.array(z.object({ topic: z.string(), payload: z.json() })).max(10),
});
