import * as fc from 'fast-check';
import { readEntityFacts } from './readEntityFacts';

const entity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: {
    name: 'My-Service',
    namespace: 'Shop',
    uid: '1',
    tags: ['java'],
    labels: { tier: '1' },
    annotations: { 'example.com/tier': 'gold' },
  },
  spec: {
    type: 'service',
    lifecycle: 'production',
    owner: 'team-a',
    system: 'till',
    other: { deep: true },
  },
};

describe('what is known of an entity', () => {
  it('is what filters may ask for', () => {
    expect(
      readEntityFacts({
        ...entity,
        relations: [
          { type: 'dependsOn', targetRef: 'component:default/x' },
          { type: 'ownedBy', targetRef: 'group:default/Real-Owner' },
          { type: 'ownedBy', targetRef: 'user:default/second' },
          { type: 'partOf', targetRef: 'component:default/parent' },
          { type: 'partOf', targetRef: 'system:default/real-system' },
        ],
      }),
    ).toEqual({
      ref: 'component:shop/my-service',
      kind: 'Component',
      namespace: 'Shop',
      name: 'My-Service',
      owner: 'group:default/real-owner',
      owners: ['group:default/real-owner', 'user:default/second'],
      system: 'system:default/real-system',
      type: 'service',
      lifecycle: 'production',
      tags: ['java'],
      labels: { tier: '1' },
      annotations: { 'example.com/tier': 'gold' },
    });
  });

  it('is taken from its specification only when it has no relations', () => {
    expect(readEntityFacts(entity)).toMatchObject({
      owner: 'group:shop/team-a',
      owners: ['group:shop/team-a'],
      system: 'system:shop/till',
    });
    expect(
      readEntityFacts({
        ...entity,
        spec: { owner: 'user:default/me', system: 'other/till' },
      }),
    ).toMatchObject({ owner: 'user:default/me', system: 'system:other/till' });
    expect(readEntityFacts({ ...entity, relations: [] })).toMatchObject({
      owner: undefined,
      owners: [],
      system: undefined,
    });
  });

  it('is little of an entity that has little', () => {
    expect(readEntityFacts({ kind: 'Group', metadata: { name: 'a' } })).toEqual(
      {
        ref: 'group:default/a',
        kind: 'Group',
        namespace: 'default',
        name: 'a',
        owners: [],
        tags: [],
        labels: {},
        annotations: {},
      },
    );
  });

  it('leaves out what has another shape', () => {
    expect(
      readEntityFacts({
        kind: 'Group',
        metadata: { name: 'a', namespace: 7, tags: 'x', labels: { n: 1 } },
        spec: { owner: ['a'], system: '', type: 'team' },
      }),
    ).toMatchObject({
      namespace: 'default',
      owner: undefined,
      system: undefined,
      type: 'team',
      tags: [],
      labels: {},
    });
  });

  it('is nothing of what is no entity', () => {
    expect(readEntityFacts({ kind: 'A', metadata: { name: 'b c' } })).toBe(
      undefined,
    );
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(readEntityFacts(value)).toBeUndefined();
      }),
    );
  });
});
