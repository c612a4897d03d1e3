import fc from 'fast-check';
import {
  decodeNotification,
  encodeNotification,
  nameChannel,
} from './notification';

const topic = fc.string({ unit: 'binary', maxLength: 300 });

describe('a notification', () => {
  it('says who sent it, and which topics there is something to read of', () => {
    fc.assert(
      fc.property(fc.array(topic, { maxLength: 5 }), topics => {
        const payload = encodeNotification('me', new Set(topics));
        expect(decodeNotification(payload)).toEqual({
          origin: 'me',
          topics: new Set(topics),
        });
      }),
    );
  });

  it('is ASCII without zero characters, and short enough for PostgreSQL', () => {
    fc.assert(
      fc.property(fc.array(topic, { maxLength: 100 }), topics => {
        const payload = encodeNotification('me', new Set(topics));
        expect(payload).toMatch(/^[\x20-\x7e]*$/);
        expect(payload.length).toBeLessThan(8_000);
      }),
    );
  });

  it.each([7_999, 8_000])(
    'says that it may be any topic when it would have 8,000 bytes: %i',
    length => {
      const overhead = encodeNotification('me', new Set([''])).length;
      const named = new Set(['x'.repeat(length - overhead)]);
      const { origin, topics } = decodeNotification(
        encodeNotification('me', named),
      );
      expect(origin).toBe('me');
      expect(topics).toEqual(length < 8_000 ? named : 'any');
    },
  );

  it.each([
    '',
    'null',
    '7',
    '[]',
    '{',
    '{}',
    '{"topics":["a"]}',
    '{"origin":7,"topics":["a"]}',
    '{"origin":"me","topics":"a"}',
    '{"origin":"me","topics":[7]}',
  ])('that is not understood may be of anybody and any topic: %s', payload => {
    expect(decodeNotification(payload)).toEqual({
      origin: undefined,
      topics: 'any',
    });
  });

  it('may have more fields in a later version', () => {
    expect(
      decodeNotification('{"origin":"me","topics":["a"],"new":1}'),
    ).toEqual({ origin: 'me', topics: new Set(['a']) });
  });
});

describe('the channel', () => {
  it('is an identifier of PostgreSQL that needs no quotes, and another for each schema', () => {
    const schemas = ['public', 'events', 'Events', 'é'.repeat(31), ''];
    const channels = schemas.map(nameChannel);
    expect(new Set(channels).size).toBe(schemas.length);
    for (const channel of channels) {
      expect(channel).toMatch(/^callboard_[0-9a-f]{32}$/);
    }
  });
});
