import {
  eventsContract,
  type EventMetadata,
} from '@callboard/backstage-plugin-events-common';
import {
  catalogEntityChange,
  catalogLocationChange,
  createEventParams,
  defineChannel,
  scaffolderTaskComplete,
  techdocsBuild,
} from '@callboard/backstage-plugin-events-node';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { Contract } from '../../contract';
import { appendedAtMs, makeLogEvent } from './__testUtils__/makeLogEvent';
import { makeContent } from './index';

const asMessage = { format: 'message', isBatch: false } as const;
const asBatch = { format: 'message', isBatch: true } as const;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b9c7c989f97918e1-01';

function readMessage(event: ReturnType<typeof makeLogEvent>): {
  topic: string;
  eventPayload: unknown;
  metadata: EventMetadata;
} {
  return JSON.parse(makeContent([event], asMessage).body.toString());
}

describe('a message', () => {
  it('has topic, payload and metadata, as JSON', () => {
    const event = makeLogEvent({
      topic: 'deployments',
      eventPayload: { of: 'website' },
      metadata: { team: 'web', stages: ['one', 'two'] },
    });
    const { contentType, headers } = makeContent([event], asMessage);
    expect({ contentType, headers }).toEqual({
      contentType: 'application/json',
      headers: {},
    });
    expect(readMessage(event)).toEqual({
      topic: 'deployments',
      eventPayload: { of: 'website' },
      metadata: expect.objectContaining({
        team: 'web',
        stages: ['one', 'two'],
      }),
    });
  });

  it('holds any payload and metadata as they were stored', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ stringUnit: 'binary' }),
        fc.dictionary(
          fc.stringMatching(/^x[a-z]{0,8}z$/),
          fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.string())),
        ),
        (eventPayload, metadata) => {
          const event = makeLogEvent({ topic: 't', eventPayload, metadata });
          const { body } = makeContent([event], asMessage);
          expect(body.includes(`"eventPayload":${event.payload},`)).toBe(true);
          expect(readMessage(event)).toMatchObject({
            eventPayload: JSON.parse(event.payload),
            metadata: JSON.parse(JSON.stringify(metadata)),
          });
        },
      ),
    );
  });

  it('keeps a number that JavaScript cannot hold', () => {
    const event = {
      ...makeLogEvent({ topic: 't', eventPayload: null }),
      payload: '{"id":9007199254740993,"rate":0.10000000000000000001}',
    };
    expect(makeContent([event], asMessage).body.toString()).toContain(
      '"eventPayload":{"id":9007199254740993,"rate":0.10000000000000000001},',
    );
  });

  it('is the same bytes at every attempt', () => {
    const event = makeLogEvent({ topic: 't', eventPayload: { a: [1] } });
    expect(makeContent([event], asMessage).body).toEqual(
      makeContent([{ ...event }], asMessage).body,
    );
  });

  it('is not made of several events, nor of none', () => {
    const event = makeLogEvent({ topic: 't', eventPayload: 1 });
    expect(() => makeContent([event, event], asMessage)).toThrow('got 2');
    expect(() => makeContent([], asMessage)).toThrow('got 0');
    expect(() => makeContent([], asBatch)).toThrow('got 0');
  });
});

describe('the metadata of a message', () => {
  it('have what the contract asks for, filled in where the publisher said nothing', () => {
    const event = makeLogEvent(
      createEventParams({
        topic: 't',
        eventPayload: 1,
        key: 'component:default/website',
        correlationId: 'build 7',
      }),
      { source: 'http/github' },
    );
    expect(readMessage(event).metadata).toEqual({
      source: 'http/github',
      eventId: event.id,
      timestamp: new Date(appendedAtMs).toISOString(),
      correlationId: 'build 7',
      'callboard-event-key': 'component:default/website',
    });
  });

  it('are as the publisher said, where it did', () => {
    const metadata = {
      source: 'theirs',
      eventId: '0190163d-8694-739b-aea5-966c26f8ad90',
      timestamp: '2026-01-01T00:00:00Z',
      correlationId: 'theirs too',
    };
    const event = makeLogEvent({ topic: 't', eventPayload: 1, metadata });
    expect(readMessage(event).metadata).toEqual(metadata);
  });

  it('are texts where the contract asks for texts, whatever headers a sender has sent', () => {
    const event = makeLogEvent(
      {
        topic: 't',
        eventPayload: 1,
        metadata: { source: ['a', 'b'], timestamp: '', correlationId: [] },
      },
      { source: 'http/theirs' },
    );
    expect(readMessage(event).metadata).toEqual({
      source: 'http/theirs',
      eventId: event.id,
      timestamp: new Date(appendedAtMs).toISOString(),
      correlationId: event.id,
    });
  });

  it('tell nothing of subscribers, spans and attempts', () => {
    const event = makeLogEvent(
      createEventParams({
        topic: 't',
        eventPayload: 1,
        metadata: {
          'callboard-anything': 'else',
          'Callboard-Notified': 'in another case',
        },
        key: 'k',
      }),
      { traceparent, notified: ['catalog.reader'] },
    );
    const stored = Object.keys(JSON.parse(event.metadata));
    expect(stored).toEqual(
      expect.arrayContaining([
        'callboard-notified',
        'callboard-traceparent',
        'callboard-anything',
      ]),
    );
    for (const format of [
      'message',
      'cloudevents-structured',
      'cloudevents-binary',
    ] as const) {
      const { headers, body } = makeContent([event], {
        format,
        isBatch: false,
      });
      const text = `${body} ${JSON.stringify(headers)}`;
      expect(text).not.toMatch(
        /notified|catalog\.reader|traceparent|anything/i,
      );
      expect(text).not.toContain(traceparent);
    }
  });

  it.each([
    'authorization',
    'Authorization',
    'x-gitlab-token',
    'X-Hub-Signature-256',
    'apiKey',
    'accessToken',
    'clientSecret',
    'userPassword',
  ])('hold no credential: %s', name => {
    const event = makeLogEvent({
      topic: 't',
      eventPayload: 1,
      metadata: { [name]: 'hidden', author: 'shown', xTokenizer: 'shown' },
    });
    const { metadata } = readMessage(event);
    expect(metadata).toMatchObject({ author: 'shown', xTokenizer: 'shown' });
    expect(JSON.stringify(metadata)).not.toContain('hidden');
  });

  it('are not led astray by a name that objects have already', () => {
    const event = {
      ...makeLogEvent({ topic: 't', eventPayload: 1 }),
      metadata: '{"__proto__":"a","constructor":"b"}',
    };
    const { metadata } = readMessage(event);
    expect(Object.entries(metadata)).toEqual(
      expect.arrayContaining([
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['source', 'backstage'],
      ]),
    );
  });
});

