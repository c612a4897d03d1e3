import { catalogPath } from '../catalogFiles';
import type { OperationKind } from '../OperationKind';
import type { Playground } from '../Playground';
import { wantedTopic } from './edits';

/** Repositories that are created and deleted. */
export const comingKinds: readonly OperationKind[] = [
  {
    name: 'create with files',
    weight: 8,
    growth: 'more',
    perform(playground) {
      const owner = playground.pickOwner();
      const name = playground.pickName(owner);
      return create(playground, owner, name, playground.choice.happens(0.8));
    },
  },
  {
    name: 'create without files',
    weight: 6,
    growth: 'more',
    perform(playground) {
      const owner = playground.pickOwner();
      const repository = playground.model.repositories.create({
        owner,
        name: playground.pickName(owner),
      });
      return playground.describe(repository);
    },
  },
  {
    // What is forked is there for that alone: its file names an entity that no other repository has.
    name: 'fork',
    weight: 4,
    growth: 'more',
    perform(playground) {
      const { repositories, branches } = playground.model;
      const { elsewhere } = playground;
      const original = repositories.create({
        owner: elsewhere,
        name: playground.pickName(elsewhere),
      });
      branches.push(playground.nameOf(original), {
        commits: [{ files: { [catalogPath]: playground.makeFile(original) } }],
      });
      const owner = playground.pickOwner();
      const name = playground.pickName(owner);
      const from = playground.nameOf(original);
      const repository = repositories.fork(from, { owner, name });
      repositories.delete(from);
      return playground.describe(repository);
    },
  },
  {
    name: 'delete',
    weight: 6,
    growth: 'fewer',
    perform(playground) {
      const repository = playground.pickFollowed();
      if (!repository) {
        return undefined;
      }
      const described = playground.describe(repository);
      playground.model.repositories.delete(playground.nameOf(repository));
      return described;
    },
  },
  {
    name: 'delete, and create again under the same name',
    weight: 6,
    perform(playground) {
      const repository = playground.pickFollowed();
      if (!repository) {
        return undefined;
      }
      const described = playground.describe(repository);
      const owner = playground.ownerOf(repository);
      playground.model.repositories.delete(playground.nameOf(repository));
      const hasFile = playground.choice.happens(0.7);
      const created = create(playground, owner, repository.name, hasFile);
      return `${described}, ${created}`;
    },
  },
];

function create(
  playground: Playground,
  owner: string,
  name: string,
  hasFile: boolean,
): string {
  const { repositories, branches } = playground.model;
  const repository = repositories.create({
    owner,
    name,
    topics: playground.choice.happens(0.5) ? [wantedTopic] : [],
    visibility: playground.choice.pick(['public', 'private']),
  });
  const path = hasFile ? catalogPath : 'docs/catalog-info.yaml';
  branches.push(playground.nameOf(repository), {
    commits: [{ files: { [path]: playground.makeFile(repository, path) } }],
  });
  return `${playground.describe(repository)}: ${path}`;
}
