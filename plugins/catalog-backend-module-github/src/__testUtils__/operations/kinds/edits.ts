import type {
  GithubRepository,
  GithubVisibility,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import type { OperationKind } from '../OperationKind';
import type { Playground } from '../Playground';

/** With the first a repository is wanted, with the second it is not. */
export const wantedTopic = 'backstage';
export const unwantedTopic = 'no-catalog';

const otherTopics = ['docs', 'java', 'search', 'web'];

/** What people set of a repository: topics, description, archive and visibility. */
export const editKinds: readonly OperationKind[] = [
  {
    name: 'start to match by topics',
    weight: 20,
    perform: playground =>
      editTopics(
        playground,
        topics =>
          !topics.includes(wantedTopic) || topics.includes(unwantedTopic),
        topics => [wantedTopic, ...without(topics, wantedTopic, unwantedTopic)],
      ),
  },
  {
    name: 'stop to match by topics',
    weight: 15,
    perform: playground =>
      editTopics(
        playground,
        topics =>
          topics.includes(wantedTopic) && !topics.includes(unwantedTopic),
        topics =>
          playground.choice.happens(0.5)
            ? without(topics, wantedTopic)
            : [...topics, unwantedTopic],
      ),
  },
  {
    name: 'edit other topics',
    weight: 10,
    perform: playground =>
      editTopics(
        playground,
        () => true,
        topics => {
          const topic = playground.choice.pick(otherTopics) ?? 'web';
          return topics.includes(topic)
            ? without(topics, topic)
            : [...topics, topic];
        },
      ),
  },
  {
    name: 'edit the description',
    weight: 20,
    perform(playground) {
      const repository = playground.pickWritable();
      if (!repository) {
        return undefined;
      }
      const description = playground.choice.happens(0.1)
        ? null
        : playground.makeChange();
      playground.model.repositories.edit(playground.nameOf(repository), {
        description,
      });
      return `${playground.describe(repository)}: ${description}`;
    },
  },
  {
    name: 'archive',
    weight: 8,
    perform(playground) {
      const repository = playground.pickWritable();
      if (!repository) {
        return undefined;
      }
      playground.model.repositories.archive(playground.nameOf(repository));
      return playground.describe(repository);
    },
  },
  {
    name: 'unarchive',
    weight: 8,
    perform(playground) {
      const repository = playground.pickFollowed(each => each.isArchived);
      if (!repository) {
        return undefined;
      }
      playground.model.repositories.unarchive(playground.nameOf(repository));
      return playground.describe(repository);
    },
  },
  {
    name: 'privatize',
    weight: 8,
    perform: playground =>
      show(playground, 'private', ({ visibility }) => visibility === 'public'),
  },
  {
    name: 'publicize',
    weight: 8,
    perform: playground =>
      show(playground, 'public', ({ visibility }) => visibility !== 'public'),
  },
  {
    name: 'make internal',
    weight: 6,
    perform: playground =>
      show(
        playground,
        'internal',
        repository =>
          repository.visibility !== 'internal' &&
          playground.isOrganization(playground.ownerOf(repository)),
      ),
  },
];

function editTopics(
  playground: Playground,
  matches: (topics: readonly string[]) => boolean,
  change: (topics: readonly string[]) => string[],
): string | undefined {
  const repository = playground.pickWritable(({ topics }) => matches(topics));
  if (!repository) {
    return undefined;
  }
  const topics = change(repository.topics);
  playground.model.repositories.edit(playground.nameOf(repository), { topics });
  return `${playground.describe(repository)}: ${topics.join(' ')}`;
}

function show(
  playground: Playground,
  visibility: GithubVisibility,
  matches: (repository: GithubRepository) => boolean,
): string | undefined {
  const repository = playground.pickWritable(matches);
  if (!repository) {
    return undefined;
  }
  playground.model.repositories.setVisibility(
    playground.nameOf(repository),
    visibility,
  );
  return playground.describe(repository);
}

function without(topics: readonly string[], ...removed: string[]): string[] {
  return topics.filter(topic => !removed.includes(topic));
}
