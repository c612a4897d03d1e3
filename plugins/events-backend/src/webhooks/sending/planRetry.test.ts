import fc from 'fast-check';
import {
  defaultRetrySchedule,
  planRetry,
  type RetryCircumstances,
} from './planRetry';

const random = fc.double({ min: 0, max: 1, noNaN: true });
const schedule = fc.record({
  stepsMs: fc.array(fc.nat(100 * 3_600_000), { minLength: 1, maxLength: 20 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});

function planPause(circumstances: RetryCircumstances): number {
  const plan = planRetry(circumstances);
  if (!plan) {
    throw new Error('gave up too early');
  }
  return plan.delayMs;
}

describe('planRetry', () => {
  it('follows the ten steps of Standard Webhooks', () => {
    const pauses = Array.from({ length: 11 }, (_, attempts) =>
      planRetry({ schedule: defaultRetrySchedule, attempts, random: 0.5 }),
    );
    const seconds = [
      0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
    ];
    expect(pauses).toEqual([
      ...seconds.map(each => ({ delayMs: each * 1_000 })),
      undefined,
    ]);
    // 75.6 hours, as the specification adds them up.
    const hours = seconds.reduce((sum, each) => sum + each, 0) / 3_600;
    expect(hours).toBeCloseTo(75.6, 1);
  });

  it('strays from a step by no more than the jitter', () => {
    fc.assert(
      fc.property(schedule, fc.nat(19), random, (each, attempts, chance) => {
        fc.pre(attempts < each.stepsMs.length);
        const pause = planPause({
          schedule: each,
          attempts,
          random: chance,
        });
        const step = each.stepsMs[attempts];
        expect(pause).toBeGreaterThanOrEqual(
          Math.floor(step * (1 - each.jitter)),
        );
        expect(pause).toBeLessThanOrEqual(Math.ceil(step * (1 + each.jitter)));
      }),
    );
  });

  it('reaches both ends of the jitter', () => {
    const plan = (chance: number) =>
      planRetry({
        schedule: defaultRetrySchedule,
        attempts: 2,
        random: chance,
      });
    expect(plan(0)).toEqual({ delayMs: 240_000 });
    expect(plan(1)).toEqual({ delayMs: 360_000 });
  });

  it('waits for as long as the receiver asked when that is longer, and never shorter for it', () => {
    fc.assert(
      fc.property(
        schedule,
        fc.nat(86_400_000),
        random,
        (each, retryAfterMs, chance) => {
          const own = planPause({
            schedule: each,
            attempts: 0,
            random: chance,
          });
          const asked = planPause({
            schedule: each,
            attempts: 0,
            random: chance,
            retryAfterMs,
          });
          expect(asked).toBe(Math.max(own, retryAfterMs));
        },
      ),
    );
  });

  it('gives up when the attempts are used up, and not before', () => {
    fc.assert(
      fc.property(schedule, fc.nat(30), random, (each, attempts, chance) => {
        const plan = planRetry({
          schedule: each,
          attempts,
          random: chance,
          retryAfterMs: 1,
        });
        expect(plan === undefined).toBe(attempts >= each.stepsMs.length);
      }),
    );
  });
});
