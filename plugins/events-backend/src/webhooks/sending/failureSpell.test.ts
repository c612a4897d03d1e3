import fc from 'fast-check';
import type { Verdict } from './classifyAnswer';
import {
  decideDisabling,
  extendFailureSpell,
  type FailureSpell,
} from './failureSpell';

const hourMs = 3_600_000;
const delivered: Verdict = { kind: 'delivered', reason: 'Answered 200' };
const failed: Verdict = {
  kind: 'failed',
  fault: 'event',
  reason: 'Answered 400',
};
const cancelled: Verdict = { kind: 'cancelled', reason: 'Given up' };

interface Result {
  verdict: Verdict;
  atMs: number;
}

function noteAll(results: Result[]) {
  return results.reduce<FailureSpell | undefined>(
    (spell, { verdict, atMs }) => extendFailureSpell(spell, verdict, atMs),
    undefined,
  );
}

/** One failure an hour, the first one at 0. */
const failHourly = (hours: number): Result[] =>
  Array.from({ length: hours + 1 }, (_, hour) => ({
    verdict: failed,
    atMs: hour * hourMs,
  }));

describe('an endpoint', () => {
  it('is disabled after five days of nothing but failures', () => {
    expect(decideDisabling(noteAll(failHourly(119)))).toBeUndefined();
    expect(decideDisabling(noteAll(failHourly(120)))).toEqual({
      reason:
        'Nothing was delivered for 120 hours: 121 attempts failed in a row',
    });
  });

  it('is left enabled by a single delivery in between', () => {
    const results = failHourly(200);
    const delivery = { verdict: delivered, atMs: 100 * hourMs };
    expect(decideDisabling(noteAll(results))).toBeDefined();
    expect(
      decideDisabling(
        noteAll(results.map((each, hour) => (hour === 100 ? delivery : each))),
      ),
    ).toBeUndefined();
  });

  it('is left enabled when it failed once, and once more long after', () => {
    const spell = noteAll([
      { verdict: failed, atMs: 0 },
      { verdict: failed, atMs: 1_000 * hourMs },
    ]);
    expect(decideDisabling(spell)).toBeUndefined();
    expect(
      decideDisabling(spell, { minDurationMs: 120 * hourMs, minFailures: 2 }),
    ).toBeDefined();
  });

  it('does not come closer to it by what we gave up ourselves', () => {
    const spell = noteAll(failHourly(119));
    expect(extendFailureSpell(spell, cancelled, 200 * hourMs)).toBe(spell);
  });

  it.each<Verdict>([
    { kind: 'throttled', retryAfterMs: 1, reason: 'Answered 429' },
    { kind: 'gone', reason: 'Answered 410' },
  ])('comes closer to it by every failure: $kind', verdict => {
    expect(extendFailureSpell(undefined, verdict, 5)).toEqual({
      firstMs: 5,
      lastMs: 5,
      failures: 1,
    });
  });

  it('does not come further from it by a replica whose clock is behind', () => {
    const spell = noteAll([
      { verdict: failed, atMs: 5 },
      { verdict: failed, atMs: 3 },
    ]);
    expect(spell).toEqual({ firstMs: 5, lastMs: 5, failures: 2 });
  });

  it('is never disabled earlier than five days after its latest delivery', () => {
    const result = fc.record({
      verdict: fc.constantFrom(delivered, failed, cancelled),
      atMs: fc.nat(300 * hourMs),
    });
    fc.assert(
      fc.property(fc.array(result, { maxLength: 50 }), results => {
        results.sort((a, b) => a.atMs - b.atMs);
        if (decideDisabling(noteAll(results))) {
          const end = results[results.length - 1].atMs;
          const deliveries = results.filter(
            ({ verdict }) => verdict === delivered,
          );
          const latest = deliveries.at(-1)?.atMs ?? 0;
          expect(end - latest).toBeGreaterThanOrEqual(120 * hourMs);
        }
      }),
    );
  });
});
