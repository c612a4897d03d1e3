import { z } from 'zod';

const conditions = {
  topic: z.string().optional(),
  key: z.string().optional(),
  state: z.literal('dead').optional(),
  /** What the places of the replay were made of, for people. */
  from: z.string().optional(),
  to: z.string().optional(),
};

/**
 * Which events a replay takes, as it is kept. Those that are dead are taken whatever the endpoint wants by now; others only
 * if it wants them. One that another version has written with further conditions is not carried on without them.
 */
export const replayQuerySchema = z.strictObject(conditions);
export type ReplayQuery = z.infer<typeof replayQuerySchema>;

/** The conditions that this version knows, to be shown. */
export const shownReplayQuerySchema = z.object(conditions);
