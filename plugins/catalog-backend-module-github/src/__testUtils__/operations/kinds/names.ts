import type { GithubRepository } from '@callboard/backstage-plugin-events-backend-test-utils';
import { catalogPath } from '../catalogFiles';
import type { OperationKind } from '../OperationKind';
import type { Playground } from '../Playground';

/** Renames, which GitHub allows for archived repositories too. */
export const renameKinds: readonly OperationKind[] = [
  {
    name: 'rename',
    weight: 15,
    perform(playground) {
      const repository = playground.pickFollowed();
      if (!repository) {
        return undefined;
      }
      const name = playground.pickName(playground.ownerOf(repository));
      return rename(playground, repository, name);
    },
  },
  {
    name: 'rename the letters only',
    weight: 3,
    perform(playground) {
      const repository = playground.pickFollowed();
      if (!repository) {
        return undefined;
      }
      const { name } = repository;
      const lower = name.toLowerCase();
      const other = name === lower ? name.toUpperCase() : lower;
      return rename(playground, repository, other);
    },
  },
  {
    name: 'rename in a chain',
    weight: 6,
    perform(playground) {
      const second = playground.pickFollowed();
      const first = playground.pickFollowed(
        each => each.ownerId === second?.ownerId && each.id !== second.id,
      );
      if (!first || !second) {
        return undefined;
      }
      const { name } = second;
      const freed = playground.pickName(playground.ownerOf(second));
      return [
        rename(playground, second, freed),
        rename(playground, first, name),
      ].join(', ');
    },
  },
  {
    name: 'exchange names',
    weight: 3,
    perform(playground) {
      const second = playground.pickFollowed();
      const first = playground.pickFollowed(
        each => each.ownerId === second?.ownerId && each.id !== second.id,
      );
      if (!first || !second) {
        return undefined;
      }
      const free = playground.pickName(playground.ownerOf(second));
      return [
        rename(playground, first, free),
        rename(playground, second, first.name),
        rename(playground, { ...first, name: free }, second.name),
      ].join(', ');
    },
  },
  {
    name: 'rename, and create one with the former name',
    weight: 6,
    growth: 'more',
    perform(playground) {
      const repository = playground.pickFollowed();
      if (!repository) {
        return undefined;
      }
      const owner = playground.ownerOf(repository);
      const renamed = rename(
        playground,
        repository,
        playground.pickName(owner),
      );
      const { repositories, branches } = playground.model;
      const created = repositories.create({ owner, name: repository.name });
      branches.push(playground.nameOf(created), {
        commits: [{ files: { [catalogPath]: playground.makeFile(created) } }],
      });
      return `${renamed}, ${playground.describe(created)}`;
    },
  },
];

/** Transfers to other owners. */
export const transferKinds: readonly OperationKind[] = [
  {
    name: 'transfer out',
    weight: 6,
    growth: 'fewer',
    perform: playground =>
      transfer(playground, playground.pickFollowed(), playground.elsewhere),
  },
  {
    name: 'transfer in',
    weight: 6,
    growth: 'more',
    perform: playground =>
      transfer(playground, playground.pickElsewhere(), playground.pickOwner()),
  },
  {
    name: 'transfer between owners that are followed',
    weight: 8,
    perform(playground) {
      const repository = playground.pickFollowed();
      const owner = repository && playground.ownerOf(repository);
      const others = playground.owners.filter(each => each !== owner);
      const newOwner = playground.choice.pick(others);
      return newOwner === undefined
        ? undefined
        : transfer(playground, repository, newOwner);
    },
  },
];

function rename(
  playground: Playground,
  repository: GithubRepository,
  name: string,
): string {
  const from = playground.nameOf(repository);
  playground.model.repositories.rename(from, name);
  return `${from} to ${playground.describe(repository)}`;
}

/** Not to an owner who has one of that name, and no internal one to a user. */
function transfer(
  playground: Playground,
  repository: GithubRepository | undefined,
  newOwner: string,
): string | undefined {
  if (
    !repository ||
    !playground.isFree(newOwner, repository.name) ||
    (repository.visibility === 'internal' &&
      !playground.isOrganization(newOwner))
  ) {
    return undefined;
  }
  const from = playground.nameOf(repository);
  playground.model.repositories.transfer(from, newOwner);
  return `${from} to ${playground.describe(repository)}`;
}
