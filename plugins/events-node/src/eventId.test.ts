import fc from 'fast-check';
import { validate, version } from 'uuid';
import { deriveEventId, newEventId } from './eventId';

const uuid = fc.uuid({ version: [1, 4, 7] });

describe('newEventId', () => {
  it('sorts by time', () => {
    const ids = Array.from({ length: 1_000 }, newEventId);
    expect([...ids].sort()).toEqual(ids);
    expect(version(ids[0])).toBe(7);
  });
});

describe('deriveEventId', () => {
  it('is a UUID of version 7', () => {
    fc.assert(
      fc.property(uuid, fc.string(), (id, topic) => {
        const derived = deriveEventId(id, topic, '1');
        expect(validate(derived)).toBe(true);
        expect(version(derived)).toBe(7);
      }),
    );
  });

  it('is the same for the same event and topic', () => {
    fc.assert(
      fc.property(uuid, fc.string(), (id, topic) => {
        expect(deriveEventId(id, topic, '1')).toBe(
          deriveEventId(id, topic, '1'),
        );
        expect(deriveEventId(id.toUpperCase(), topic, '1')).toBe(
          deriveEventId(id, topic, '1'),
        );
      }),
    );
  });

  it('differs by event and by topic', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(uuid, { minLength: 2, maxLength: 2 }),
        fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 2 }),
        (ids, topics) => {
          const derived = ids.flatMap(id =>
            topics.map(topic => deriveEventId(id, topic, '1')),
          );
          expect(new Set([...ids, ...derived]).size).toBe(6);
        },
      ),
    );
  });

  it('keeps the time of the event', () => {
    const id = newEventId();
    expect(deriveEventId(id, 'a', '1').slice(0, 13)).toBe(id.slice(0, 13));
  });

  it('tells different payloads apart', () => {
    const id = newEventId();
    expect(deriveEventId(id, 'a', '1')).not.toBe(deriveEventId(id, 'a', '2'));
  });
});
