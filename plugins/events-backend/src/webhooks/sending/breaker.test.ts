import fc from 'fast-check';
import {
  askBreaker,
  closedBreaker,
  noteVerdict,
  type Breaker,
  type BreakerPolicy,
  type Permission,
} from './breaker';
import type { Verdict } from './classifyAnswer';

const policy: BreakerPolicy = {
  maxFailures: 3,
  firstPauseMs: 1_000,
  longestPauseMs: 8_000,
  probeLimitMs: 500,
};

const delivered: Verdict = { kind: 'delivered', reason: 'Answered 200' };
const refusedEvent: Verdict = {
  kind: 'failed',
  fault: 'event',
  reason: 'Answered 400',
};
const failed: Verdict = {
  kind: 'failed',
  fault: 'endpoint',
  reason: 'Answered 500',
};
const gone: Verdict = { kind: 'gone', reason: 'Answered 410' };
const cancelled: Verdict = { kind: 'cancelled', reason: 'Given up' };
const throttled = (retryAfterMs?: number): Verdict => ({
  kind: 'throttled',
  retryAfterMs,
  reason: 'Answered 429',
});

/** An endpoint with its breaker, and a clock that a test sets. */
class Endpoint {
  breaker: Breaker = closedBreaker;
  nowMs = 0;

  ask(): Permission {
    const permission = askBreaker(this.breaker, this.nowMs, policy);
    if (permission.kind === 'probe') {
      this.breaker = permission.breaker;
    }
    return permission;
  }

  /** Notes a result of what was sent with the latest permission, unless another round is given. */
  note(verdict: Verdict, round = this.breaker.round): this {
    this.breaker = noteVerdict(
      this.breaker,
      verdict,
      round,
      this.nowMs,
      policy,
    );
    return this;
  }

  /** Sends what may be sent now. */
  send(verdict: Verdict): this {
    const permission = this.ask();
    if (permission.kind === 'wait') {
      throw new Error(`must wait until ${permission.untilMs}`);
    }
    return this.note(verdict, permission.round);
  }

  waitMs(): number {
    const permission = askBreaker(this.breaker, this.nowMs, policy);
    return permission.kind === 'wait' ? permission.untilMs - this.nowMs : 0;
  }
}

describe('a closed breaker', () => {
  it('opens after so many failures in a row', () => {
    const endpoint = new Endpoint().send(failed).send(failed);
    expect(endpoint.ask()).toEqual({ kind: 'send', round: 0 });
    endpoint.send(failed);
    expect(endpoint.ask()).toEqual({ kind: 'wait', untilMs: 1_000 });
  });

  it.each([
    ['delivered', delivered],
    ['refused for its own sake', refusedEvent],
  ])('starts to count anew after an event that was %s', (_, life) => {
    const endpoint = new Endpoint();
    for (let times = 0; times < 10; times += 1) {
      endpoint.send(failed).send(failed).send(life);
    }
    expect(endpoint.breaker).toEqual(closedBreaker);
  });

  it('opens at once when the endpoint is throttled, until the receiver wants', () => {
    expect(new Endpoint().send(throttled(60_000)).waitMs()).toBe(60_000);
    expect(new Endpoint().send(throttled()).waitMs()).toBe(1_000);
  });

  it('is the same object after what changes nothing, so that nothing is written', () => {
    for (const verdict of [delivered, refusedEvent, cancelled]) {
      expect(noteVerdict(closedBreaker, verdict, 0, 5, policy)).toBe(
        closedBreaker,
      );
    }
  });
});

