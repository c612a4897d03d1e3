import type {
  GithubModel,
  GithubRepository,
} from '@callboard/backstage-plugin-events-backend-test-utils';
import { catalogPath, makeCatalogInfo, servicePaths } from './catalogFiles';
import { wantedTopic } from './kinds/edits';

/**
 * Creates repositories to begin with, the same ones each time: of ten, eight have the file and two of these have
 * services too, one has other files only, and one is empty. Every second has the wanted topic, every fourth is private.
 *
 * @param options.owner - a login
 */
export function seedRepositories(
  model: GithubModel,
  { owner, count }: { owner: string; count: number },
): GithubRepository[] {
  return Array.from({ length: count }, (_, index) => {
    const repository = model.repositories.create({
      owner,
      name: `site-${index + 1}`,
      topics: index % 2 === 0 ? [wantedTopic] : [],
      visibility: index % 4 === 3 ? 'private' : 'public',
    });
    const paths = choosePaths(index);
    if (paths.length > 0) {
      const files = Object.fromEntries(
        paths.map(path => [path, makeCatalogInfo(repository, path, 'Seeded')]),
      );
      const fullName = `${owner}/${repository.name}`;
      model.branches.push(fullName, {
        commits: [{ message: 'Initial commit', files }],
      });
    }
    return model.repositories.get(`${owner}/${repository.name}`);
  });
}

function choosePaths(index: number): readonly string[] {
  switch (index % 10) {
    case 3:
      return [];
    case 6:
      return ['docs/catalog-info.yaml'];
    case 2:
    case 8:
      return [catalogPath, ...servicePaths.slice(0, 3)];
    default:
      return [catalogPath];
  }
}
