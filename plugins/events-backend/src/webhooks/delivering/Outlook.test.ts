import * as fc from 'fast-check';
import { Outlook } from './Outlook';

const limit = { events: 3, bytes: 100 };

/** An outlook that has caught up with a router at a position. */
function follow(position: number): Outlook {
  const outlook = new Outlook();
  outlook.onClaimed(position, position);
  return outlook;
}

describe('Outlook', () => {
  it('knows nothing of an endpoint that has not caught up', () => {
    const outlook = new Outlook();
    outlook.onMatch({ position: 1, size: 1 });
    outlook.onClaimed(5, 6);
    expect(outlook.mayHaveMore).toBe(true);
    expect(outlook.see(6, limit)).toBeUndefined();
    outlook.onClaimed(6, 6);
    expect(outlook.mayHaveMore).toBe(false);
    expect(outlook.see(9, limit)).toEqual({ positions: [], upTo: 9 });
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
    outlook.onClaimed(19, 30);
    expect(outlook.see(30, limit)).toEqual({ positions: [20], upTo: 30 });
  });

  it('reads by itself again when more is wanted than it remembers, or when nobody knows', () => {
    const outlook = follow(0);
    for (let position = 1; position <= 10_001; position += 1) {
      outlook.onMatch({ position, size: 1 });
    }
    expect(outlook.follows).toBe(false);
    const doubting = follow(0);
    doubting.fallBehind();
    expect(doubting.mayHaveMore).toBe(true);
  });

  it('never passes over an event that the endpoint wants, whatever it is told and in which order it claims', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            // The router comes so much further, and these of the events are wanted.
            fc.record({ routed: fc.array(fc.boolean(), { maxLength: 6 }) }),
            fc.record({ claim: fc.integer({ min: 1, max: 4 }) }),
            fc.constant({ doubt: true as const }),
          ),
        ),
        commands => {
          const outlook = new Outlook();
          const wanted: number[] = [];
          const claimed = new Set<number>();
          let routedTo = 0;
          let cursor = 0;
          for (const command of commands) {
            if ('routed' in command) {
              for (const isWanted of command.routed) {
                routedTo += 1;
                if (isWanted) {
                  wanted.push(routedTo);
                  outlook.onMatch({ position: routedTo, size: 1 });
                }
              }
            } else if ('doubt' in command) {
              outlook.fallBehind();
            } else {
              const seen = outlook.see(routedTo, {
                events: command.claim,
                bytes: 1_000,
              });
              const behind = wanted.filter(position => position > cursor);
              const taken = seen
                ? seen.positions.filter(position => position > cursor)
                : behind.slice(0, command.claim);
              taken.forEach(position => claimed.add(position));
              cursor = Math.max(
                cursor,
                seen?.upTo ??
                  (behind.length > taken.length
                    ? taken.at(-1) ?? cursor
                    : routedTo),
              );
              outlook.onClaimed(cursor, routedTo);
            }
            const passed = wanted.filter(position => position <= cursor);
            expect(passed.filter(position => !claimed.has(position))).toEqual(
              [],
            );
          }
          if (!outlook.mayHaveMore) {
            expect(wanted.filter(position => position > cursor)).toEqual([]);
          }
        },
      ),
    );
  });
});
