import { mockServices } from '@backstage/backend-test-utils';
import type { EventParams } from '@backstage/plugin-events-node';
import { createEventBroker } from './createEventBroker';

describe('an event broker', () => {
  it('publishes to the events service, and gives each subscriber a stable id', async () => {
    const subscribed: string[] = [];
    const published: EventParams[] = [];
    const errors: string[] = [];
    class Listener {
      constructor(private readonly topic: string) {}
      supportsEventTopics() {
        return [this.topic];
      }
      async onEvent() {}
    }
    const broker = createEventBroker({
      events: {
        publish: async params => {
          published.push(params);
        },
        subscribe: async ({ id, topics }) => {
          subscribed.push(`${id} ${topics}`);
          if (topics.includes('broken')) {
            throw new Error('no');
          }
        },
      },
      logger: mockServices.logger.mock({
        error: (message: string) => errors.push(message),
      }),
    });
    broker.subscribe(new Listener('a'), [new Listener('b')]);
    broker.subscribe(new Listener('broken'));
    await broker.publish({ topic: 't', eventPayload: 1 });
    expect(subscribed).toEqual([
      'broker.Listener a',
      'broker.Listener-2 b',
      'broker.Listener-3 broken',
    ]);
    expect(published).toEqual([{ topic: 't', eventPayload: 1 }]);
    expect(errors).toEqual([expect.stringContaining('broker.Listener-3')]);
  });
});
