import type { ClaimedEvent } from '@callboard/backstage-plugin-events-node/bus';
import * as fc from 'fast-check';
import { planRequests } from './planRequests';

const claimed = (
  position: number,
  key: string | undefined,
  attempt = 1,
): ClaimedEvent => ({
  position,
  id: String(position),
  topic: 't',
  key,
  timeMs: 0,
  attempt,
  present: () => ({ topic: 't', eventPayload: {} }),
});

const positions = (rows: ClaimedEvent[][][]) =>
  rows.map(row => row.map(request => request.map(({ position }) => position)));

describe('planRequests', () => {
  it('sends one event in each request, those of a key one after the other', () => {
    const rows = planRequests(
      [
        claimed(1, 'a'),
        claimed(2, 'b'),
        claimed(3, 'a'),
        claimed(4, undefined),
      ],
      1,
    );
    expect(positions(rows)).toEqual([[[1], [3]], [[2]], [[4]]]);
  });

  it('sends what was tried before alone, and what follows it with the same key', () => {
    const rows = planRequests(
      [claimed(1, 'a', 2), claimed(2, 'b'), claimed(3, 'a'), claimed(4, 'c')],
      10,
    );
    expect(positions(rows)).toEqual([[[1], [3]], [[2, 4]]]);
  });

  it('sends every event once, keys in order, and no request too large', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
            fc.integer({ min: 1, max: 2 }),
          ),
        ),
        fc.integer({ min: 1, max: 5 }),
        (shapes, maxEvents) => {
          const events = shapes.map(([key, attempt], index) =>
            claimed(index, key, attempt),
          );
          const rows = planRequests(events, maxEvents);
          const sent = rows.flat(2).map(({ position }) => position);
          expect([...sent].sort((a, b) => a - b)).toEqual(
            events.map(({ position }) => position),
          );
          const rowsOfKey = new Map<string, number>();
          rows.forEach((row, place) => {
            row.forEach(request => {
              expect(request.length).toBeLessThanOrEqual(maxEvents);
              expect(
                request.length === 1 ||
                  request.every(({ attempt }) => attempt === 1),
              ).toBe(true);
            });
            const inRow = row.flat();
            expect(inRow.map(({ position }) => position)).toEqual(
              [...inRow.map(({ position }) => position)].sort((a, b) => a - b),
            );
            for (const { key } of inRow) {
              if (key !== undefined) {
                expect(rowsOfKey.get(key) ?? place).toBe(place);
                rowsOfKey.set(key, place);
              }
            }
          });
        },
      ),
    );
  });
});
