import * as fc from 'fast-check';
import { Outlook } from './Outlook';

const limit = { events: 3, bytes: 100 };

const behind = (positions: readonly number[], cursor: number) =>
  positions.filter(position => position > cursor);
const passed = (positions: readonly number[], cursor: number) =>
  positions.filter(position => position <= cursor);

/** An outlook that has caught up with a router at a position. */
function follow(position: number): Outlook {
  const outlook = new Outlook();
  outlook.see(position, limit);
  outlook.onClaimed(position);
  return outlook;
}

describe('Outlook', () => {
  it('follows once it has read up to where the router was when it began to collect', () => {
    const outlook = new Outlook();
    outlook.onMatch({ position: 1, size: 1 });
    expect(outlook.see(6, limit)).toBeUndefined();
    outlook.onMatch({ position: 8, size: 1 });
    outlook.onClaimed(5);
    expect(outlook.mayHaveMore).toBe(true);
    expect(outlook.see(9, limit)).toBeUndefined();
    outlook.onClaimed(6);
    expect(outlook.see(9, limit)).toEqual({ positions: [8], upTo: 9 });
    outlook.onClaimed(9);
    expect(outlook.mayHaveMore).toBe(false);
    expect(outlook.see(12, limit)).toEqual({ positions: [], upTo: 12 });
  });

  it('gives the next events as far as they fit, and how far that is', () => {
    const outlook = follow(10);
    [11, 13, 17, 20].forEach(position =>
      outlook.onMatch({ position, size: 1 }),
    );
    expect(outlook.see(30, limit)).toEqual({
      positions: [11, 13, 17],
      upTo: 19,
    });
    expect(outlook.see(30, { events: 9, bytes: 2 })).toEqual({
      positions: [11, 13],
      upTo: 16,
    });
    outlook.onClaimed(19);
    expect(outlook.see(30, limit)).toEqual({ positions: [20], upTo: 30 });
  });

  it('reads by itself again when more is wanted than it remembers, or when nobody knows', () => {
    const outlook = follow(0);
    for (let position = 1; position <= 1_001; position += 1) {
      outlook.onMatch({ position, size: 1 });
    }
    expect(outlook.follows).toBe(false);
    const doubting = follow(0);
    doubting.fallBehind();
    expect(doubting.mayHaveMore).toBe(true);
  });

  it('never passes over an event that the endpoint wants, whatever comes in which order', () => {
    const command = fc.oneof(
      // The router comes so much further, and these of the events are wanted; before a claim, or while it is under way.
      fc.record({ routed: fc.array(fc.boolean(), { maxLength: 6 }) }),
      fc.record({
        claim: fc.integer({ min: 1, max: 4 }),
        meanwhile: fc.array(fc.boolean(), { maxLength: 4 }),
      }),
      fc.constant({ doubt: true as const }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), commands => {
        const outlook = new Outlook();
        const wanted: number[] = [];
        const claimed = new Set<number>();
        let routedTo = 0;
        let cursor = 0;
        const route = (flags: readonly boolean[]) => {
          for (const isWanted of flags) {
            if (isWanted) {
              wanted.push(routedTo + 1);
              outlook.onMatch({ position: routedTo + 1, size: 1 });
            }
            routedTo += 1;
          }
        };
        for (const one of commands) {
          if ('routed' in one) {
            route(one.routed);
          } else if ('doubt' in one) {
            outlook.fallBehind();
          } else {
            const seen = outlook.see(routedTo, {
              events: one.claim,
              bytes: 1_000,
            });
            const tail = routedTo;
            const unread = behind(wanted, cursor);
            const taken = seen
              ? behind(seen.positions, cursor)
              : unread.slice(0, one.claim);
            taken.forEach(position => claimed.add(position));
            const readTo =
              unread.length > taken.length ? taken.at(-1) ?? cursor : tail;
            cursor = Math.max(cursor, seen?.upTo ?? readTo);
            route(one.meanwhile);
            outlook.onClaimed(cursor);
          }
          expect(
            passed(wanted, cursor).filter(position => !claimed.has(position)),
          ).toEqual([]);
        }
        if (!outlook.mayHaveMore) {
          expect(behind(wanted, cursor)).toEqual([]);
        }
      }),
    );
  });
});
