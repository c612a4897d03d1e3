import { z } from 'zod';

/* Fields that requests of several routes have. */

/**
 * The most events that one page, or one reader's `limit`, may hold.
 *
 * @public
 */
export const maxPageSize = 200;

export const limitSchema = z.coerce
  .number()
  .int()
  .min(1)
  .max(maxPageSize)
  .default(50)
  .describe('The most items to return.');
export const cursorSchema = z
  .string()
  .max(200)
  .describe('The `nextCursor` of the page before; opaque.');
export const instantSchema = z.iso
  .datetime({ offset: true })
  .describe('A time, ISO 8601.');

/** PostgreSQL keeps no text with a zero character, so nothing of the kind can be found. */
export const textSchema = z
  .string()
  .min(1)
  .refine(text => !text.includes('\0'), 'must not hold a zero character');
export const topicSchema = textSchema.max(255);
export const keySchema = textSchema.max(1024);
export const subscriptionIdSchema = textSchema.max(512);
