import type { Entity } from '@backstage/catalog-model';
import { stringify } from 'yaml';
import type { AcmeComponent, AcmeSystem } from './systems';

/** The path at which the catalog looks for entities. */
export const catalogPath = 'catalog-info.yaml';

const apiVersion = 'backstage.io/v1alpha1';
const domain = 'shop';

/** The files of a component's repository, by their paths. */
export function makeComponentFiles(
  component: AcmeComponent,
  system: AcmeSystem,
): Record<string, string> {
  const { name, type, description, lifecycle, dependsOn } = component;
  return {
    'README.md': `# ${name}\n\n${description}.\n\nOwned by the team ${system.team.name}. Part of ${system.name}: ${system.description}.\n`,
    [catalogPath]: renderEntities([
      {
        apiVersion,
        kind: 'Component',
        metadata: { name, description },
        spec: {
          type,
          lifecycle: lifecycle ?? 'production',
          owner: system.team.name,
          system: system.name,
          ...(dependsOn && {
            dependsOn: dependsOn.map(each => `component:${each}`),
          }),
        },
      },
    ]),
  };
}

/** The files of the repository that has what is not code: teams, systems, and the domain that these are of. */
export function makeOrganizationFiles(
  systems: readonly AcmeSystem[],
): Record<string, string> {
  return {
    'README.md':
      '# organization\n\nThe teams of acme, and the systems that they own.\n',
    [catalogPath]: renderEntities([
      {
        apiVersion,
        kind: 'Group',
        metadata: {
          name: 'engineering',
          description: 'All who build the shop',
        },
        spec: {
          type: 'department',
          children: systems.map(({ team }) => team.name),
        },
      },
      {
        apiVersion,
        kind: 'Domain',
        metadata: { name: domain, description: 'Selling things' },
        spec: { owner: 'engineering' },
      },
      ...systems.flatMap(({ name, description, team }): Entity[] => [
        {
          apiVersion,
          kind: 'Group',
          metadata: team,
          spec: { type: 'team', parent: 'engineering', children: [] },
        },
        {
          apiVersion,
          kind: 'System',
          metadata: { name, description },
          spec: { owner: team.name, domain },
        },
      ]),
    ]),
  };
}

function renderEntities(entities: readonly Entity[]): string {
  return entities.map(entity => stringify(entity)).join('---\n');
}
