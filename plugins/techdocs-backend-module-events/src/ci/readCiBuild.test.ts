import {
  createEventParams,
  describeEvent,
  eventMetadata,
  techdocsBuild,
} from '@callboard/backstage-plugin-events-node';
import { readCiBuild } from './readCiBuild';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const time = '2026-03-04T05:06:07.890Z';

/** An event as a handler is given it. */
function post(eventPayload: unknown, postedId = id) {
  const params = createEventParams({
    topic: 'techdocs.build',
    eventPayload,
    id: postedId,
  });
  return {
    ...params,
    metadata: {
      ...params.metadata,
      [eventMetadata.topic]: 'techdocs.build',
      [eventMetadata.time]: time,
      [eventMetadata.source]: 'http/techdocs.build',
      [eventMetadata.correlationId]: postedId,
      'content-type': 'application/json',
    },
  };
}

function read(eventPayload: unknown, postedId = id) {
  const build = readCiBuild(post(eventPayload, postedId));
  if (!build.fits) {
    throw new Error(build.reason);
  }
  return build.event;
}

describe('what CI posts', () => {
  it('is a completed build of now when it names an entity only', () => {
    const event = read({ entityRef: 'component:default/a' });
    expect(techdocsBuild.recognises(event)).toBe(true);
    expect(event.eventPayload).toEqual({
      action: 'build_completed',
      entityRef: 'component:default/a',
      buildTimestamp: time,
    });
    expect(event.metadata).toMatchObject({
      source: 'http/techdocs.build',
      timestamp: time,
      correlationId: id,
    });
    expect(event.metadata).not.toHaveProperty('content-type');
    expect(describeEvent(event)).toMatchObject({ key: 'component:default/a' });
  });

  it('says what happened, and when the build began', () => {
    expect(
      read({
        entityRef: 'Component:My-Service',
        action: 'build_failed',
        buildTimestamp: '2026-01-02T04:04:05+01:00',
        runner: 'unknown fields are left out',
      }).eventPayload,
    ).toEqual({
      action: 'build_failed',
      entityRef: 'component:default/my-service',
      buildTimestamp: '2026-01-02T03:04:05.000Z',
    });
  });

  it('is the same event each time it is read', () => {
    const body = { entityRef: 'component:default/a' };
    expect(read(body)).toEqual(read(body));
    expect(read(body).metadata.eventId).toBe(describeEvent(read(body)).id);
    expect(read(body).metadata.eventId).not.toBe(id);
  });

  it('is another event when it is posted anew', () => {
    const body = { entityRef: 'component:default/a' };
    expect(read(body).metadata.eventId).not.toBe(
      read(body, '01890a5d-ac96-774b-bcce-b302099a8058').metadata.eventId,
    );
  });

  it('is tied to what else is posted of the same build', () => {
    const build = {
      entityRef: 'component:default/a',
      buildTimestamp: '2026-01-02T03:04:05Z',
    };
    const started = read({ ...build, action: 'build_started' });
    const completed = read(build, '01890a5d-ac96-774b-bcce-b302099a8058');
    expect(started.metadata.correlationId).toBeDefined();
    expect(completed.metadata.correlationId).toBe(
      started.metadata.correlationId,
    );
  });

  it.each<[string, unknown, RegExp]>([
    ['no object', 'component:default/a', /expected object/],
    ['an empty body', null, /expected object/],
    ['no entity', {}, /^entityRef: .*string/],
    ['an entity without a kind', { entityRef: 'a' }, /^entityRef: must be/],
    [
      'an unknown action',
      { entityRef: 'component:default/a', action: 'done' },
      /^action: .*build_started/,
    ],
    [
      'no time',
      { entityRef: 'component:default/a', buildTimestamp: 'yesterday' },
      /^buildTimestamp: /,
    ],
    [
      'a day that there is not',
      {
        entityRef: 'component:default/a',
        buildTimestamp: '2026-02-30T00:00:00Z',
      },
      /^buildTimestamp: /,
    ],
  ])('does not fit with %s, and the reason is told', (_, body, reason) => {
    expect(readCiBuild(post(body))).toEqual({
      fits: false,
      reason: expect.stringMatching(reason),
    });
  });
});
