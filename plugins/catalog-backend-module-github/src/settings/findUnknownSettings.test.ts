import { ConfigReader } from '@backstage/config';
import type { JsonObject } from '@backstage/types';
import { findUnknownSettings } from './findUnknownSettings';

const find = (github?: JsonObject) =>
  findUnknownSettings(
    new ConfigReader(github ? { catalog: { providers: { github } } } : {}),
  );

describe('settings that nobody reads', () => {
  it('are none where there are none, or all are known', () => {
    expect(find()).toEqual([]);
    expect(
      find({
        host: 'github.example.com',
        organization: 'acme',
        catalogPath: '/catalog-info.yaml',
        validateLocationsExist: true,
        filters: {
          repository: '.*',
          branch: 'main',
          allowForks: false,
          allowArchived: true,
          topic: { include: ['a'], exclude: ['b'] },
          visibility: ['public'],
        },
        schedule: { frequency: { days: 1 }, timeout: { hours: 1 } },
        fullScanFrequency: { days: 7 },
        pageSizes: { repositories: 50 },
      }),
    ).toEqual([]);
  });

  it('are named by their whole keys, at any depth', () => {
    expect(
      find({
        organization: 'acme',
        filtres: { repository: '.*' },
        filters: { topics: { include: ['a'] }, topic: { inclued: ['a'] } },
        toString: true,
      }),
    ).toEqual([
      'catalog.providers.github.filtres',
      'catalog.providers.github.filters.topics',
      'catalog.providers.github.filters.topic.inclued',
      'catalog.providers.github.toString',
    ]);
  });

  it('are found in each of several providers', () => {
    expect(
      find({
        acme: { organization: 'acme', catalogpath: '/a.yaml' },
        ada: { organization: 'ada' },
      }),
    ).toEqual(['catalog.providers.github.acme.catalogpath']);
  });
});
