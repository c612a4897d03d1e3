import fc from 'fast-check';
import {
  describeHold,
  explainEndpointEvent,
  type EndpointEventFacts,
} from './explainEndpointEvent';

const endpoint: EndpointEventFacts['endpoint'] = {
  state: 'active',
  stateReason: undefined,
  stateBy: 'user:default/a',
  stateAtMs: 500,
  updatedAtMs: 500,
};
const paused = {
  ...endpoint,
  state: 'paused',
  stateReason: 'maintenance',
} as const;
const wanted = { matches: true } as const;
const closed = { state: 'closed' } as const;
const open = { state: 'open', untilMs: 60_000 } as const;
const unwanted = {
  matches: false,
  reason: 'The filter is false',
  failed: false,
} as const;
const unknown = { matches: undefined, reason: 'The catalog is away' } as const;

const owed = (
  state: NonNullable<EndpointEventFacts['delivery']>['state'],
): EndpointEventFacts['delivery'] => ({
  state,
  attempts: 2,
  due_at: '5000',
  last_error: 'Answered 500',
  key: 'k',
});

const attempt = (
  number: number,
  outcome: EndpointEventFacts['attempts'][number]['outcome'],
) => ({
  number,
  outcome,
  reason: outcome === 'delivered' ? 'Answered 204' : 'Answered 500',
  startedAtMs: 2_000,
});

/** An event that the cursor has passed, of which nothing is written. */
function explain(facts: Partial<EndpointEventFacts> = {}) {
  return explainEndpointEvent({
    endpoint,
    event: { position: 5, topic: 't', timeMs: 1_000 },
    isEphemeral: false,
    subscription: {
      cursor: 9,
      topics: [{ topic: 't', from: 0, to: undefined }],
    },
    selection: wanted,
    breaker: closed,
    delivery: undefined,
    isClaimed: false,
    attempts: [],
    ...facts,
  });
}
const ahead = {
  cursor: 4,
  topics: [{ topic: 't', from: 0, to: undefined }],
};