describe('an open breaker', () => {
  const open = () => new Endpoint().send(failed).send(failed).send(failed);

  it('lets one probe through when the pause is over', () => {
    const endpoint = open();
    endpoint.nowMs = 999;
    expect(endpoint.ask().kind).toBe('wait');
    endpoint.nowMs = 1_000;
    expect(endpoint.ask()).toMatchObject({ kind: 'probe', round: 1 });
    expect(endpoint.ask()).toEqual({ kind: 'wait', untilMs: 1_500 });
  });

  it.each([
    ['delivered', delivered],
    ['refused for its own sake', refusedEvent],
  ])('closes when the probe was %s', (_, life) => {
    const endpoint = open();
    endpoint.nowMs = 1_000;
    endpoint.send(life);
    expect(endpoint.breaker).toEqual({
      state: 'closed',
      round: 1,
      failures: 0,
    });
  });

  it('pauses twice as long after each probe that fails, up to the longest', () => {
    const endpoint = open();
    const pauses = [];
    for (let times = 0; times < 6; times += 1) {
      pauses.push(endpoint.waitMs());
      endpoint.nowMs += endpoint.waitMs();
      endpoint.send(times % 2 ? failed : gone);
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  });

  it('pauses briefly again after it was closed', () => {
    const endpoint = open();
    endpoint.nowMs += 1_000;
    endpoint.send(failed);
    endpoint.nowMs += 2_000;
    endpoint.send(delivered).send(failed).send(failed).send(failed);
    expect(endpoint.waitMs()).toBe(1_000);
  });

  it('waits for its own pause too when a probe was throttled although it came as asked', () => {
    const endpoint = new Endpoint().send(throttled(100));
    endpoint.nowMs += 100;
    endpoint.send(throttled(100));
    expect(endpoint.waitMs()).toBe(2_000);
    endpoint.nowMs += 2_000;
    endpoint.send(throttled(60_000));
    expect(endpoint.waitMs()).toBe(60_000);
  });

  it('is told by requests that were under way of a longer pause, and of nothing else', () => {
    const endpoint = open();
    const before = endpoint.breaker;
    endpoint
      .note(delivered)
      .note(refusedEvent)
      .note(failed)
      .note(gone)
      .note(cancelled)
      .note(throttled())
      .note(throttled(500));
    expect(endpoint.breaker).toBe(before);
    endpoint.note(throttled(60_000));
    expect(endpoint.waitMs()).toBe(60_000);
  });
});

describe('a probe', () => {
  const probing = () => {
    const endpoint = new Endpoint().send(throttled(1_000));
    endpoint.nowMs = 1_000;
    endpoint.ask();
    return endpoint;
  };

  it('that was cancelled makes room for another at once', () => {
    const endpoint = probing().note(cancelled);
    expect(endpoint.ask()).toMatchObject({ kind: 'probe', round: 2 });
  });

  it('that was lost makes room for another after its limit, and changes nothing any more', () => {
    const endpoint = probing();
    endpoint.nowMs = 1_500;
    expect(endpoint.ask()).toMatchObject({ kind: 'probe', round: 2 });
    const { breaker } = endpoint;
    expect(endpoint.note(delivered, 1).breaker).toBe(breaker);
    expect(endpoint.note(failed, 1).breaker).toBe(breaker);
  });

  it('is not spoilt by requests from before', () => {
    const endpoint = probing();
    const { breaker } = endpoint;
    expect(endpoint.note(failed, 0).breaker).toBe(breaker);
    endpoint.note(delivered, 1);
    expect(endpoint.note(failed, 0).breaker).toMatchObject({ failures: 0 });
  });
});

/** What happens to an endpoint, one after the other. `of` chooses among what is under way. */
const happening = fc.oneof(
  fc.record({ kind: fc.constant('ask' as const) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(10_000) }),
  fc.record({
    kind: fc.constant('result' as const),
    of: fc.nat(20),
    verdict: fc.oneof(
      fc.constantFrom(delivered, refusedEvent, failed, gone, cancelled),
      fc.option(fc.nat(20_000), { nil: undefined }).map(throttled),
    ),
  }),
  fc.record({ kind: fc.constant('crash' as const), of: fc.nat(20) }),
);
const happenings = fc.array(happening, { maxLength: 200 });

interface Sent {
  probe: boolean;
  round: number;
  atMs: number;
}

/** Plays what happens; requests end within the limit of a probe, or are lost in a crash. */
function play(
  each: typeof happenings extends fc.Arbitrary<infer T> ? T : never,
  look: (endpoint: Endpoint, underWay: Sent[]) => void,
): Endpoint {
  const endpoint = new Endpoint();
  const underWay: Sent[] = [];
  const take = (of: number) =>
    underWay.splice(of % Math.max(underWay.length, 1), 1)[0];
  for (const event of each) {
    switch (event.kind) {
      case 'ask': {
        const permission = endpoint.ask();
        if (permission.kind !== 'wait') {
          underWay.push({
            probe: permission.kind === 'probe',
            round: permission.round,
            atMs: endpoint.nowMs,
          });
        }
        break;
      }
      case 'pass': {
        endpoint.nowMs += event.ms;
        const late = underWay.filter(
          ({ atMs }) => endpoint.nowMs - atMs >= policy.probeLimitMs,
        );
        late.forEach(({ round }) => endpoint.note(failed, round));
        underWay.splice(
          0,
          underWay.length,
          ...underWay.filter(sent => !late.includes(sent)),
        );
        break;
      }
      case 'result': {
        const sent = take(event.of);
        if (sent) {
          endpoint.note(event.verdict, sent.round);
        }
        break;
      }
      default:
        take(event.of);
    }
    look(endpoint, underWay);
  }
  return endpoint;
}

describe('whatever happens', () => {
  it('there are never two probes at once', () => {
    let most = 0;
    fc.assert(
      fc.property(happenings, each => {
        play(each, (_, underWay) => {
          const probes = underWay.filter(({ probe }) => probe).length;
          most = Math.max(most, probes);
          expect(probes).toBeLessThanOrEqual(1);
        });
      }),
      { numRuns: 500 },
    );
    expect(most).toBe(1);
  });

  it('something is let through in the end', () => {
    // The longest that a receiver asks for here, which is longer than the longest pause and than a lost probe.
    const longestMs = 20_000;
    fc.assert(
      fc.property(happenings, each => {
        const endpoint = play(each, () => {});
        endpoint.nowMs += longestMs;
        expect(endpoint.ask().kind).not.toBe('wait');
      }),
      { numRuns: 500 },
    );
  });

  it('a receiver that works again is found, and sent everything', () => {
    fc.assert(
      fc.property(happenings, each => {
        const endpoint = play(each, () => {});
        endpoint.nowMs += endpoint.waitMs();
        endpoint.send(delivered);
        expect(endpoint.breaker.state).toBe('closed');
      }),
    );
  });

  it('states are plain data: they come back whole from a row', () => {
    fc.assert(
      fc.property(happenings, each => {
        const { breaker } = play(each, () => {});
        expect(JSON.parse(JSON.stringify(breaker))).toEqual(breaker);
      }),
    );
  });
});
