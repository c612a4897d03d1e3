import type {
  GithubAskedAs,
  GithubClient,
  GithubQueryError,
} from '@callboard/backstage-plugin-github-node';
import { z } from 'zod';
import type { RepositoryState } from '../repositories';
import type { ProviderSettings } from '../settings';
import {
  fragmentVariables,
  makeFragmentVariables,
  readRepository,
  repositoryFragment,
  repositorySchema,
} from './repositoryFragment';

/** What GitHub says of a repository. */
export type Finding =
  | { kind: 'found'; state: RepositoryState }
  /** There is none with this id, or none that these credentials may see. GitHub does not tell these apart. */
  | { kind: 'not there'; askedAs: GithubAskedAs }
  /** GitHub could not be asked, or did not know: nothing follows from it. */
  | { kind: 'unknown'; error: Error };

const query = `
query ($ids: [ID!]!, ${fragmentVariables}) {
  nodes(ids: $ids) { __typename ...repository }
}
${repositoryFragment}`;

const answerSchema = z.object({ nodes: z.array(z.unknown()) });
const otherNode = z.object({
  __typename: z.string().refine(name => name !== 'Repository'),
});

/**
 * Asks for repositories by their node ids, all in one question.
 *
 * @param nodeIds - at most 100
 * @returns what was found, in their order
 * @throws GithubError when GitHub could not be asked
 */
export async function askForRepositories(
  client: GithubClient,
  nodeIds: readonly string[],
  settings: ProviderSettings,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { data, errors, askedAs } = await client.query({
    query,
    variables: { ids: nodeIds, ...makeFragmentVariables(settings) },
    schema: answerSchema,
    signal,
  });
  return nodeIds.map((_, index) => {
    const node = data.nodes.at(index);
    const problems = errors.filter(({ path }) => concerns(path, index));
    const failure = problems.find(
      ({ type, path }) => type !== 'NOT_FOUND' || path.length !== 2,
    );
    if (failure) {
      return unknown(failure);
    }
    if (problems.length > 0) {
      return { kind: 'not there', askedAs };
    }
    if (!node) {
      return unknown({ message: 'GitHub left it out of its answer' });
    }
    if (otherNode.safeParse(node).success) {
      return { kind: 'not there', askedAs };
    }
    const { success, data: repository } = repositorySchema.safeParse(node);
    return success
      ? {
          kind: 'found',
          state: readRepository(repository, settings, askedAs).state,
        }
      : unknown({ message: 'GitHub left something out of its answer' });
  });
}

/** An error without a place is about everything. */
function concerns(path: GithubQueryError['path'], index: number): boolean {
  return path.length < 2 || (path[0] === 'nodes' && path[1] === index);
}

function unknown({ message }: { message: string }): Finding {
  return { kind: 'unknown', error: new Error(message) };
}
