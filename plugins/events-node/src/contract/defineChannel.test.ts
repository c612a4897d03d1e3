import { z } from 'zod';
import { describeEvent, eventMetadata } from '../metadata';
import {
  catalogEntityChange,
  catalogLocationChange,
  techdocsBuild,
} from './channels';
import { defineChannel } from './defineChannel';

const policySchema = z.object({
  action: z.enum(['updated']),
  policy: z.string(),
});
const policyChange = defineChannel<z.infer<typeof policySchema>>({
  channel: 'permissionPolicyChange',
  address: 'backstage/permission/policy',
  message: 'PermissionPolicyChangeEvent',
  topic: 'permission',
  title: 'Changes of the permission policy',
  description: 'The policy was replaced.',
  payload: z.toJSONSchema(policySchema, { target: 'draft-7' }),
});
const payload = { action: 'updated', policy: 'p' } as const;
const build = {
  action: 'build_started',
  entityRef: 'component:default/a',
  buildTimestamp: '2026-01-01T00:00:00Z',
} as const;

describe('a channel of the contract', () => {
  it('makes events whose metadata are what the contract asks for, under one id', () => {
    const event = policyChange.event({
      eventPayload: payload,
      source: 'permission',
      timestamp: new Date(0),
      key: 'p',
      correlationId: 'c',
      metadata: { more: 'm' },
    });
    const { eventId } = event.metadata;
    expect(event).toEqual({
      topic: 'permission',
      eventPayload: payload,
      metadata: {
        more: 'm',
        source: 'permission',
        eventId,
        timestamp: '1970-01-01T00:00:00.000Z',
        correlationId: 'c',
        [eventMetadata.id]: eventId,
        [eventMetadata.key]: 'p',
        [eventMetadata.correlationId]: 'c',
      },
    });
    expect(describeEvent(event).id).toBe(eventId);
    expect(policyChange.recognises(event)).toBe(true);
  });

  it('makes an event of its own from one that a handler was given', () => {
    const { metadata } = policyChange.event({
      eventPayload: payload,
      source: 'permission',
      metadata: { [eventMetadata.topic]: 'other', [eventMetadata.id]: 'x' },
    });
    expect(metadata[eventMetadata.topic]).toBeUndefined();
    expect(metadata[eventMetadata.id]).toBe(metadata.eventId);
  });

  it('makes no event that does not fit, and says where and why, but not what was there', () => {
    const make = () =>
      techdocsBuild.event({
        // As from somebody who does not know the types.
        eventPayload: JSON.parse(
          JSON.stringify({ ...build, action: 'hunter2' }),
        ),
        source: 'techdocs',
      });
    expect(make).toThrow(
      `An event of topic 'techdocs' does not fit the contract: /eventPayload/action must be "build_started" or "build_completed" or "build_failed"`,
    );
    expect(make).not.toThrow('hunter2');
    expect(() =>
      techdocsBuild.event({
        eventPayload: { ...build, buildTimestamp: 'yesterday' },
        source: 'techdocs',
      }),
    ).toThrow('/eventPayload/buildTimestamp must match format "date-time"');
  });

  it.each([
    ['another topic', { topic: 'other' }],
    ['another payload', { eventPayload: { action: 'updated' } }],
    ['no metadata', { metadata: undefined }],
    ['an id that is none', { metadata: { eventId: 'x' } }],
  ])('does not recognise an event with %s', (_, change) => {
    const event = policyChange.event({
      eventPayload: payload,
      source: 'permission',
    });
    expect(policyChange.recognises({ ...event, ...change })).toBe(false);
  });

  it('concerns only its own events where channels share a topic', () => {
    const location = {
      action: 'added',
      location: { type: 'url', target: 't' },
    };
    expect(catalogLocationChange.concerns?.(location)).toBe(true);
    expect(catalogEntityChange.concerns?.(location)).toBe(false);
  });

  it.each([
    ['a reference', { $ref: '#/x' }, 'has a $ref'],
    ['a keyword with a wrong value', { type: 'nothing' }, 'is no valid JSON'],
  ])('cannot have a schema with %s', (_, schema, message) => {
    expect(() =>
      defineChannel({ ...policyChange.definition, payload: schema }),
    ).toThrow(message);
  });
});
