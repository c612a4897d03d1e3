import { z } from 'zod';

/*
 * What an id, a topic and a pause of a subscription may be, wherever they come in: from a handler of this process, over
 * either bus.
 */

const maxIdBytes = 512;
const maxTopicLength = 255;
/** No pause is longer than the log keeps an event that somebody still needs. */
const maxPauseMs = 30 * 86_400_000;

/** Topics that one handler, or one request, may name. Each is a range of the log of its own, all read in one statement. */
export const maxTopics = 200;
/**
 * Topics that one subscription may want altogether. More than one handler names, since those of several handlers add up,
 * and in a rolling deployment those of two versions.
 */
export const maxWantedTopics = 1_000;

// PostgreSQL takes no zero character in a text.
const hasNoZero = (text: string) => !text.includes('\0');

export const subscriptionIdSchema = z
  .string()
  .refine(
    id => id !== '' && Buffer.byteLength(id) <= maxIdBytes && hasNoZero(id),
    `A subscription needs an id of 1 to ${maxIdBytes} bytes without a zero character`,
  )
  .describe('`<plugin>.<name>`; who uses the same id shares its events.');

export const subscribedTopicSchema = z
  .string()
  .min(1)
  .max(maxTopicLength)
  .refine(hasNoZero, 'A topic has no zero character');

/** In milliseconds. */
export const pauseSchema = z.number().min(0).max(maxPauseMs);
