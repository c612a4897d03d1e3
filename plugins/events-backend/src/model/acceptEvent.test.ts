import { InputError } from '@backstage/errors';
import {
  createEventParams,
  eventMetadata,
} from '@callboard/backstage-plugin-events-node';
import fc from 'fast-check';
import { acceptEvent, type AcceptOptions } from './acceptEvent';
import {
  deriveEventId,
  newEventId,
} from '@callboard/backstage-plugin-events-node/bus';
import { wasNotified } from './notified';
import { presentEvent } from './presentEvent';

const options: AcceptOptions = { source: 'catalog', maxPayloadBytes: 1_000 };

function accept(
  params: Partial<Parameters<typeof acceptEvent>[0]>,
  more: Partial<AcceptOptions> = {},
) {
  return acceptEvent(
    { topic: 'a', eventPayload: {}, ...params },
    { ...options, ...more },
  );
}

describe('accepting an event', () => {
  it('names an event that has no id, and keeps the id of one that has', () => {
    const [first] = accept({});
    const [second] = accept({});
    expect(first.id).not.toBe(second.id);
    const id = newEventId();
    const [given] = acceptEvent(
      createEventParams({ topic: 'a', eventPayload: {}, id: id.toUpperCase() }),
      options,
    );
    expect(given.id).toBe(id);
  });

  it('keys an event by its source, or else by its publisher', () => {
    const params = createEventParams({
      topic: 'a',
      eventPayload: {},
      key: 'publisher',
    });
    expect(acceptEvent(params, options)[0].key).toBe('publisher');
    const describe = () => ({ key: 'source', deduplicationId: 'd' });
    expect(acceptEvent(params, { ...options, describe })[0]).toMatchObject({
      key: 'source',
      deduplicationId: 'd',
    });
    expect(accept({}, { describe: () => ({ key: '' }) })[0].key).toBe(
      undefined,
    );
  });

  it('notes who was given the event by its publisher, under its own topic only', () => {
    const notified = ['a.s', 'b.s'];
    const describe = () => ({ subtopics: ['a.x'] });
    const [event, routed] = accept({}, { notified, describe });
    expect(wasNotified(event, 'b.s')).toBe(true);
    expect(wasNotified(event, 'c.s')).toBe(false);
    expect(wasNotified(routed, 'b.s')).toBe(false);
    expect(accept({}, { notified: [] })[0].metadata).not.toContain(
      eventMetadata.notified,
    );
  });

  it.each([1, null, { a: 'b' }, ['a', 1]])(
    'refuses %j as metadata, which is neither a text nor a list of texts',
    value => {
      // As plain JavaScript may publish.
      const metadata = JSON.parse(JSON.stringify({ odd: value }));
      expect(() => accept({ metadata })).toThrow(
        "The metadata 'odd' of an event of topic",
      );
    },
  );

  it('believes no metadata that say who was given the event', () => {
    const metadata = {
      [eventMetadata.notified]: ['a.s'],
      said: `"${eventMetadata.notified}":["a.s"]`,
    };
    expect(wasNotified(accept({ metadata })[0], 'a.s')).toBe(false);
  });

  it('refuses more notified subscriptions than metadata may hold', () => {
    const notified = Array.from({ length: 200 }, () => 'a'.repeat(500));
    expect(() => accept({}, { notified })).toThrow(InputError);
  });

  it('posts the event under each subtopic, with an id of its own that is always the same', () => {
    const id = newEventId();
    const post = () =>
      accept(
        { metadata: { [eventMetadata.id]: id } },
        { describe: () => ({ subtopics: ['a.x', 'a.y'], key: 'k' }) },
      );
    expect(post()).toEqual(post());
    const [event, ...routed] = post();
    expect(event).toMatchObject({ id, topic: 'a', key: 'k' });
    expect(routed).toEqual([
      { ...event, id: deriveEventId(id, 'a.x', event.payload), topic: 'a.x' },
      { ...event, id: deriveEventId(id, 'a.y', event.payload), topic: 'a.y' },
    ]);
  });

  it('gives an event that a handler posts again under another topic an id derived from the first', () => {
    const [event] = accept({ metadata: { 'x-h': '1' } });
    const { metadata } = presentEvent({ ...event, position: 1, timeMs: 0 }, 3);
    const again = () => accept({ topic: 'a.routed', metadata })[0];
    expect(again().id).toBe(again().id);
    expect(again().id).toBe(deriveEventId(event.id, 'a.routed', event.payload));
    expect(JSON.parse(again().metadata)).toEqual({
      'x-h': '1',
      [eventMetadata.source]: 'catalog',
      [eventMetadata.correlationId]: event.id,
    });
  });

  it('lets a handler make several events of one, and tells them apart', () => {
    const [event] = accept({});
    const { metadata } = presentEvent({ ...event, position: 1, timeMs: 0 }, 1);
    const ids = [1, 2, 3].map(
      eventPayload => accept({ topic: 'part', eventPayload, metadata })[0].id,
    );
    expect(new Set([event.id, ...ids]).size).toBe(4);
  });

  it('takes an id that a handler gives for the id, whatever event it was given itself', () => {
    const [event] = accept({});
    const params = presentEvent({ ...event, position: 1, timeMs: 0 }, 1);
    const id = newEventId();
    expect(accept(createEventParams({ ...params, id }))[0].id).toBe(id);
  });

  it('says where an event comes from, whatever its publisher says', () => {
    const [event] = accept(
      {
        metadata: {
          [eventMetadata.source]: 'forged',
          [eventMetadata.attempt]: '7',
          [eventMetadata.trace]: 'forged',
          traceparent: 'theirs',
          missing: undefined,
        },
      },
      { traceparent: 'ours' },
    );
    expect(JSON.parse(event.metadata)).toEqual({
      traceparent: 'theirs',
      [eventMetadata.source]: 'catalog',
      [eventMetadata.correlationId]: event.id,
      [eventMetadata.trace]: 'ours',
    });
  });

  it('counts bytes, not characters', () => {
    const [event] = accept({ eventPayload: 'é🎭' });
    expect(event.size).toBe(8);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;

  it.each<[string, Partial<Parameters<typeof acceptEvent>[0]>]>([
    ['an empty topic', { topic: '' }],
    ['a topic that is too long', { topic: 'x'.repeat(256) }],
    ['a topic with a control character', { topic: 'a\nb' }],
    ['a topic with a zero character', { topic: 'a\0b' }],
    ['a payload that is too large', { eventPayload: 'x'.repeat(999) }],
    ['a cyclic payload', { eventPayload: cyclic }],
    ['a payload with a bigint', { eventPayload: 1n }],
    ['an id that is no UUID', { metadata: { [eventMetadata.id]: '7' } }],
    [
      'a key that is too long',
      { metadata: { [eventMetadata.key]: 'k'.repeat(1_025) } },
    ],
    [
      'a key that has too many bytes for an index',
      { metadata: { [eventMetadata.key]: '🎭'.repeat(300) } },
    ],
    [
      'a key with a zero character',
      { metadata: { [eventMetadata.key]: 'a\0b' } },
    ],
  ])('refuses %s', (_, params) => {
    expect(() => accept(params)).toThrow(InputError);
  });

  it.each([
    ['a zero character', 'a\0b'],
    ['too many bytes for an index', 'x'.repeat(1_025)],
  ])('refuses a deduplication id with %s', (_, deduplicationId) => {
    expect(() => accept({}, { describe: () => ({ deduplicationId }) })).toThrow(
      InputError,
    );
  });

  it.each(['', 'x'.repeat(256), 'a\nb'])(
    'refuses the subtopic %j',
    subtopic => {
      expect(() =>
        accept({}, { describe: () => ({ subtopics: [subtopic] }) }),
      ).toThrow(InputError);
    },
  );

  it('has a payload for what JSON does not know', () => {
    expect(accept({ eventPayload: undefined })[0].payload).toBe('null');
  });
});

describe('presenting an event', () => {
  const metadata = fc.dictionary(
    fc.string().map(name => `x-${name}`),
    fc.oneof(fc.string(), fc.array(fc.string())),
  );

  it('gives topic, payload and metadata as they were sent', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter(text => /^[ -~]+$/.test(text)),
        fc.jsonValue(),
        metadata,
        (topic, eventPayload, given) => {
          const [event] = acceptEvent(
            { topic, eventPayload, metadata: given },
            { ...options, maxPayloadBytes: 1_000_000 },
          );
          const presented = presentEvent(
            { ...event, position: 1, timeMs: 0 },
            2,
          );
          expect(presented.topic).toBe(topic);
          expect(JSON.stringify(presented.eventPayload)).toBe(
            JSON.stringify(eventPayload),
          );
          expect(presented.metadata).toEqual({
            ...given,
            [eventMetadata.id]: event.id,
            [eventMetadata.topic]: topic,
            [eventMetadata.time]: '1970-01-01T00:00:00.000Z',
            [eventMetadata.attempt]: '2',
            [eventMetadata.source]: 'catalog',
            [eventMetadata.correlationId]: event.id,
          });
        },
      ),
    );
  });

  it('adds the key, and a trace where the sender set none', () => {
    const describe = () => ({ key: 'k' });
    const present = (given: Record<string, string>) => {
      const [event] = accept(
        { metadata: given },
        { describe, traceparent: 'ours' },
      );
      return presentEvent({ ...event, position: 1, timeMs: 0 }, 1).metadata;
    };
    expect(present({})).toMatchObject({
      [eventMetadata.key]: 'k',
      traceparent: 'ours',
    });
    expect(present({ traceparent: 'theirs' })).toMatchObject({
      traceparent: 'theirs',
    });
  });
});
