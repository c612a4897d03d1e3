import type { GithubRepository } from '@callboard/backstage-plugin-events-backend-test-utils';

/** Where most repositories have their file. */
export const catalogPath = 'catalog-info.yaml';

/** What finds the files of services; there may be many in one repository. */
export const servicesPattern = 'services/*/catalog-info.yaml';

/** Paths that the pattern finds. */
export const servicePaths: readonly string[] = Array.from(
  { length: 20 },
  (_, index) => `services/service-${index + 1}/catalog-info.yaml`,
);

/** Paths that look like it, and that neither the usual path nor the pattern finds. */
export const otherPaths: readonly string[] = [
  'README.md',
  'src/index.ts',
  'docs/catalog-info.yaml',
  'catalog-info.yaml.orig',
  'services/catalog-info.yaml',
  'services/service-1/README.md',
  'services/service-1/deep/catalog-info.yaml',
];

/**
 * Makes the file of a valid component. Its name comes from the number of the repository and the path, so that no two
 * files of different repositories claim one entity, whatever their repositories are called.
 */
export function makeCatalogInfo(
  { id }: Pick<GithubRepository, 'id'>,
  path: string,
  description: string,
): string {
  const folders = path.split('/').slice(0, -1);
  return `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${['repository', id, ...folders].join('-')}
  description: ${description}
spec:
  type: service
  lifecycle: production
  owner: guests
`;
}
