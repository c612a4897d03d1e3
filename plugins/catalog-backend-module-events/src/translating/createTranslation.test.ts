import {
  catalogEntityChange,
  catalogLocationChange,
  describeEvent,
} from '@callboard/backstage-plugin-events-node';
import { createEntityFilter } from './createEntityFilter';
import { createTranslation } from './createTranslation';

const entity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'A', namespace: 'default', uid: 'u', title: 'a' },
};
const renamed = { ...entity, metadata: { ...entity.metadata, title: 'b' } };
const location = { id: '1', type: 'url', target: 'http://localhost/a' };
const row = {
  id: '6d4a5f0e-0d2c-4c3e-9d3c-6f6f8f0f8b11',
  topic: 'catalog',
  key: undefined,
  metadata: { correlationId: 'c' },
  createdAt: new Date(0),
};
const translate = createTranslation(createEntityFilter(undefined));

describe('the translation of changes of entities', () => {
  it.each([
    ['created', null, entity, undefined],
    ['updated', entity, renamed, ['/metadata/title']],
    ['deleted', entity, null, undefined],
  ])('tells what was %s', (action, before, after, changedPaths) => {
    const event = translate({ ...row, payload: { entity: { before, after } } });
    expect(event?.eventPayload).toEqual({
      action,
      entity: after ?? before,
      ...(changedPaths && { changedPaths }),
    });
    expect(event && catalogEntityChange.recognises(event)).toBe(true);
    expect(event && describeEvent(event)).toMatchObject({
      id: row.id,
      key: 'component:default/a',
      correlationId: 'c',
    });
    expect(event?.metadata).toMatchObject({
      source: 'catalog',
      eventId: row.id,
      timestamp: '1970-01-01T00:00:00.000Z',
    });
  });

  it('tells nothing of the same content in another order', () => {
    const { kind, ...rest } = entity;
    const payload = { entity: { before: entity, after: { ...rest, kind } } };
    expect(translate({ ...row, payload })).toBeUndefined();
  });

  it('tells of an entity that begins or ceases to be wanted as of one that was created or deleted', () => {
    const filtered = createTranslation(
      ({ metadata }) => metadata.title === 'a',
    );
    const tell = (before: unknown, after: unknown) =>
      filtered({ ...row, payload: { entity: { before, after } } })
        ?.eventPayload;
    expect(tell(renamed, entity)).toEqual({ action: 'created', entity });
    expect(tell(entity, renamed)).toEqual({ action: 'deleted', entity });
    expect(tell(null, renamed)).toBeUndefined();
    expect(tell(renamed, { ...renamed, spec: {} })).toBeUndefined();
  });

  it('refuses a row that the triggers did not write', () => {
    expect(() =>
      translate({ ...row, payload: { entity: { before: null, after: {} } } }),
    ).toThrow('is no entity of the catalog');
  });
});

describe('the translation of changes of locations', () => {
  const tell = (before: unknown, after: unknown) =>
    translate({ ...row, payload: { location: { before, after } } });

  it.each([
    ['added', null, location],
    ['updated', location, { ...location, target: 'http://localhost/b' }],
    ['removed', location, null],
  ])(
    'tells what was %s, in order with all other locations',
    (action, before, after) => {
      const event = tell(before, after);
      expect(event?.eventPayload).toEqual({
        action,
        location: after ?? before,
      });
      expect(event && catalogLocationChange.recognises(event)).toBe(true);
      expect(event && describeEvent(event).key).toBe('locations');
    },
  );

  it.each([
    [
      'the row that nobody registered',
      null,
      { ...location, type: 'bootstrap' },
    ],
    ['what is told of as it was', location, { ...location }],
  ])('tells nothing of %s', (_, before, after) => {
    expect(tell(before, after)).toBeUndefined();
  });
});
