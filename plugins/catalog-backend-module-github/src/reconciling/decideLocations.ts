import type { RepositoryState } from '../repositories';
import type { ProviderSettings } from '../settings';

/** What a repository is to the catalog. */
export interface Decision {
  /** The URLs that the catalog is to read; none when the repository is not taken. */
  targets: string[];
  /** Why, as the rest of a sentence that begins with the repository. */
  explanation: string;
}

/**
 * Which locations the catalog is to have for a repository: pure, and the same as a full scan of the stock provider gives.
 *
 * @param state - undefined when GitHub does not show the repository
 * @param isFollowed - whether the provider follows its owner
 */
export function decideLocations(
  state: RepositoryState | undefined,
  isFollowed: boolean,
  settings: ProviderSettings,
): Decision {
  if (!state) {
    return nothing(
      'is not there any more, or GitHub does not show it to this provider',
    );
  }
  const { filters, catalogPath } = settings;
  if (!isFollowed) {
    return nothing(`belongs to ${state.owner}, who is not followed`);
  }
  if (!state.defaultBranch) {
    return nothing('has no branch yet');
  }
  if (state.isArchived && !filters.allowArchived) {
    return nothing('is archived, and filters.allowArchived is not set');
  }
  if (state.isFork && !filters.allowForks) {
    return nothing('is a fork, and filters.allowForks is false');
  }
  if (filters.repository && !filters.repository.test(state.name)) {
    return nothing('has a name that filters.repository does not match');
  }
  if (
    filters.visibility &&
    !filters.visibility.some(each => each === state.visibility)
  ) {
    return nothing(
      `is ${state.visibility}, which filters.visibility does not have`,
    );
  }
  const { topicInclude, topicExclude } = filters;
  if (topicExclude?.some(topic => state.topics.includes(topic))) {
    return nothing('has a topic that filters.topic.exclude has');
  }
  if (
    topicInclude?.length &&
    !topicInclude.some(topic => state.topics.includes(topic))
  ) {
    return nothing('has none of the topics of filters.topic.include');
  }
  if (settings.validateLocationsExist && (!state.file || state.file.isEmpty)) {
    return nothing(`has no ${catalogPath}, or an empty one`);
  }
  const branch = settings.branch ?? state.defaultBranch;
  const target = `${state.url}/blob/${branch}/${catalogPath}`;
  return { targets: [target], explanation: `is read at ${target}` };
}

function nothing(explanation: string): Decision {
  return { targets: [], explanation };
}
