import type { EntityFacts } from '../filtering';
import { CatalogAwayError } from './CatalogAwayError';
import { findEventEntities, noEntity } from './findEventEntities';
import type { SubjectOfEvent } from './findEntityRef';

const facts: EntityFacts = {
  ref: 'component:default/known',
  kind: 'Component',
  namespace: 'default',
  name: 'known',
  owners: [],
  tags: [],
  labels: {},
  annotations: {},
};

const lookup = jest.fn(async (refs: readonly string[]) => {
  const known = new Map([[facts.ref, facts]]);
  return new Map(refs.map(ref => [ref, known.get(ref)]));
});

beforeEach(() => lookup.mockClear());

const about = (key: string | undefined): SubjectOfEvent => ({
  topic: 'x',
  key,
  payload: {},
});

const change: SubjectOfEvent = {
  topic: 'catalog',
  key: 'component:default/gone',
  payload: {
    action: 'deleted',
    entity: {
      kind: 'Component',
      metadata: { name: 'gone' },
      relations: [{ type: 'ownedBy', targetRef: 'group:default/a' }],
    },
  },
};

describe('the entities of events', () => {
  it('are asked for at once, and each event is told of its own', async () => {
    await expect(
      findEventEntities(
        [
          about('component:default/known'),
          about(undefined),
          about('component:default/new'),
          about('Component:default/Known'),
        ],
        lookup,
      ),
    ).resolves.toEqual([
      { facts },
      noEntity,
      {
        facts: undefined,
        reason: 'The catalog does not know component:default/new',
      },
      { facts },
    ]);
    expect(lookup).toHaveBeenCalledTimes(1);
  });

  it('stand in changes of the catalog, those of deleted ones too', async () => {
    await expect(
      findEventEntities([change, about(undefined)], lookup),
    ).resolves.toEqual([
      { facts: expect.objectContaining({ owner: 'group:default/a' }) },
      noEntity,
    ]);
    expect(lookup).not.toHaveBeenCalled();
  });

  it('are not known while the catalog is away', async () => {
    const away = new CatalogAwayError(new Error('refused'));
    const find = (event: SubjectOfEvent) =>
      findEventEntities([event], async () => {
        throw away;
      });
    await expect(find(about('component:default/known'))).rejects.toBe(away);
    await expect(find(change)).resolves.toHaveLength(1);
  });
});
