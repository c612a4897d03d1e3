import type { LoggerService } from '@backstage/backend-plugin-api';
import type { EventBroker, EventsService } from '@backstage/plugin-events-node';

/**
 * Makes an `EventBroker`, the older way to publish and subscribe, from an events service.
 *
 * @remarks
 * A subscriber of the older style has no id, so it gets one from its class: `broker.<class>`, and
 * `broker.<class>-2` for the second of the same class. Keep class names and the order of subscribing as they
 * are, and a subscriber finds its cursor again after a restart. A plugin with two brokers gives each an id.
 *
 * `subscribe` returns before the subscription stands, as its signature demands; a failure is logged.
 *
 * @param options.events - what the broker publishes to and subscribes at
 * @param options.logger - for subscriptions that failed
 * @param options.id - what ids of subscriptions start with; `broker` unless given
 * @returns a broker that publishes to, and subscribes at, the events service
 *
 * @public
 */
export function createEventBroker(options: {
  events: EventsService;
  logger: LoggerService;
  id?: string;
}): EventBroker {
  const { events, logger, id: brokerId = 'broker' } = options;
  const namesakes = new Map<string, number>();

  const nextId = (className: string) => {
    const count = (namesakes.get(className) ?? 0) + 1;
    namesakes.set(className, count);
    const id = `${brokerId}.${className}`;
    return count === 1 ? id : `${id}-${count}`;
  };

  return {
    publish: params => events.publish(params),
    subscribe: (...subscribers) => {
      for (const subscriber of subscribers.flat()) {
        const id = nextId(subscriber.constructor.name);
        events
          .subscribe({
            id,
            topics: subscriber.supportsEventTopics(),
            onEvent: params => subscriber.onEvent(params),
          })
          .catch(error =>
            logger.error(
              `Subscribing ${id} to the events service failed`,
              error,
            ),
          );
      }
    },
  };
}
