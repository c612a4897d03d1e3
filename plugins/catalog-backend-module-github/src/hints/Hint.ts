import { z } from 'zod';

/** What a push says that happened to a branch. */
export interface PushHint {
  branch: string;
  /** Commits by their ids. Undefined when the push made the branch. */
  before?: string;
  /** Undefined when the push deleted the branch. */
  after?: string;
  isForced: boolean;
  /** Whether every commit of the push is told of. */
  isComplete: boolean;
  /** Whether its commits add or remove a file of the catalog path. */
  addsOrRemoves: boolean;
  /** Whether its commits change a file of the catalog path. */
  modifies: boolean;
  /** Files that it touches, as many of them as {@link maxPaths} and {@link maxPathBytes} let. */
  paths: string[];
  pushedAtMs: number;
}

/** Paths of a push that are kept, to refresh what was read from them. */
export const maxPaths = 300;
/**
 * How many bytes these are together at the most, as they are stored: many hints are read at once, and whoever may push
 * makes paths.
 */
export const maxPathBytes = 32_000;

const pushHintSchema: z.ZodType<PushHint> = z.object({
  branch: z.string(),
  before: z.string().optional(),
  after: z.string().optional(),
  isForced: z.boolean(),
  isComplete: z.boolean(),
  addsOrRemoves: z.boolean(),
  modifies: z.boolean(),
  paths: z.array(z.string()),
  pushedAtMs: z.number(),
});

/** Says that something may have happened to a repository. */
export interface Hint {
  /** By which GitHub knows the repository; it stays over renames and transfers. */
  nodeId: string;
  /** Who owned it then. */
  owner: string;
  /** `owner/name`, as it was then. */
  fullName: string;
  /** Whether the hint says that the repository is not there any more, or not for us. */
  saysGone: boolean;
  /** Whether it says that the repository was deleted. */
  isDeleted?: boolean;
  /** Of a push. */
  push?: PushHint;
  /** Of a change of the repository itself: when it was changed last, as far as the sender knew. */
  updatedAtMs?: number;
}

/** What a provider makes of an event; `app` is the id of an app, if the event says what that is shown. */
export type Reading =
  | { kind: 'hints'; hints: Hint[]; app?: number }
  /** Who has installed the app may be known no longer as it is. */
  | { kind: 'owners'; hints: Hint[]; app?: number }
  | { kind: 'passed over'; reason: string; fullName?: string };

/** Reads a hint as it is stored. */
export const hintSchema: z.ZodType<Hint> = z.object({
  nodeId: z.string(),
  owner: z.string(),
  fullName: z.string(),
  saysGone: z.boolean(),
  isDeleted: z.boolean().optional(),
  push: pushHintSchema.optional(),
  updatedAtMs: z.number().optional(),
});
