import fc from 'fast-check';
import type { Outcome, Settlement } from '../model/batch';
import type { RetryPolicy } from '../model/retryPolicy';
import { planSettlement } from './planSettlement';

const policy: RetryPolicy = {
  maxAttempts: 3,
  initialDelayMs: 1_000,
  factor: 2,
  maxDelayMs: 60_000,
  jitter: 0,
};

const durationMs = fc.nat(1_000);
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ kind: fc.constant('delivered' as const), durationMs }),
  fc.record({
    kind: fc.constant('failed' as const),
    error: fc.string(),
    durationMs,
  }),
  fc.constant({ kind: 'untried' } as const),
  fc.record({
    kind: fc.constant('untried' as const),
    afterMs: fc.nat(60_000),
  }),
  fc.constant({ kind: 'lapsed' } as const),
);

const settlement: fc.Arbitrary<Settlement> = fc.record({
  event: fc.record({
    position: fc.nat(),
    id: fc.uuid(),
    topic: fc.string(),
    key: fc.option(fc.string(), { nil: undefined }),
    size: fc.nat(),
  }),
  attempt: fc.integer({ min: 1, max: 5 }),
  owed: fc.boolean(),
  outcome,
});

function plan(settlements: readonly Settlement[]) {
  return planSettlement(settlements, policy, () => 0.5);
}

describe('planSettlement', () => {
  it('writes nothing for an event that went well at once', () => {
    fc.assert(
      fc.property(settlement, each => {
        const [planned] = plan([each]);
        const wentWell = each.outcome.kind === 'delivered' && !each.owed;
        expect(planned === undefined).toBe(wentWell);
      }),
    );
  });

  it('leaves every event that was not delivered owed or dead', () => {
    fc.assert(
      fc.property(settlement, each => {
        fc.pre(each.outcome.kind !== 'delivered');
        const [{ state }] = plan([each]);
        expect(['due', 'blocked', 'dead']).toContain(state);
      }),
    );
  });

  it('counts an attempt, unless the event was not tried', () => {
    fc.assert(
      fc.property(settlement, each => {
        for (const { attempts } of plan([each])) {
          expect(attempts).toBe(
            each.outcome.kind === 'untried' ? each.attempt - 1 : each.attempt,
          );
        }
      }),
    );
  });

  it('gives up at the last attempt, never before, and never what was not tried', () => {
    fc.assert(
      fc.property(settlement, each => {
        const tried =
          each.outcome.kind === 'failed' || each.outcome.kind === 'lapsed';
        for (const { state } of plan([each])) {
          expect(state === 'dead').toBe(
            tried && each.attempt >= policy.maxAttempts,
          );
        }
      }),
    );
  });

  it('never blocks an event without a key: nothing could free it', () => {
    fc.assert(
      fc.property(settlement, each => {
        for (const { state } of plan([
          { ...each, event: { ...each.event, key: undefined } },
        ])) {
          expect(state).not.toBe('blocked');
        }
      }),
    );
  });

  it('pauses after a failure, and when the reader asks for it, and is due then whatever its key', () => {
    fc.assert(
      fc.property(settlement, each => {
        const { outcome: came } = each;
        const askedMs = came.kind === 'untried' ? came.afterMs ?? 0 : 0;
        for (const { state, delayMs } of plan([each])) {
          const pauses =
            askedMs > 0 || (came.kind === 'failed' && state === 'due');
          expect(delayMs > 0).toBe(pauses);
          if (askedMs > 0) {
            expect({ state, delayMs }).toEqual({
              state: 'due',
              delayMs: askedMs,
            });
          }
        }
      }),
    );
  });

  it('plans each event by itself, in order', () => {
    fc.assert(
      fc.property(fc.array(settlement), all => {
        expect(plan(all)).toEqual(all.flatMap(each => plan([each])));
      }),
    );
  });
});
