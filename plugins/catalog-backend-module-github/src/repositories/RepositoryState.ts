import { z } from 'zod';

/** What GitHub said of a repository, or what follows from it and the pushes since. */
export interface RepositoryState {
  owner: string;
  name: string;
  /** Of its page, such as `https://github.com/acme/site`. */
  url: string;
  isArchived: boolean;
  isFork: boolean;
  visibility: string;
  topics: string[];
  /** Undefined as long as nothing was pushed. */
  defaultBranch?: string;
  /** The commit that the followed branch is at. Undefined when there is no such branch. */
  head?: string;
  /** The file at the catalog path. Undefined when it is not there, and for a path with wildcards. */
  file?: { oid?: string; isEmpty: boolean };
  /** Whether a push has changed a catalog file since GitHub was last asked: `file` is what it was before. */
  isUnsure?: boolean;
  /** With what GitHub was asked that showed it: what an app has been granted, or a token, which may see less. */
  shownTo?: 'app' | 'token';
  /** Milliseconds since the epoch, as all times here; GitHub tells whole seconds. */
  pushedAtMs: number;
  updatedAtMs: number;
}

/** Reads a state as it is stored. */
export const repositoryStateSchema: z.ZodType<RepositoryState> = z.object({
  owner: z.string(),
  name: z.string(),
  url: z.string(),
  isArchived: z.boolean(),
  isFork: z.boolean(),
  visibility: z.string(),
  topics: z.array(z.string()),
  defaultBranch: z.string().optional(),
  head: z.string().optional(),
  file: z
    .object({ oid: z.string().optional(), isEmpty: z.boolean() })
    .optional(),
  isUnsure: z.boolean().optional(),
  shownTo: z.enum(['app', 'token']).optional(),
  pushedAtMs: z.number(),
  updatedAtMs: z.number(),
});
