import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import fc from 'fast-check';
import { makeEvent } from '../__testUtils__/makeEvent';
import { selectClaim } from './selectClaim';

const keys = ['a', 'b', 'c', 'd'];
const someKeys = fc.subarray(keys).map(chosen => new Set(chosen));

const input = fc
  .record({
    cursor: fc.nat(100),
    steps: fc.array(
      fc.record({
        gap: fc.integer({ min: 1, max: 3 }),
        key: fc.constantFrom(...keys, undefined),
      }),
      { maxLength: 20 },
    ),
    rest: fc.nat(5),
    owedKeys: someKeys,
    busyKeys: someKeys,
    slowKeys: someKeys,
  })
  .map(({ cursor, steps, rest, ...held }) => {
    let position = cursor;
    const candidates = steps.map(({ gap, key }): LogEvent => {
      position += gap;
      return { ...makeEvent('t', { key }), position, timeMs: 0 };
    });
    return { cursor, candidates, upTo: position + rest, ...held };
  });

function positionsOf(events: readonly LogEvent[]): number[] {
  return events.map(({ position }) => position);
}

describe('selectClaim', () => {
  it('loses nothing: what the cursor passes is claimed or set aside, once', () => {
    fc.assert(
      fc.property(input, each => {
        const { claimed, setAside, cursor } = selectClaim(each);
        const passed = each.candidates.filter(
          ({ position }) => position <= cursor,
        );
        expect(
          positionsOf([...claimed, ...setAside]).sort((a, b) => a - b),
        ).toEqual(positionsOf(passed));
      }),
    );
  });

  it('keeps the order of the log', () => {
    fc.assert(
      fc.property(input, each => {
        const { claimed, setAside } = selectClaim(each);
        for (const positions of [claimed, setAside].map(positionsOf)) {
          expect(positions).toEqual([...positions].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('claims no event behind one of its key that waits', () => {
    fc.assert(
      fc.property(input, each => {
        const { claimed, setAside } = selectClaim(each);
        const waiting = new Set(setAside.map(({ key }) => key));
        for (const { key } of claimed) {
          expect(waiting).not.toContain(key);
        }
      }),
    );
  });

  it('claims no key that is owed or in the hands of another reader', () => {
    fc.assert(
      fc.property(input, each => {
        const held = new Set([
          ...each.owedKeys,
          ...each.busyKeys,
          ...each.slowKeys,
        ]);
        for (const { key } of selectClaim(each).claimed) {
          expect(key === undefined || !held.has(key)).toBe(true);
        }
      }),
    );
  });

  it('moves the cursor forward only, and stops it before a busy key alone', () => {
    fc.assert(
      fc.property(input, each => {
        const { cursor } = selectClaim(each);
        expect(cursor).toBeGreaterThanOrEqual(each.cursor);
        const next = each.candidates.find(({ position }) => position > cursor);
        if (next) {
          expect(each.busyKeys).toContain(next.key);
        } else {
          expect(cursor).toBe(each.upTo);
        }
      }),
    );
  });
});
