import {
  createServiceFactory,
  createServiceRef,
} from '@backstage/backend-plugin-api';
import {
  eventsServiceRef,
  type EventParams,
  type EventsService,
} from '@backstage/plugin-events-node';
import type { SubscribeOptions } from './SubscribeOptions';

/**
 * The most events that {@link DurableEventsService.publishAll} takes.
 *
 * @public
 */
export const maxEventsAtOnce = 1_000;

/**
 * Backstage's events service, as Callboard keeps it: what `publish` resolves for is durable, what is subscribed to is
 * delivered at least once.
 *
 * @public
 */
export interface DurableEventsService extends EventsService {
  /**
   * Publishes several events in one commit: in this order, whole or not at all.
   *
   * @param events - at most {@link maxEventsAtOnce}; none does nothing
   * @returns when they are durable
   * @throws InputError when one of them cannot be stored as it is
   * @throws ServiceUnavailableError when the store stayed away for the time of `events.publish.timeLimit`
   */
  publishAll(events: readonly EventParams[]): Promise<void>;

  /**
   * Subscribes a handler, with more options than the stock service knows.
   *
   * @returns when the subscription stands: it gets every event that is published from now on, and what it asked for of
   * the past
   * @throws InputError when an option is not valid, or contradicts another handler of this process with the same id
   * @throws the reason of `signal`, when that is aborted before the subscription stands
   */
  subscribe<TPayload>(options: SubscribeOptions<TPayload>): Promise<void>;
}

/**
 * Whether an events service is Callboard's.
 *
 * @public
 */
export function isDurable(
  events: EventsService,
): events is DurableEventsService {
  return 'publishAll' in events && typeof events.publishAll === 'function';
}

/**
 * Makes sure that an events service is Callboard's.
 *
 * @throws Error when it is not, with the remedy
 *
 * @public
 */
export function requireDurable(events: EventsService): DurableEventsService {
  if (!isDurable(events)) {
    throw new Error(
      "The events service of this backend is not Callboard's. Add @callboard/backstage-plugin-events-backend or, if another backend has the plugin 'events', the eventsServiceFactory of @callboard/backstage-plugin-events-node.",
    );
  }
  return events;
}

/**
 * The same service as the stock `eventsServiceRef`, with what Callboard offers besides.
 *
 * @remarks
 * Depend on the stock ref where `publish` and `subscribe` are enough: such a plugin works without Callboard too.
 *
 * @throws Error at start, when the events service of the backend is not Callboard's
 *
 * @public
 */
export const durableEventsServiceRef = createServiceRef<DurableEventsService>({
  id: 'callboard.events',
  scope: 'plugin',
  defaultFactory: async service =>
    createServiceFactory({
      service,
      deps: { events: eventsServiceRef },
      factory({ events }) {
        return requireDurable(events);
      },
    }),
});
