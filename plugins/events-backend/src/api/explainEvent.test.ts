import { eventMetadata } from '@callboard/backstage-plugin-events-node';
import type { AttemptRow, DeliveryRow } from '../deliveries';
import type { Subscription } from '../subscriptions';
import { explainEvent, type EventFacts } from './explainEvent';

const event = { position: 5, topic: 't', metadata: '{}' };

function makeSubscription(fields: Partial<Subscription> = {}): Subscription {
  return {
    id: 's',
    cursor: 9,
    topics: [{ topic: 't', from: 0, to: undefined }],
    createdAtMs: 0,
    heartbeatAtMs: 0,
    wish: 'wish',
    lastError: undefined,
    lastErrorAtMs: undefined,
    retry: undefined,
    ...fields,
  };
}

function makeDelivery(fields: Partial<DeliveryRow>): DeliveryRow {
  return {
    subscription_id: 's',
    position: 5,
    event_id: '00000000-0000-7000-8000-000000000000',
    topic: 't',
    key: 'k',
    size: 2,
    state: 'due',
    attempts: 1,
    due_at: '1000',
    last_error: 'boom',
    updated_at: 0,
    ...fields,
  };
}

function explain(facts: Partial<EventFacts>) {
  return explainEvent({
    event,
    isEphemeral: false,
    subscriptions: [makeSubscription()],
    deliveries: [],
    attempts: [],
    claimed: new Map(),
    endpoints: [],
    ...facts,
  });
}

describe('explaining an event', () => {
  it('says so when nobody wanted it', () => {
    expect(explain({ subscriptions: [] })).toEqual({
      explanation: expect.stringMatching(/^Nobody was subscribed to topic 't'/),
      recipients: [],
    });
  });

  it('says so when a subscription had the event from its publisher, whether it has read this far or not', () => {
    const notified = {
      ...event,
      metadata: JSON.stringify({ [eventMetadata.notified]: ['s'] }),
    };
    for (const cursor of [0, 9]) {
      expect(
        explain({
          event: notified,
          subscriptions: [makeSubscription({ cursor })],
        }),
      ).toMatchObject({
        explanation: 'Delivered to 1 of 1 subscriptions',
        recipients: [
          {
            status: 'delivered',
            explanation: expect.stringMatching(/process of its publisher/),
          },
        ],
      });
    }
  });

  it.each<[string, Partial<Subscription>, RegExp]>([
    [
      'came too late',
      { topics: [{ topic: 't', from: 5, to: undefined }] },
      /only after this event/,
    ],
    [
      'had gone',
      { topics: [{ topic: 't', from: 0, to: 4 }] },
      /not subscribed to 't' any more/,
    ],
  ])('says so when a subscription %s', (_, fields, explanation) => {
    const explained = explain({ subscriptions: [makeSubscription(fields)] });
    expect(explained.recipients).toMatchObject([
      { status: 'not-wanted', explanation: expect.stringMatching(explanation) },
    ]);
    expect(explained.explanation).toMatch(/^Nobody/);
  });

  it('leaves out subscriptions that never wanted the topic', () => {
    const other = makeSubscription({
      topics: [{ topic: 'other', from: 0, to: undefined }],
    });
    expect(explain({ subscriptions: [other] }).recipients).toEqual([]);
  });

  it('knows where an event is that has no delivery', () => {
    const inHand = new Map([['s', new Set([5])]]);
    const behind = [makeSubscription({ cursor: 4 })];
    expect(explain({}).recipients).toMatchObject([{ status: 'delivered' }]);
    expect(explain({ claimed: inHand }).recipients).toMatchObject([
      { status: 'claimed' },
    ]);
    expect(explain({ subscriptions: behind }).recipients).toMatchObject([
      { status: 'waiting', explanation: expect.stringContaining('position 4') },
    ]);
  });

  it.each<[DeliveryRow['state'], RegExp]>([
    ['due', /Attempt 2 follows at 1970-01-01T00:00:01.000Z \(boom\)/],
    ['blocked', /behind an earlier event with key 'k'/],
    ['claimed', /Attempt 2 is under way/],
    ['delivered', /at attempt 1/],
    ['dead', /Given up after 1 attempts \(boom\); it can be replayed/],
  ])('knows what follows for a delivery that is %s', (state, explanation) => {
    const { recipients } = explain({ deliveries: [makeDelivery({ state })] });
    expect(recipients).toMatchObject([
      { status: state, explanation: expect.stringMatching(explanation) },
    ]);
    expect(recipients[0].dueAt).toBe(
      state === 'due' ? '1970-01-01T00:00:01.000Z' : undefined,
    );
  });

  it('does not call an event of an ephemeral topic delivered, since nobody knows', () => {
    const behind = makeSubscription({ id: 'behind', cursor: 4 });
    const { recipients, explanation } = explain({
      isEphemeral: true,
      subscriptions: [makeSubscription(), behind],
    });
    expect(recipients).toMatchObject([
      {
        subscriptionId: 's',
        status: 'tried',
        explanation: expect.stringMatching(
          /Whether the handler succeeded is not kept.*ephemeral/,
        ),
      },
      { subscriptionId: 'behind', status: 'waiting' },
    ]);
    expect(explanation).toMatch(/^Given to 1 of 2 subscriptions.*ephemeral/);
  });

  it('knows that an event of an ephemeral topic was handed back', () => {
    const { recipients } = explain({
      isEphemeral: true,
      deliveries: [makeDelivery({ attempts: 0, last_error: null })],
    });
    expect(recipients).toMatchObject([
      { status: 'due', explanation: expect.stringMatching(/^Attempt 1/) },
    ]);
  });

  it('shows a replay to a subscription that did not want the topic', () => {
    const other = makeSubscription({ topics: [] });
    expect(
      explain({
        subscriptions: [other],
        deliveries: [makeDelivery({ state: 'delivered' })],
      }),
    ).toMatchObject({
      recipients: [{ subscriptionId: 's', status: 'delivered' }],
      explanation: 'Delivered to 1 of 1 subscriptions',
    });
  });

  it('gives each recipient its own attempts', () => {
    const attempt: AttemptRow = {
      subscription_id: 's',
      position: 5,
      number: 1,
      time: '1000',
      outcome: 'failed',
      duration_ms: 7,
      error: 'boom',
    };
    const { recipients, explanation } = explain({
      subscriptions: [makeSubscription(), makeSubscription({ id: 'other' })],
      deliveries: [makeDelivery({})],
      attempts: [attempt],
    });
    expect(recipients).toMatchObject([
      {
        attempts: [
          {
            number: 1,
            time: '1970-01-01T00:00:01.000Z',
            outcome: 'failed',
            durationMs: 7,
            error: 'boom',
          },
        ],
      },
      { attempts: [] },
    ]);
    expect(explanation).toBe('Delivered to 1 of 2 subscriptions');
  });
});
