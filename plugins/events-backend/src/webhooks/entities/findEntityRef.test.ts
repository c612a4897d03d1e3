import type { ChangedEntity } from '@callboard/backstage-plugin-events-common';
import {
  catalogEntityChange,
  catalogLocationChange,
  describeEvent,
  scaffolderTaskComplete,
  techdocsBuild,
} from '@callboard/backstage-plugin-events-node';
import type { EventParams } from '@backstage/plugin-events-node';
import { findEntityRef, type SubjectOfEvent } from './findEntityRef';

/** As the log has an event that was published. */
function toSubject(event: EventParams): SubjectOfEvent {
  const { key } = describeEvent(event);
  return { topic: event.topic, key, payload: event.eventPayload };
}

const entity: ChangedEntity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'My-Service', namespace: 'default', uid: '1' },
};

describe('an event is about', () => {
  it('the entity that changed', () => {
    const event = catalogEntityChange.event({
      source: 'catalog',
      eventPayload: { action: 'deleted', entity },
    });
    expect(findEntityRef(toSubject(event))).toBe(
      'component:default/my-service',
    );
  });

  it('the entity whose documentation is built', () => {
    const event = techdocsBuild.event({
      source: 'techdocs',
      eventPayload: {
        action: 'build_started',
        entityRef: 'component:default/My-Service',
        buildTimestamp: new Date(0).toISOString(),
      },
    });
    expect(findEntityRef(toSubject(event))).toBe(
      'component:default/my-service',
    );
  });

  it('the template of a task', () => {
    const event = scaffolderTaskComplete.event({
      source: 'scaffolder',
      key: 'task-1',
      eventPayload: {
        action: 'created',
        taskId: 'task-1',
        templateRef: 'template:default/App',
      },
    });
    expect(findEntityRef(toSubject(event))).toBe('template:default/app');
  });

  it('the entity that its payload names, whatever its topic', () => {
    const payload = { entityRef: 'API:shop' };
    expect(findEntityRef({ topic: 'x', key: undefined, payload })).toBe(
      'api:default/shop',
    );
  });

  it('the entity that is its key, unless its payload says more', () => {
    const key = 'Component:default/a';
    const find = (payload: unknown) =>
      findEntityRef({ topic: 'x', key, payload });
    expect(find({})).toBe('component:default/a');
    expect(find(null)).toBe('component:default/a');
    expect(find({ entityRef: 'no reference' })).toBe('component:default/a');
    expect(find({ entityRef: 'api:default/b' })).toBe('api:default/b');
  });

  it('no entity otherwise', () => {
    const location = catalogLocationChange.event({
      source: 'catalog',
      key: 'locations',
      eventPayload: {
        action: 'added',
        location: { type: 'url', target: 'https://localhost/x' },
      },
    });
    expect(findEntityRef(toSubject(location))).toBeUndefined();
    expect(
      findEntityRef({
        topic: 'github.push',
        key: 'org/repo',
        // Of other topics these mean something else.
        payload: { entity, templateRef: 'template:default/app' },
      }),
    ).toBeUndefined();
    expect(
      findEntityRef({
        topic: 'catalog',
        key: undefined,
        payload: { entity: 1 },
      }),
    ).toBeUndefined();
  });
});
