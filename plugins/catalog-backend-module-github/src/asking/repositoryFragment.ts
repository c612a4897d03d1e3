import type { GithubAskedAs } from '@callboard/backstage-plugin-github-node';
import { z } from 'zod';
import type { RepositoryState } from '../repositories';
import type { ProviderSettings } from '../settings';

/**
 * What is asked of each repository, the same wherever it is met, so that a listing tells as much as a question of its own.
 * Some 100 nodes of it cost one point of the rate limit.
 *
 * @see https://docs.github.com/en/graphql/reference/objects#repository
 */
export const repositoryFragment = `
fragment repository on Repository {
  id name url isArchived isFork visibility pushedAt updatedAt
  owner { login }
  defaultBranchRef { name target { oid } }
  branch: ref(qualifiedName: $branch) @include(if: $hasBranch) { target { oid } }
  file: object(expression: $file) @include(if: $hasFile) {
    __typename
    ... on Blob { oid byteSize }
  }
  repositoryTopics(first: 100) { nodes { topic { name } } }
}`;

/** The variables of {@link repositoryFragment}, as a query declares them. */
export const fragmentVariables =
  '$branch: String!, $hasBranch: Boolean!, $file: String!, $hasFile: Boolean!';

export function makeFragmentVariables({
  branch,
  catalogPath,
  hasWildcards,
}: ProviderSettings) {
  return {
    branch: `refs/heads/${branch ?? ''}`,
    hasBranch: branch !== undefined,
    file: `${branch ?? 'HEAD'}:${catalogPath}`,
    hasFile: !hasWildcards,
  };
}

const time = z
  .string()
  .nullable()
  .transform(text => (text === null ? 0 : Date.parse(text)))
  .pipe(z.number());
const branch = z.object({ target: z.object({ oid: z.string() }).nullable() });

/** A repository as GitHub tells it. */
export const repositorySchema = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  isArchived: z.boolean(),
  isFork: z.boolean(),
  visibility: z.string().toLowerCase(),
  pushedAt: time,
  updatedAt: time,
  owner: z.object({ login: z.string() }),
  defaultBranchRef: branch.extend({ name: z.string() }).nullable(),
  branch: branch.nullish(),
  file: z
    .object({
      __typename: z.string(),
      oid: z.string().optional(),
      byteSize: z.number().optional(),
    })
    .nullish(),
  repositoryTopics: z.object({
    nodes: z.array(z.object({ topic: z.object({ name: z.string() }) })),
  }),
});

/** A repository at one moment, under the id by which GraphQL knows it. */
export interface FoundRepository {
  nodeId: string;
  state: RepositoryState;
}

/** Makes of an answer what is known of a repository. */
export function readRepository(
  repository: z.infer<typeof repositorySchema>,
  settings: ProviderSettings,
  askedAs: GithubAskedAs,
): FoundRepository {
  const { id, owner, defaultBranchRef, file, repositoryTopics } = repository;
  const followed =
    settings.branch === undefined ? defaultBranchRef : repository.branch;
  return {
    nodeId: id,
    state: {
      owner: owner.login,
      name: repository.name,
      url: repository.url,
      isArchived: repository.isArchived,
      isFork: repository.isFork,
      visibility: repository.visibility,
      topics: repositoryTopics.nodes.map(({ topic }) => topic.name),
      defaultBranch: defaultBranchRef?.name,
      head: followed?.target?.oid,
      file:
        file?.__typename === 'Blob'
          ? { oid: file.oid, isEmpty: file.byteSize === 0 }
          : undefined,
      shownTo: askedAs,
      pushedAtMs: repository.pushedAt,
      updatedAtMs: repository.updatedAt,
    },
  };
}
