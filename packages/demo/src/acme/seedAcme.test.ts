import {
  getCompoundEntityRef,
  stringifyEntityRef,
} from '@backstage/catalog-model';
import { GithubModel } from '@callboard/backstage-plugin-events-backend-test-utils/github';
import { parseAllDocuments } from 'yaml';
import { DemoClock } from '../DemoClock';
import { catalogPath } from './makeFiles';
import { seedAcme } from './seedAcme';

function seed(): GithubModel {
  const clock = new DemoClock();
  const model = new GithubModel({ now: clock.now });
  seedAcme(model, clock);
  return model;
}

const listRepositories = ({ state }: GithubModel) =>
  state.listRepositories(state.getAccount('acme').id);

function readFile(model: GithubModel, name: string, path: string): string {
  const { git } = model.repositories.get(`acme/${name}`);
  const file = git.findObject(`main:${path}`, 'main');
  return file?.type === 'blob' ? file.content.toString() : '';
}

interface CatalogEntity {
  kind: string;
  metadata: { name: string };
  spec: { owner?: string; system?: string; dependsOn?: string[] };
}

describe('the organization of the demo', () => {
  it('has 50 repositories, each with a README and a catalog file', () => {
    const model = seed();
    const repositories = listRepositories(model);

    expect(repositories).toHaveLength(50);
    for (const { name } of repositories) {
      expect(readFile(model, name, 'README.md')).toContain(`# ${name}`);
      expect(readFile(model, name, catalogPath)).toContain('kind:');
    }
  });

  it('is the same each time, down to numbers, times and commits', () => {
    const describeAll = () =>
      listRepositories(seed()).map(({ id, pushedMs, git }) => ({
        id,
        pushedMs,
        head: git.branches.get('main'),
      }));

    expect(describeAll()).toEqual(describeAll());
  });

  it('refers only to teams, systems and components that it has', () => {
    const model = seed();
    const entities = listRepositories(model).flatMap(({ name }) =>
      parseAllDocuments(readFile(model, name, catalogPath)).map(
        (document): CatalogEntity => document.toJS(),
      ),
    );
    const known = new Set(
      entities.map(({ kind, metadata }) =>
        stringifyEntityRef(
          getCompoundEntityRef({ apiVersion: '', kind, metadata }),
        ),
      ),
    );
    const wanted = entities.flatMap(({ spec }) => [
      ...(spec.owner ? [`group:default/${spec.owner}`] : []),
      ...(spec.system ? [`system:default/${spec.system}`] : []),
      ...(spec.dependsOn ?? []).map(ref => ref.replace(':', ':default/')),
    ]);

    expect(wanted.filter(ref => !known.has(ref))).toEqual([]);
    expect(entities.filter(({ kind }) => kind === 'Component')).toHaveLength(
      49,
    );
  });
});
