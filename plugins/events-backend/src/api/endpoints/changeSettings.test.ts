import { InputError } from '@backstage/errors';
import {
  endpointChangeSchema,
  endpointSettingsSchema,
} from '@callboard/backstage-plugin-events-common';
import fc from 'fast-check';
import { makeSettings } from '../../endpoints/__testUtils__/endpointPools';
import { changeSettings } from './changeSettings';

const settings = makeSettings({
  filter: 'payload.a == 1',
  concurrency: 3,
  description: 'before',
  labels: { team: 'a' },
  auth: { type: 'basic', username: 'u' },
});

/** A change as it is after a request was parsed. */
const parse = (change: object) => {
  const { secrets: _, ...changes } = endpointChangeSchema.parse(change);
  return changes;
};

describe('changing settings', () => {
  it('can change every setting', () => {
    const { secrets: _, ...changeable } = endpointChangeSchema.shape;
    expect(Object.keys(changeable).sort()).toEqual(
      Object.keys(endpointSettingsSchema.shape).sort(),
    );
  });

  it('leaves what is not given as it is', () => {
    expect(changeSettings(settings, parse({}))).toEqual(settings);
    expect(changeSettings(settings, parse({ description: 'after' }))).toEqual({
      ...settings,
      description: 'after',
    });
  });

  it('takes the fields that are given, whichever they are, and no others', () => {
    const other = makeSettings({
      url: 'https://other.example.com',
      topics: ['catalog', 'github.*'],
      filter: 'true',
      entity: { kind: ['Component'] },
      format: 'cloudevents-structured',
      batch: { maxEvents: 10 },
      ordered: false,
      concurrency: 1,
      rateLimit: { events: 1, per: 'hour' },
      timeLimitMs: 5_000,
      retryScheduleMs: [0, 1],
      headers: { 'x-a': 'b' },
      auth: {
        type: 'oauth2',
        tokenUrl: 'https://id.example.com/token',
        clientId: 'me',
      },
      tls: { authorities: 'ca' },
      signatures: ['v1a'],
      traceparent: true,
      owner: 'group:default/other',
      description: 'other',
      labels: {},
    });
    fc.assert(
      fc.property(fc.subarray(Object.entries(other)), given => {
        const change = Object.fromEntries(given);
        expect(changeSettings(settings, parse(change))).toEqual({
          ...settings,
          ...change,
        });
      }),
    );
  });

  it('takes an optional field away by null, and brings another back to its default', () => {
    const changed = changeSettings(
      settings,
      parse({ filter: null, auth: null, concurrency: null, labels: null }),
    );
    const { filter: _filter, auth: _auth, ...rest } = settings;
    expect(changed).toEqual({
      ...rest,
      concurrency: makeSettings().concurrency,
      labels: {},
    });
  });

  it('keeps what no endpoint can be without', () => {
    for (const field of ['url', 'topics', 'owner']) {
      expect(endpointChangeSchema.safeParse({ [field]: null }).success).toBe(
        false,
      );
    }
  });

  it('checks what the schema of the whole settings alone knows', () => {
    const headers = Object.fromEntries(
      Array.from({ length: 31 }, (_, number) => [`x-${number}`, 'v']),
    );
    expect(() => changeSettings(settings, parse({ headers }))).toThrow(
      new InputError('headers: at most 30'),
    );
  });
});
