import { createBackend } from '@backstage/backend-defaults';
import {
  coreServices,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { eventsServiceRef } from '@backstage/plugin-events-node';

/**
 * A backend without Callboard and without the plugin `events`: its events service is the stock one, unchanged, which
 * finds the plugin `events` in another process. It publishes numbers, one after the other and each again until it is
 * accepted, and tells its parent process of what it has published and received.
 */
const builds = createBackendPlugin({
  pluginId: 'builds',
  register(env) {
    env.registerInit({
      deps: {
        events: eventsServiceRef,
        lifecycle: coreServices.rootLifecycle,
      },
      async init({ events, lifecycle }) {
        await events.subscribe({
          id: 'numbers',
          topics: ['to-stock', 'from-stock'],
          async onEvent({ topic, eventPayload }) {
            process.send?.({ kind: 'received', topic, payload: eventPayload });
          },
        });

        let publishing = true;
        const publish = async () => {
          let attempts = 0;
          for (let number = 0; publishing; ) {
            attempts += 1;
            try {
              await events.publish({
                topic: 'from-stock',
                eventPayload: number,
              });
              process.send?.({ kind: 'published', number });
              number += 1;
              await new Promise(resolve => setTimeout(resolve, 1));
            } catch {
              // The portal is away; this number comes again.
              await new Promise(resolve => setTimeout(resolve, 50));
            }
          }
          process.send?.({ kind: 'stopped', attempts });
        };
        process.on('message', message => {
          if (message === 'publish') {
            publish();
          } else if (message === 'stop') {
            publishing = false;
          }
        });
        lifecycle.addStartupHook(() => {
          process.send?.({ kind: 'ready' });
        });
      },
    });
  },
});

const backend = createBackend();
backend.add(builds);
backend.start();
