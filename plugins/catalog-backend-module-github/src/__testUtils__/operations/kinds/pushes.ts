import type {
  GithubCommitInput,
  GithubRepository,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { catalogPath, otherPaths, servicePaths } from '../catalogFiles';
import type { OperationKind } from '../OperationKind';
import type { Playground } from '../Playground';

type Contents = GithubCommitInput['files'];

/** Pushes commits, one for each of the contents. */
function push(
  playground: Playground,
  repository: GithubRepository | undefined,
  makeCommits: (repository: GithubRepository) => readonly Contents[],
  branch?: string,
): string | undefined {
  if (!repository) {
    return undefined;
  }
  const commits = makeCommits(repository).map(files => ({ files }));
  playground.model.branches.push(playground.nameOf(repository), {
    branch,
    commits,
  });
  const paths = commits.map(({ files }) => Object.keys(files).join(' '));
  const onto = branch === undefined ? '' : ` on ${branch}`;
  return `${playground.describe(repository)}${onto}: ${paths.join(', ')}`;
}

/** Pushes to the default branch. */
export const pushKinds: readonly OperationKind[] = [
  {
    name: 'change the file',
    weight: 120,
    perform: playground =>
      push(
        playground,
        playground.pickFilled(each => playground.hasFile(each, catalogPath)),
        each => [{ [catalogPath]: playground.makeFile(each) }],
      ),
  },
  {
    name: 'add the file',
    weight: 60,
    perform: playground =>
      push(
        playground,
        playground.pickFilled(each => !playground.hasFile(each, catalogPath)),
        each => [{ [catalogPath]: playground.makeFile(each) }],
      ),
  },
  {
    name: 'remove the file',
    weight: 30,
    perform: playground =>
      push(
        playground,
        playground.pickFilled(each => playground.hasFile(each, catalogPath)),
        () => [{ [catalogPath]: null }],
      ),
  },
  {
    name: 'add and remove the file in one push',
    weight: 10,
    perform: playground =>
      push(
        playground,
        playground.pickFilled(each => !playground.hasFile(each, catalogPath)),
        each => [
          { [catalogPath]: playground.makeFile(each) },
          { 'README.md': playground.makeChange() },
          { [catalogPath]: null },
        ],
      ),
  },
  {
    name: 'remove and add the file in one push',
    weight: 10,
    perform: playground =>
      push(
        playground,
        playground.pickFilled(each => playground.hasFile(each, catalogPath)),
        each => [
          { [catalogPath]: null },
          { [catalogPath]: playground.makeFile(each) },
        ],
      ),
  },
  {
    name: 'move the file in one commit',
    weight: 10,
    perform(playground) {
      const [service] = servicePaths;
      const move = (from: string, to: string) =>
        push(
          playground,
          playground.pickFilled(
            each =>
              playground.hasFile(each, from) && !playground.hasFile(each, to),
          ),
          each => [{ [from]: null, [to]: playground.makeFile(each, to) }],
        );
      return playground.choice.happens(0.5)
        ? move(catalogPath, service)
        : move(service, catalogPath);
    },
  },
  {
    name: 'change other files',
    weight: 150,
    perform: playground =>
      push(playground, playground.pickFilled(), () =>
        playground.choice
          .pickSome(otherPaths, playground.choice.number(1, 3))
          .map(path => ({ [path]: playground.makeChange() })),
      ),
  },
  {
    name: 'change many files of services',
    weight: 40,
    perform: playground =>
      push(playground, playground.pickFilled(), each => {
        const { choice } = playground;
        const count = choice.number(2, servicePaths.length);
        return [
          Object.fromEntries(
            choice
              .pickSome(servicePaths, count)
              .map(path => [
                path,
                playground.hasFile(each, path) && choice.happens(0.5)
                  ? null
                  : playground.makeFile(each, path),
              ]),
          ),
        ];
      }),
  },
  {
    name: 'push the first files',
    weight: 15,
    perform: playground =>
      push(
        playground,
        playground.pickWritable(({ git }) => git.branches.size === 0),
        each => [
          { 'README.md': playground.makeChange() },
          { [catalogPath]: playground.makeFile(each) },
        ],
      ),
  },
  {
    name: 'push elsewhere',
    weight: 15,
    perform: playground =>
      push(
        playground,
        playground.pickElsewhere(
          ({ git, isArchived }) => git.branches.size > 0 && !isArchived,
        ),
        each => [{ [catalogPath]: playground.makeFile(each) }],
      ),
  },
  {
    name: 'push to another branch',
    weight: 60,
    perform(playground) {
      const repository = playground.pickFilled(
        ({ git }) => git.branches.size > 1,
      );
      const branch = playground.choice.pick(
        [...(repository?.git.branches.keys() ?? [])].filter(
          name => name !== repository?.defaultBranch,
        ),
      );
      return push(
        playground,
        repository,
        each => [
          playground.hasFile(each, catalogPath, branch) &&
          playground.choice.happens(0.3)
            ? { [catalogPath]: null }
            : { [catalogPath]: playground.makeFile(each) },
        ],
        branch,
      );
    },
  },
];

/** Pushes that take commits of the default branch away. */
export const forcedPushKinds: readonly OperationKind[] = [
  {
    name: 'force the branch back',
    weight: 10,
    perform: playground => force(playground, false),
  },
  {
    name: 'force the branch sideways',
    weight: 10,
    perform: playground => force(playground, true),
  },
  {
    name: 'begin a new history',
    weight: 5,
    perform(playground) {
      const repository = playground.pickFilled();
      if (!repository) {
        return undefined;
      }
      const files = playground.choice.happens(0.7)
        ? { [catalogPath]: playground.makeFile(repository) }
        : { 'README.md': playground.makeChange() };
      playground.model.branches.push(playground.nameOf(repository), {
        onto: null,
        force: true,
        commits: [{ files }],
      });
      const paths = Object.keys(files).join();
      return `${playground.describe(repository)}: ${paths}`;
    },
  },
];

function force(playground: Playground, isSideways: boolean) {
  const repository = playground.pickFilled(
    each => parentOf(each) !== undefined,
  );
  if (!repository) {
    return undefined;
  }
  const { choice } = playground;
  const path = choice.happens(0.5) ? catalogPath : 'README.md';
  const file =
    path === catalogPath
      ? playground.makeFile(repository)
      : playground.makeChange();
  playground.model.branches.push(playground.nameOf(repository), {
    onto: parentOf(repository),
    force: true,
    commits: isSideways ? [{ files: { [path]: file } }] : [],
  });
  const what = isSideways ? `: ${path}` : '';
  return `${playground.describe(repository)}${what}`;
}

/** The commit before the head of the default branch. */
function parentOf({ git, defaultBranch }: GithubRepository) {
  return git.findCommit('HEAD', defaultBranch)?.parents[0];
}
