import fc from 'fast-check';
import { planTrim } from './planTrim';

const facts = fc.record({
  retained: fc.nat(100),
  capped: fc.integer({ min: -50, max: 100 }),
  needless: fc.nat(100),
});

describe('planTrim', () => {
  it('takes nothing that is young or needed, unless the hard cap bites', () => {
    fc.assert(
      fc.property(facts, each => {
        const { upTo, capBites } = planTrim(each);
        if (capBites) {
          expect(upTo).toBe(each.capped);
        } else {
          expect(upTo).toBeLessThanOrEqual(each.needless);
        }
        if (upTo > each.capped) {
          expect(upTo).toBeLessThanOrEqual(each.retained);
        }
      }),
    );
  });

  it('takes all that is old and that nobody needs', () => {
    fc.assert(
      fc.property(facts, each => {
        expect(planTrim(each).upTo).toBeGreaterThanOrEqual(
          Math.min(each.retained, each.needless),
        );
      }),
    );
  });

  it('keeps to the hard cap', () => {
    fc.assert(
      fc.property(facts, each => {
        expect(planTrim(each).upTo).toBeGreaterThanOrEqual(each.capped);
      }),
    );
  });
});
