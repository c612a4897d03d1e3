import fc from 'fast-check';
import type { ClaimedEvent } from './ClaimedBatch';
import { splitLanes } from './splitLanes';

const batch = fc
  .uniqueArray(
    fc.record({
      position: fc.nat(1_000),
      key: fc.constantFrom('a', 'b', 'c', undefined),
    }),
    { selector: ({ position }) => position, maxLength: 30 },
  )
  .map(events =>
    events.map(
      ({ position, key }): ClaimedEvent => ({
        position,
        key,
        id: String(position),
        topic: 't',
        timeMs: 0,
        attempt: 1,
        present: () => ({ topic: 't', eventPayload: position }),
      }),
    ),
  );

describe('splitLanes', () => {
  it('puts each event into one lane', () => {
    fc.assert(
      fc.property(batch, events => {
        const inLanes = splitLanes(events).flat();
        expect(inLanes).toHaveLength(events.length);
        expect(new Set(inLanes)).toEqual(new Set(events));
      }),
    );
  });

  it('has one lane per key, in the order of the log', () => {
    fc.assert(
      fc.property(batch, events => {
        const lanes = splitLanes(events);
        for (const key of ['a', 'b', 'c']) {
          const ofKey = lanes.filter(([first]) => first.key === key);
          expect(ofKey.length).toBeLessThanOrEqual(1);
          const positions = ofKey.flat().map(({ position }) => position);
          expect(positions).toEqual([...positions].sort((a, b) => a - b));
          expect(ofKey.flat().every(event => event.key === key)).toBe(true);
        }
      }),
    );
  });

  it('has a lane for each event without a key', () => {
    fc.assert(
      fc.property(batch, events => {
        const keyless = splitLanes(events).filter(
          ([first]) => first.key === undefined,
        );
        expect(keyless.every(lane => lane.length === 1)).toBe(true);
      }),
    );
  });

  it('leaves the batch as it is', () => {
    fc.assert(
      fc.property(batch, events => {
        const before = [...events];
        splitLanes(events);
        expect(events).toEqual(before);
      }),
    );
  });
});
