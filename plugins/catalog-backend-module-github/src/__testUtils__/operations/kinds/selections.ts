import type { OperationKind } from '../OperationKind';

/** What installations of apps are given, if they have some repositories only. */
export const selectionKinds: readonly OperationKind[] = [
  {
    name: 'add to an installation',
    weight: 12,
    perform(playground) {
      const { choice, model } = playground;
      const installation = choice.pick(playground.listSelections());
      const others = playground
        .listFollowed()
        .filter(
          ({ id, ownerId }) =>
            installation?.accountId === ownerId &&
            !installation.repositoryIds.has(id),
        );
      if (!installation || others.length === 0) {
        return undefined;
      }
      const added = choice.pickSome(others, choice.number(1, 3));
      model.installations.addRepositories(
        installation.id,
        added.map(each => playground.nameOf(each)),
      );
      return added.map(each => playground.describe(each)).join(', ');
    },
  },
  {
    name: 'remove from an installation',
    weight: 5,
    perform(playground) {
      const { choice, model } = playground;
      const installation = choice.pick(playground.listSelections());
      const own = installation && model.state.listAccessible(installation);
      if (!installation || !own || own.length === 0) {
        return undefined;
      }
      const removed = choice.pickSome(own, choice.number(1, 3));
      model.installations.removeRepositories(
        installation.id,
        removed.map(each => playground.nameOf(each)),
      );
      return removed.map(each => playground.describe(each)).join(', ');
    },
  },
];