describe('explaining an event to an endpoint', () => {
  it.each([
    ['due', 'Attempt 3 is due at 1970-01-01T00:00:05.000Z (Answered 500)'],
    ['blocked', "Waits behind an earlier event with key 'k'"],
    ['claimed', 'Attempt 3 is under way'],
    ['delivered', 'Delivered at attempt 3'],
    ['dead', 'Given up after 2 attempts (Answered 500); it can be redelivered'],
  ] as const)(
    'says what follows for a delivery that is %s, whatever the endpoint chooses now',
    (state, explanation) => {
      for (const selection of [wanted, unwanted, unknown]) {
        expect(explain({ delivery: owed(state), selection })).toMatchObject({
          status: state,
          explanation,
        });
      }
    },
  );

  it('tells when an event is due, and of no other', () => {
    expect(explain({ delivery: owed('due') }).dueAt).toBe(
      '1970-01-01T00:00:05.000Z',
    );
    expect(explain({ delivery: owed('blocked') }).dueAt).toBeUndefined();
  });

  it('says what keeps an event that is owed, or still to be read', () => {
    const waiting = [
      { delivery: owed('due') },
      { delivery: owed('blocked') },
      { subscription: ahead },
    ];
    for (const facts of waiting) {
      expect(explain({ ...facts, endpoint: paused }).explanation).toMatch(
        /\. The endpoint is paused by user:default\/a since 1970-01-01T00:00:00.500Z \(maintenance\), and sends nothing until it is resumed$/,
      );
      expect(explain({ ...facts, breaker: open }).explanation).toMatch(
        /nothing is sent before 1970-01-01T00:01:00.000Z, and one request then/,
      );
    }
  });

  it('goes by an attempt that was delivered before anything else that is not owed', () => {
    const attempts = [attempt(2, 'delivered'), attempt(1, 'failed')];
    for (const selection of [wanted, unwanted, unknown]) {
      expect(explain({ attempts, selection })).toEqual({
        status: 'delivered',
        explanation:
          'Delivered at attempt 2, which began at 1970-01-01T00:00:02.000Z (Answered 204)',
      });
    }
  });

  it('does not call an event delivered that is owed again', () => {
    const attempts = [attempt(1, 'delivered')];
    expect(explain({ attempts, delivery: owed('due') })).toMatchObject({
      status: 'due',
    });
    expect(
      explain({ attempts, delivery: owed('delivered') }).explanation,
    ).toMatch(/which began at/);
  });

  it('knows an event in the hands of a process', () => {
    expect(explain({ isClaimed: true })).toMatchObject({ status: 'claimed' });
  });

  it('knows that an event was given up long ago, unless it was to be tried once', () => {
    const attempts = [attempt(3, 'failed'), attempt(2, 'throttled')];
    expect(explain({ attempts })).toMatchObject({
      status: 'dead',
      explanation: expect.stringMatching(
        /^Given up after attempt 3 \(Answered 500\), longer ago/,
      ),
    });
    expect(explain({ attempts, isEphemeral: true })).toMatchObject({
      status: 'tried',
      explanation: expect.stringContaining('ephemeral'),
    });
  });

  it('gives the reason of the endpoint when it does not choose an event, read or not', () => {
    for (const subscription of [ahead, { ...ahead, cursor: 9 }]) {
      expect(explain({ selection: unwanted, subscription })).toEqual({
        status: 'not-wanted',
        explanation: 'The filter is false',
      });
    }
  });

  it('says so when the endpoint was changed after an event that it has read past', () => {
    const changed = { ...endpoint, updatedAtMs: 1_001 };
    expect(
      explain({ selection: unwanted, endpoint: changed }).explanation,
    ).toMatch(/^The filter is false. So the endpoint says now; it was changed/);
    expect(
      explain({
        selection: unwanted,
        endpoint: changed,
        subscription: ahead,
      }).explanation,
    ).toBe('The filter is false');
  });

  it('says so when an event came before the endpoint wanted its topic, or after', () => {
    const since = {
      cursor: 9,
      topics: [{ topic: 't', from: 5, to: undefined }],
    };
    const until = { cursor: 9, topics: [{ topic: 't', from: 0, to: 4 }] };
    expect(explain({ subscription: since })).toMatchObject({
      status: 'not-wanted',
      explanation: expect.stringMatching(/only since after this event/),
    });
    expect(explain({ subscription: until })).toMatchObject({
      status: 'not-wanted',
      explanation: expect.stringMatching(/any more when this event came/),
    });
  });

  it('knows an event that is still to be read, of a subscription to every topic as well', () => {
    for (const topic of ['t', '']) {
      expect(
        explain({
          subscription: {
            cursor: 4,
            topics: [{ topic, from: 0, to: undefined }],
          },
        }),
      ).toEqual({
        status: 'waiting',
        explanation:
          'The endpoint has read up to position 4, this event is at 5',
      });
    }
    expect(explain({ subscription: undefined })).toMatchObject({
      status: 'waiting',
    });
  });

  it('lets an event wait for the catalog, and does not guess at one that was read', () => {
    expect(explain({ selection: unknown, subscription: ahead })).toMatchObject({
      status: 'waiting',
      explanation: expect.stringMatching(/The catalog is away$/),
    });
    expect(explain({ selection: unknown })).toMatchObject({
      status: 'tried',
      explanation: expect.stringMatching(/The catalog is away$/),
    });
  });

  it('calls an event delivered only if that is written down, and due only with a time', () => {
    const anyFacts = fc.record(
      {
        endpoint: fc.constantFrom(endpoint, paused),
        isEphemeral: fc.boolean(),
        subscription: fc.constantFrom(
          ahead,
          { ...ahead, cursor: 9 },
          undefined,
        ),
        selection: fc.constantFrom(wanted, unwanted, unknown),
        breaker: fc.constantFrom(closed, open),
        delivery: fc.constantFrom(
          ...(['due', 'blocked', 'claimed', 'delivered', 'dead'] as const).map(
            owed,
          ),
          undefined,
        ),
        isClaimed: fc.boolean(),
        attempts: fc.subarray([attempt(2, 'delivered'), attempt(1, 'failed')]),
      } satisfies {
        [K in keyof EndpointEventFacts]?: fc.Arbitrary<EndpointEventFacts[K]>;
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anyFacts, facts => {
        const { status, explanation, dueAt } = explain(facts);
        const isWritten =
          facts.delivery?.state === 'delivered' ||
          facts.attempts?.some(({ outcome }) => outcome === 'delivered');
        expect(status !== 'delivered' || isWritten).toBe(true);
        expect(dueAt !== undefined).toBe(status === 'due');
        expect(explanation).not.toMatch(/undefined|null|NaN/);
      }),
    );
  });

  it('does not call an event delivered that it knows nothing of', () => {
    expect(explain()).toMatchObject({
      status: 'tried',
      explanation: expect.stringMatching(/no attempt is kept/),
    });
  });
});

describe('what keeps an endpoint from sending', () => {
  it('is nothing while it is active and its breaker is closed', () => {
    expect(describeHold(endpoint, closed)).toBeUndefined();
    expect(describeHold(endpoint, open, 'Its secret cannot be opened')).toBe(
      'Nothing can be sent to it: Its secret cannot be opened',
    );
  });

  it('is its state before its breaker', () => {
    expect(describeHold({ ...paused, state: 'disabled' }, open)).toMatch(
      /^The endpoint is disabled by/,
    );
    expect(describeHold(endpoint, open)).toMatch(/nothing is sent before/);
    expect(describeHold(endpoint, { ...open, state: 'half-open' })).toMatch(
      /one request is under way/,
    );
  });
});
