import type { AttemptRow } from '../../deliveries';
import {
  makeAttempt,
  makeSettings,
} from '../../endpoints/__testUtils__/endpointPools';
import { makeDraft } from './makeDraft';
import type { EndpointEvent } from './readEndpointEvents';
import { toRecipients } from './toRecipients';

const endpoint = { ...makeDraft(makeSettings({ topics: ['t'] }), {}), id: 'e' };
const attempts = [
  makeAttempt({ number: 3, startedAtMs: 3_000, outcome: 'gone', reason: 'no' }),
  makeAttempt({ number: 1, startedAtMs: 1_000, outcome: 'delivered' }),
];
const lapsed: AttemptRow = {
  subscription_id: 'webhook:e',
  position: 5,
  number: 2,
  time: '2000',
  outcome: 'lapsed',
  duration_ms: null,
  error: 'The process vanished',
};
const event: EndpointEvent = {
  endpoint,
  attempts,
  facts: {
    endpoint,
    event: { position: 5, topic: 't', timeMs: endpoint.updatedAtMs },
    isEphemeral: false,
    subscription: undefined,
    selection: { matches: true },
    breaker: { state: 'closed' },
    delivery: undefined,
    isClaimed: false,
    attempts,
  },
};

describe('endpoints among the recipients of an event', () => {
  it('have each of their attempts once, the oldest first, and those whose process vanished', () => {
    const rows: AttemptRow[] = [
      lapsed,
      { ...lapsed, subscription_id: 'webhook:other' },
      // Written with the deliveries, and known from the endpoint already.
      { ...lapsed, number: 3, outcome: 'failed' },
    ];
    const [recipient] = toRecipients([event], rows, () => true);
    expect(recipient?.attempts).toMatchObject([
      { number: 1, outcome: 'delivered', error: null },
      { number: 2, outcome: 'lapsed', error: 'The process vanished' },
      { number: 3, outcome: 'failed', error: 'no' },
    ]);
  });

  it('tell nothing but how the event fared to those who may not see them', () => {
    const hidden: EndpointEvent = {
      ...event,
      facts: {
        ...event.facts,
        endpoint: { ...endpoint, state: 'paused', stateReason: 'private' },
        delivery: {
          state: 'due',
          attempts: 1,
          due_at: 5_000,
          last_error: 'connect ECONNREFUSED private',
          key: 'k',
        },
      },
    };
    expect(toRecipients([hidden], [lapsed], () => false)).toEqual([
      {
        subscriptionId: null,
        status: 'due',
        explanation: 'An endpoint that you may not see',
        attempts: [],
      },
    ]);
  });
});
