import fc from 'fast-check';
import { decideRetry, type RetryPolicy } from './retryPolicy';

const policy: fc.Arbitrary<RetryPolicy> = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 100 }),
  initialDelayMs: fc.integer({ min: 1, max: 60_000 }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  maxDelayMs: fc.integer({ min: 1, max: 3_600_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const random = fc.double({ min: 0, max: 1, noNaN: true });

describe('decideRetry', () => {
  it('gives up after the last attempt, and not before', () => {
    fc.assert(
      fc.property(
        policy,
        fc.integer({ min: 1, max: 200 }),
        random,
        (each, attempts, chance) => {
          expect(decideRetry(each, attempts, chance) === 'dead').toBe(
            attempts >= each.maxAttempts,
          );
        },
      ),
    );
  });

  it('pauses no longer than the longest pause and its jitter', () => {
    fc.assert(
      fc.property(policy, fc.nat(98), random, (each, attempt, chance) => {
        const retry = decideRetry(
          { ...each, maxAttempts: 1_000 },
          attempt + 1,
          chance,
        );
        if (retry === 'dead') {
          throw new Error('gave up too early');
        }
        expect(retry.delayMs).toBeGreaterThanOrEqual(0);
        expect(retry.delayMs).toBeLessThanOrEqual(
          Math.round(each.maxDelayMs * (1 + each.jitter)),
        );
      }),
    );
  });

  it('pauses longer after each failure, up to the limit', () => {
    const tripling: RetryPolicy = {
      maxAttempts: 6,
      initialDelayMs: 1_000,
      factor: 3,
      maxDelayMs: 20_000,
      jitter: 0,
    };
    const pauses = [1, 2, 3, 4, 5, 6].map(attempts =>
      decideRetry(tripling, attempts, Math.random()),
    );
    expect(pauses).toEqual([
      { delayMs: 1_000 },
      { delayMs: 3_000 },
      { delayMs: 9_000 },
      { delayMs: 20_000 },
      { delayMs: 20_000 },
      'dead',
    ]);
  });
});
