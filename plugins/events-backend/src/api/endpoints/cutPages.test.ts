import fc from 'fast-check';
import { cutPages } from './cutPages';

const limit = { items: 3, bytes: 100 };
const anyItems = fc.array(fc.record({ size: fc.nat({ max: 150 }) }));
const bytesOf = (page: readonly { size: number }[]) =>
  page.reduce((sum, { size }) => sum + size, 0);

describe('pages of events that are read whole', () => {
  it('hold every event once, in order', () => {
    fc.assert(
      fc.property(anyItems, items => {
        expect(cutPages(items, limit).flat()).toEqual(items);
      }),
    );
  });

  it('are bounded in number and in bytes, but for an event that is larger than a page', () => {
    fc.assert(
      fc.property(anyItems, items => {
        for (const page of cutPages(items, limit)) {
          expect(page.length).toBeGreaterThan(0);
          expect(page.length).toBeLessThanOrEqual(limit.items);
          expect(page.length === 1 || bytesOf(page) <= limit.bytes).toBe(true);
        }
      }),
    );
  });

  it('are as few as can be', () => {
    fc.assert(
      fc.property(anyItems, items => {
        const pages = cutPages(items, limit);
        pages.slice(1).forEach((page, index) => {
          const before = pages[index];
          expect(
            before.length === limit.items ||
              bytesOf(before) + page[0].size > limit.bytes,
          ).toBe(true);
        });
      }),
    );
  });
});
