import type { LoggerService } from '@backstage/backend-plugin-api';
import type { EventBroker, EventsService } from '@backstage/plugin-events-node';

/**
 * Makes an `EventBroker`, the older way to publish and subscribe, from an events service.
 *
 * @remarks
 * A subscriber of the older style has no id, so it gets one from its class: `broker.<class>`, and
 * `broker.<class>-2` for the second of the same class. Keep class names and the order of subscribing as they
 * are, and a subscriber finds its cursor again after a restart.
 *
 * `subscribe` returns before the subscription stands, as its signature demands; a failure is logged.
 *
 * @param options - the events service, and a logger for failed subscriptions
 * @returns a broker that publishes to, and subscribes at, the events service
 *
 * @public
 */
export function createEventBroker(options: {
  events: EventsService;
  logger: LoggerService;
}): EventBroker {
  const { events, logger } = options;
  const namesakes = new Map<string, number>();

  const nextId = (className: string) => {
    const count = (namesakes.get(className) ?? 0) + 1;
    namesakes.set(className, count);
    return count === 1 ? `broker.${className}` : `broker.${className}-${count}`;
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
