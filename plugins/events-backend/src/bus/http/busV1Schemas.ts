import { z } from 'zod';

const maxIdBytes = 512;
const maxTopicLength = 255;
/** Each topic is a range of the log of its own, all read in one statement, of which SQLite unites 500. */
const maxTopics = 200;
/** Their ids are stored with the event; all of its metadata together have a limit besides. */
const maxNotified = 1_000;

const idSchema = z
  .string()
  .min(1)
  .refine(
    id => Buffer.byteLength(id) <= maxIdBytes && !id.includes('\0'),
    `An id of a subscription has at most ${maxIdBytes} bytes and no zero character`,
  )
  .describe('`<plugin>.<name>`; who uses the same id shares its events.');

const topicSchema = z
  .string()
  .min(1)
  .max(maxTopicLength)
  .refine(topic => !topic.includes('\0'), 'A topic has no zero character');

/** Path of a route of one subscription. */
export const subscriptionPathSchema = z.object({ id: idSchema });

/** Body of `POST /events`. */
export const publishBodySchema = z.object({
  event: z.object({
    topic: topicSchema,
    payload: z
      .unknown()
      .optional()
      .describe('Any JSON; one that is left out is null.'),
  }),
  notifiedSubscribers: z
    .array(idSchema)
    .max(maxNotified)
    .optional()
    .describe(
      'Subscriptions that were given the event in the process that publishes it; they are not given it again.',
    ),
});

/** Body of `PUT /subscriptions/{id}`. */
export const subscriptionBodySchema = z.object({
  topics: z.array(topicSchema).max(maxTopics),
});

/** Answer of `GET /subscriptions/{id}/events`. */
export const eventsAnswerSchema = z.object({
  events: z.array(z.object({ topic: z.string(), payload: z.json() })).max(10),
});
