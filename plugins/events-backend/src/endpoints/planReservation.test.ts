import fc from 'fast-check';
import { planReservation } from './planReservation';

/** Whole milliseconds, so that sums are exact. */
const limits = fc.record({
  intervalMs: fc.integer({ min: 1, max: 1_000 }),
  burst: fc.integer({ min: 1, max: 20 }),
});

/** Wishes, each some time after the one before. */
const wishes = fc.array(
  fc.record({
    afterMs: fc.nat(5_000),
    count: fc.integer({ min: 1, max: 30 }),
  }),
  { minLength: 1, maxLength: 50 },
);

type Wish = { afterMs: number; count: number };
type Limit = { intervalMs: number; burst: number };

/** Makes each wish in turn. */
function run(limit: Limit, wished: readonly Wish[]) {
  let nowMs = 1_764_000_000_000;
  let freeAtMs: number | undefined;
  return wished.map(({ afterMs, count }) => {
    nowMs += afterMs;
    const plan = planReservation({ ...limit, count, nowMs, freeAtMs });
    freeAtMs = plan.freeAtMs;
    return { ...plan, count, atMs: nowMs };
  });
}

describe('a rate limit', () => {
  it('lets no more begin in any span of time than the burst, and one for each interval that has passed', () => {
    fc.assert(
      fc.property(limits, wishes, (limit, wished) => {
        const plans = run(limit, wished);
        plans.forEach((first, from) => {
          let begun = 0;
          for (const { granted, atMs } of plans.slice(from)) {
            begun += granted;
            const passed = (atMs - first.atMs) / limit.intervalMs;
            expect(begun).toBeLessThanOrEqual(limit.burst + passed);
          }
        });
      }),
    );
  });

  it('lets no less begin: what is refused would be too much', () => {
    fc.assert(
      fc.property(limits, wishes, (limit, wished) => {
        const plans = run(limit, wished);
        plans.forEach(({ granted, count }, index) => {
          if (granted === count) {
            return;
          }
          const isTooMuch = plans.slice(0, index + 1).some((first, from) => {
            const begun = plans
              .slice(from, index + 1)
              .reduce((sum, plan) => sum + plan.granted, 0);
            const passed = (plans[index].atMs - first.atMs) / limit.intervalMs;
            return begun + 1 > limit.burst + passed;
          });
          expect(isTooMuch).toBe(true);
        });
      }),
    );
  });

  it('says how long to wait until one more may begin, and no longer', () => {
    fc.assert(
      fc.property(limits, wishes, (limit, wished) => {
        for (const { granted, waitMs, atMs, freeAtMs } of run(limit, wished)) {
          if (granted > 0) {
            expect(waitMs).toBe(0);
            continue;
          }
          const ask = (nowMs: number) =>
            planReservation({ ...limit, freeAtMs, nowMs, count: 1 }).granted;
          expect(ask(atMs + waitMs)).toBe(1);
          expect(ask(atMs + waitMs - 1)).toBe(0);
        }
      }),
    );
  });

  it('keeps to fractions of a millisecond in the long run', () => {
    const limit = { intervalMs: 1_000 / 30_000, burst: 30 };
    const everyMs = Array.from({ length: 10_000 }, () => ({
      afterMs: 1,
      count: 100,
    }));
    const granted = run(limit, everyMs).reduce(
      (sum, plan) => sum + plan.granted,
      0,
    );
    expect(granted).toBeLessThanOrEqual(300_000 + limit.burst);
    expect(granted).toBeGreaterThan(300_000 * 0.99);
  });

  it('never waits for longer than a burst of attempts takes, though the clock was put back or the limit raised', () => {
    fc.assert(
      fc.property(limits, fc.nat(), (limit, aheadMs) => {
        const nowMs = 1_764_000_000_000;
        const { waitMs } = planReservation({
          ...limit,
          freeAtMs: nowMs + aheadMs,
          nowMs,
          count: 1,
        });
        expect(waitMs).toBeLessThanOrEqual(limit.intervalMs);
      }),
    );
  });
});
