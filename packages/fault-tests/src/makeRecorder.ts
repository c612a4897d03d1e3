import { openSync, writeSync } from 'node:fs';
import {
  coreServices,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { durableEventsServiceRef } from '@callboard/backstage-plugin-events-node';

/**
 * Makes a plugin whose subscriber writes each event of a topic to `HANDLED_FILE`, as a line of JSON, and which tells the
 * test when the portal is up.
 */
export const makeRecorder = (topic: string) =>
  createBackendPlugin({
    pluginId: 'recorder',
    register(env) {
      env.registerInit({
        deps: {
          events: durableEventsServiceRef,
          lifecycle: coreServices.rootLifecycle,
        },
        async init({ events, lifecycle }) {
          const handledFile = openSync(String(process.env.HANDLED_FILE), 'a');
          await events.subscribe({
            id: 'all',
            topics: [topic],
            startAt: 'beginning',
            async onEvent(params) {
              writeSync(handledFile, `${JSON.stringify(params)}\n`);
            },
          });
          lifecycle.addStartupHook(() => {
            process.send?.('ready');
          });
        },
      });
    },
  });
