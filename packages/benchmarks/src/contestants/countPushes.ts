import { createBackendPlugin } from '@backstage/backend-plugin-api';
import { eventsServiceRef } from '@backstage/plugin-events-node';

let handled = 0;

/** How many pushes the handler was given so far. */
export function readHandled(): number {
  return handled;
}

/** A handler that does nothing but count. */
export const countPushes = createBackendPlugin({
  pluginId: 'count-pushes',
  register(env) {
    env.registerInit({
      deps: { events: eventsServiceRef },
      async init({ events }) {
        await events.subscribe({
          id: 'pushes',
          topics: ['github.push'],
          async onEvent() {
            handled += 1;
          },
        });
      },
    });
  },
});