describe('a message of the contract', () => {
  const ajv = addFormats(new Ajv({ strict: false }));
  ajv.addSchema({ ...eventsContract }, 'contract');
  const contract = new Contract();
  const described = {
    source: 'catalog',
    timestamp: new Date('2026-11-26T09:00:00Z'),
    correlationId: 'one cause',
    key: 'component:default/website',
    metadata: { more: ['of', 'this'] },
  };
  const messages = {
    CatalogEntityChangeEvent: catalogEntityChange.event({
      ...described,
      eventPayload: {
        action: 'updated',
        changedPaths: ['/spec/owner'],
        entity: {
          apiVersion: 'backstage.io/v1alpha1',
          kind: 'Component',
          metadata: {
            name: 'website',
            namespace: 'default',
            uid: '7f2c1a3e-2b1f-4f0e-9d3a-5a2f2b8f7c11',
          },
        },
      },
    }),
    CatalogLocationChangeEvent: catalogLocationChange.event({
      source: 'catalog',
      eventPayload: {
        action: 'added',
        location: { type: 'url', target: 'https://example.com' },
      },
    }),
    ScaffolderTaskEvent: scaffolderTaskComplete.event({
      source: 'scaffolder',
      eventPayload: { action: 'completed', taskId: '1' },
    }),
    TechDocsBuildEvent: techdocsBuild.event({
      source: 'techdocs',
      eventPayload: {
        action: 'build_completed',
        entityRef: 'component:default/website',
        buildTimestamp: '2026-11-26T09:00:00Z',
      },
    }),
  };

  it('is there for every message', () => {
    expect(Object.keys(messages)).toEqual(
      Object.keys(eventsContract.components.messages),
    );
  });

  it.each(Object.entries(messages))('still fits it: %s', (name, params) => {
    const message = readMessage(makeLogEvent(params));
    expect(contract.covers(message.topic)).toBe(true);
    expect(contract.findMisfit(message)).toBeUndefined();
    const { source, eventId, timestamp } = params.metadata;
    expect(message.metadata).toMatchObject({ source, eventId, timestamp });
    const validate = ajv.compile({
      $ref: `contract#/components/schemas/${name}`,
    });
    expect(validate(message)).toBe(true);
  });

  it('fits it though its publisher gave payload and topic alone', () => {
    for (const { topic, eventPayload } of Object.values(messages)) {
      const message = readMessage(makeLogEvent({ topic, eventPayload }));
      expect(contract.findMisfit(message)).toBeUndefined();
    }
  });

  it('fits a channel of a module as well', () => {
    const channel = defineChannel<{ action: string }>({
      channel: 'permissionPolicyChange',
      address: 'backstage/permission/policy',
      message: 'PermissionPolicyChangeEvent',
      topic: 'permission',
      title: 'Changes of the permission policy',
      description: 'The policy was replaced.',
      payload: { type: 'object', required: ['action'] },
    });
    const params = channel.event({
      source: 'permission',
      eventPayload: { action: 'updated' },
    });
    expect(channel.findMisfit(readMessage(makeLogEvent(params)))).toBe(
      undefined,
    );
  });
});

describe('a batch of messages', () => {
  const events = ['a', 'b', 'c'].map(topic =>
    makeLogEvent({ topic, eventPayload: { topic } }),
  );

  it('is an array of them, in their order', () => {
    const { contentType, body } = makeContent(events, asBatch);
    expect(contentType).toBe('application/json');
    expect(JSON.parse(body.toString())).toEqual(events.map(readMessage));
  });

  it('is an array with a single event too', () => {
    const { body } = makeContent(events.slice(0, 1), asBatch);
    expect(JSON.parse(body.toString())).toEqual([readMessage(events[0])]);
  });
});

describe('the trace of an event', () => {
  const traced = makeLogEvent({ topic: 't', eventPayload: 1 }, { traceparent });
  const asked = { ...asMessage, traceparent: true };

  it('is a header when it is asked for', () => {
    expect(makeContent([traced], asked).headers).toEqual({ traceparent });
    expect(makeContent([traced], asMessage).headers).toEqual({});
  });

  it('is that of whoever accepted it, not one that a sender has sent', () => {
    const event = makeLogEvent({
      topic: 't',
      eventPayload: 1,
      metadata: { traceparent },
    });
    expect(makeContent([event], asked).headers).toEqual({});
  });

  it('is left out of a batch, whose events have several', () => {
    const { headers } = makeContent([traced, traced], {
      ...asked,
      isBatch: true,
    });
    expect(headers).toEqual({});
  });

  it('is left out when it is none', () => {
    const event = makeLogEvent(
      { topic: 't', eventPayload: 1 },
      { traceparent: 'x\r\nevil: y' },
    );
    expect(makeContent([event], asked).headers).toEqual({});
  });
});
