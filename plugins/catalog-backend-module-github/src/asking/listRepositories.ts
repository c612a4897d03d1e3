import type {
  GithubClient,
  GithubQueryError,
} from '@callboard/backstage-plugin-github-node';
import { z } from 'zod';
import type { ProviderSettings } from '../settings';
import {
  fragmentVariables,
  makeFragmentVariables,
  readRepository,
  repositoryFragment,
  repositorySchema,
  type FoundRepository,
} from './repositoryFragment';

/** In which order repositories are listed. */
export type ListingOrder = 'CREATED_AT' | 'PUSHED_AT' | 'UPDATED_AT';

/** A page of the repositories of an owner. */
export interface RepositoryPage {
  repositories: FoundRepository[];
  /** Those that GitHub did not tell of, or not all: undefined when it did not even tell their ids. */
  gaps: (string | undefined)[];
  /** How many there are altogether. */
  totalCount: number;
  /** Where the next page begins; undefined behind the last. */
  next: string | undefined;
}

const query = `
query ($login: String!, $after: String, $first: Int!, $field: RepositoryOrderField!, $direction: OrderDirection!, ${fragmentVariables}) {
  repositoryOwner(login: $login) {
    repositories(first: $first, after: $after, ownerAffiliations: [OWNER], orderBy: { field: $field, direction: $direction }) {
      totalCount
      nodes { ...repository }
      pageInfo { hasNextPage endCursor }
    }
  }
}
${repositoryFragment}`;

const answerSchema = z.object({
  repositoryOwner: z
    .object({
      repositories: z.object({
        totalCount: z.number(),
        nodes: z.array(z.unknown()),
        pageInfo: z.object({
          hasNextPage: z.boolean(),
          endCursor: z.string().nullable(),
        }),
      }),
    })
    .nullable(),
});

const namedNode = z.object({ id: z.string() });

/**
 * Lists repositories of an organization or a user: the oldest first, or those that were pushed to or changed last.
 *
 * @param after - where the page begins; at the beginning unless given
 * @throws GithubError when GitHub could not be asked
 * @throws Error when there is no such owner, or something is wrong with the answer as a whole: nothing follows from it then
 */
export async function listRepositories(
  client: GithubClient,
  owner: string,
  options: {
    order: ListingOrder;
    after?: string;
    /** How many a page may have, at most 100. */
    first: number;
    settings: ProviderSettings;
    signal: AbortSignal;
  },
): Promise<RepositoryPage> {
  const { order, after, first, settings, signal } = options;
  const { data, errors, askedAs } = await client.query({
    query,
    variables: {
      login: owner,
      after: after ?? null,
      first,
      field: order,
      // With the oldest first, pages do not shift while repositories come.
      direction: order === 'CREATED_AT' ? 'ASC' : 'DESC',
      ...makeFragmentVariables(settings),
    },
    schema: answerSchema,
    signal,
  });
  const broken = new Set<number>();
  for (const { path, message } of errors) {
    const place = readPlace(path);
    if (place === undefined) {
      throw new Error(
        `GitHub answered only in part when it was asked for the repositories of ${owner}: ${message}`,
      );
    }
    broken.add(place);
  }
  if (!data.repositoryOwner) {
    throw new Error(
      `GitHub knows nobody called ${owner}. Correct the organization in catalog.providers.github, or let the credentials of integrations.github see it.`,
    );
  }
  const { nodes, totalCount, pageInfo } = data.repositoryOwner.repositories;
  if (pageInfo.hasNextPage && !pageInfo.endCursor) {
    throw new Error(
      `GitHub says that there are more repositories of ${owner}, but not where they begin`,
    );
  }
  const repositories: FoundRepository[] = [];
  const gaps: (string | undefined)[] = [];
  nodes.forEach((node, index) => {
    const { success, data: repository } = repositorySchema.safeParse(node);
    if (success && !broken.has(index)) {
      repositories.push(readRepository(repository, settings, askedAs));
    } else {
      gaps.push(namedNode.safeParse(node).data?.id);
    }
  });
  return {
    totalCount,
    repositories,
    gaps,
    next: pageInfo.hasNextPage ? pageInfo.endCursor ?? undefined : undefined,
  };
}

/** Which of the nodes an error is about, if it is about one of them. */
function readPlace(path: GithubQueryError['path']): number | undefined {
  const [place, ...names] = [path.at(3), ...path.slice(0, 3)];
  return names.join('.') === 'repositoryOwner.repositories.nodes' &&
    typeof place === 'number'
    ? place
    : undefined;
}
