import { createBackendPlugin } from '@backstage/backend-plugin-api';
import {
  eventsServiceRef,
  type EventParams,
  type EventsService,
} from '@backstage/plugin-events-node';

/** A plugin of the test: hands out its events service, as soon as its init has run. */
export function createParticipant(
  pluginId: string,
  init: (events: EventsService) => Promise<void> = async () => {},
) {
  let resolve: (events: EventsService) => void = () => {};
  const events = new Promise<EventsService>(resolver => {
    resolve = resolver;
  });
  return {
    events,
    feature: createBackendPlugin({
      pluginId,
      register(env) {
        env.registerInit({
          deps: { service: eventsServiceRef },
          async init({ service }) {
            await init(service);
            resolve(service);
          },
        });
      },
    }),
  };
}

/** A handler that keeps what it is given, and says when there is enough. */
export function createRecorder(
  handle: (
    params: EventParams,
    count: number,
  ) => Promise<void> | void = () => {},
) {
  const received: EventParams[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  return {
    received,
    onEvent: async (params: EventParams) => {
      received.push(params);
      waiting
        .filter(({ count }) => received.length >= count)
        .forEach(({ resolve }) => resolve());
      await handle(params, received.length);
    },
    /** Resolves when the handler was called this many times. */
    waitFor: (count: number) =>
      new Promise<void>(resolve => {
        if (received.length >= count) {
          resolve();
        } else {
          waiting.push({ count, resolve });
        }
      }),
  };
}
