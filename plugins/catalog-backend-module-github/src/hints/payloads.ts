import { z } from 'zod';

/*
 * The parts of GitHub's payloads that are read. Everything else is left alone.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads
 */

const login = z.string().min(1).max(200);
const nodeId = z.string().min(1).max(200);
const path = z.string().max(4_096);

/** Pushes tell seconds since the epoch, everything else ISO 8601. */
const time = z
  .union([z.number().transform(seconds => seconds * 1_000), z.string()])
  .transform(value =>
    typeof value === 'number' ? value : new Date(value).getTime(),
  )
  .pipe(z.number());

const repository = z.object({
  node_id: nodeId,
  full_name: z.string().max(500),
  html_url: z.url().max(2_000),
  default_branch: z.string().max(1_000),
  owner: z.object({ login }),
  pushed_at: time.nullish(),
  updated_at: time.nullish(),
});

/** All that every event of a repository has. */
export const payloadOfRepository = z.object({ repository });

const paths = z.array(path).optional();

export const pushPayload = z.object({
  ref: z.string().max(1_000),
  before: z.string().max(100),
  after: z.string().max(100),
  created: z.boolean(),
  deleted: z.boolean(),
  forced: z.boolean(),
  commits: z.array(
    z.object({
      id: z.string().max(100),
      added: paths,
      removed: paths,
      modified: paths,
    }),
  ),
  repository,
});

export const repositoryPayload = z.object({
  action: z.string().max(100),
  changes: z.record(z.string(), z.unknown()).optional(),
  repository,
});

const namedRepositories = z.array(
  z.object({ node_id: nodeId, full_name: z.string().max(500) }),
);
const installation = z.object({
  app_id: z.number().optional(),
  account: z.object({ login, html_url: z.url().max(2_000) }),
});

export const installationPayload = z.object({
  action: z.string().max(100),
  installation,
  repositories: namedRepositories.optional(),
});

export const installationRepositoriesPayload = z.object({
  action: z.string().max(100),
  installation,
  repositories_added: namedRepositories,
  repositories_removed: namedRepositories,
});

export type PushPayload = z.infer<typeof pushPayload>;
