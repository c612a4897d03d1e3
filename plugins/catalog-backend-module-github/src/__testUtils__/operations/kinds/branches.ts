import type { GithubRepository } from '@callboard/backstage-plugin-events-backend-test-utils';
import { catalogPath } from '../catalogFiles';
import type { OperationKind } from '../OperationKind';

const branchNames = ['main', 'trunk', 'develop', 'feature/search', 'release'];

/** What is done to branches, apart from pushes. */
export const branchKinds: readonly OperationKind[] = [
  {
    name: 'create a branch',
    weight: 25,
    perform(playground) {
      const { choice } = playground;
      const repository = playground.pickFilled(
        each => freeNames(each).length > 0,
      );
      const branch = repository && choice.pick(freeNames(repository));
      if (!repository || branch === undefined) {
        return undefined;
      }
      const file = playground.makeFile(repository);
      playground.model.branches.push(playground.nameOf(repository), {
        branch,
        commits: choice.happens(0.5)
          ? [{ files: { [catalogPath]: file } }]
          : [],
      });
      return `${playground.describe(repository)}: ${branch}`;
    },
  },
  {
    name: 'delete a branch',
    weight: 15,
    perform(playground) {
      const repository = playground.pickFilled(
        each => otherBranches(each).length > 0,
      );
      const branch =
        repository && playground.choice.pick(otherBranches(repository));
      if (!repository || branch === undefined) {
        return undefined;
      }
      playground.model.branches.delete(playground.nameOf(repository), branch);
      return `${playground.describe(repository)}: ${branch}`;
    },
  },
  {
    name: 'change the default branch',
    weight: 15,
    perform(playground) {
      const repository = playground.pickFilled(
        each => otherBranches(each).length > 0,
      );
      const defaultBranch =
        repository && playground.choice.pick(otherBranches(repository));
      if (!repository || defaultBranch === undefined) {
        return undefined;
      }
      playground.model.repositories.edit(playground.nameOf(repository), {
        defaultBranch,
      });
      return `${playground.describe(repository)}: ${defaultBranch}`;
    },
  },
  {
    name: 'move the default branch to another name',
    weight: 5,
    perform(playground) {
      const repository = playground.pickFilled(
        each => freeNames(each).length > 0,
      );
      const branch =
        repository && playground.choice.pick(freeNames(repository));
      if (!repository || branch === undefined) {
        return undefined;
      }
      const { branches, repositories } = playground.model;
      const fullName = playground.nameOf(repository);
      branches.push(fullName, { branch });
      repositories.edit(fullName, { defaultBranch: branch });
      branches.delete(fullName, repository.defaultBranch);
      return `${playground.describe(repository)}: ${branch}`;
    },
  },
];

function otherBranches({ git, defaultBranch }: GithubRepository): string[] {
  return [...git.branches.keys()].filter(name => name !== defaultBranch);
}

function freeNames({ git }: GithubRepository): string[] {
  return branchNames.filter(name => !git.branches.has(name));
}
