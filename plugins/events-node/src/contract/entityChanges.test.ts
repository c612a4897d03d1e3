import type { CatalogEntityChange } from '@callboard/backstage-plugin-events-common';
import { entityChanges, type EntityChangeFilter } from './entityChanges';

const change: CatalogEntityChange = {
  action: 'updated',
  entity: {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Component',
    metadata: {
      name: 'a',
      namespace: 'Default',
      uid: 'u',
      annotations: { 'x/y': 'z' },
    },
    relations: [
      { type: 'ownedBy', targetRef: 'group:default/team-a' },
      { type: 'partOf', targetRef: 'system:default/s' },
    ],
  },
  changedPaths: ['/spec/owner', '/metadata/tags'],
};

describe('the changes of entities that a subscriber wants', () => {
  it.each<[string, EntityChangeFilter]>([
    ['no filter', {}],
    ['its action', { action: ['created', 'updated'] }],
    ['its kind in any case', { kind: 'component' }],
    ['one of several kinds', { kind: ['API', 'Component'] }],
    ['its namespace', { namespace: 'default' }],
    ['its owner', { owner: 'team-a' }],
    ['its owner by reference', { owner: ['user:x', 'group:default/team-a'] }],
    ['an annotation that it has', { annotation: 'x/y' }],
    ['an annotation with its value', { annotation: { 'x/y': 'z' } }],
    ['a path that changed', { changedPath: '/spec/owner' }],
    ['a path in which something changed', { changedPath: '/spec' }],
    ['a path within what changed', { changedPath: '/metadata/tags/0' }],
    ['all of it', { kind: 'Component', owner: 'team-a', changedPath: '/spec' }],
  ])('fit %s', (_, filter) => {
    expect(entityChanges(filter).concerns?.(change)).toBe(true);
  });

  it.each<[string, EntityChangeFilter]>([
    ['another action', { action: 'deleted' }],
    ['another kind', { kind: 'API' }],
    ['another namespace', { namespace: 'other' }],
    ['another owner', { owner: 'team-b' }],
    ['a user of the same name as its owner', { owner: 'user:team-a' }],
    ['what it is part of', { owner: 'system:default/s' }],
    ['an annotation that it has not', { annotation: 'x' }],
    ['an annotation with another value', { annotation: { 'x/y': 'y' } }],
    ['a path with the same beginning', { changedPath: '/spec/own' }],
    ['a filter of which a part fits', { kind: 'Component', owner: 'team-b' }],
  ])('do not fit %s', (_, filter) => {
    expect(entityChanges(filter).concerns?.(change)).toBe(false);
  });

  it('are not changes of locations', () => {
    expect(
      entityChanges().concerns?.({
        action: 'added',
        location: { type: 'url', target: 't' },
      }),
    ).toBe(false);
  });

  it('have no changed path when the entity is new', () => {
    const { changedPaths: _, ...created } = change;
    expect(
      entityChanges({ changedPath: '/spec' }).concerns?.({
        ...created,
        action: 'created',
      }),
    ).toBe(false);
  });

  it('are handed over to be refused when they do not fit the contract', () => {
    const topic = entityChanges({ kind: 'Component' });
    const broken = { action: 'updated', entity: {} };
    expect(topic.concerns?.(broken)).toBe(true);
    expect(() => topic.parse(broken)).toThrow('/eventPayload/entity must have');
  });
});
