import { openSync, writeSync } from 'node:fs';
import { createBackend } from '@backstage/backend-defaults';
import {
  coreServices,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { eventsServiceRef } from '@backstage/plugin-events-node';
import { describeEvent } from '@callboard/backstage-plugin-events-node';

/**
 * The portal that the tests kill: a real backend whose subscriber writes down, in a file, what it was given.
 */
const handledFile = openSync(String(process.env.HANDLED_FILE), 'a');

const recorder = createBackendPlugin({
  pluginId: 'recorder',
  register(env) {
    env.registerInit({
      deps: {
        events: eventsServiceRef,
        lifecycle: coreServices.rootLifecycle,
      },
      async init({ events, lifecycle }) {
        await events.subscribe({
          id: 'all',
          topics: ['github', 'github.push'],
          async onEvent(params) {
            writeSync(
              handledFile,
              `${process.pid} ${describeEvent(params).id}\n`,
            );
          },
        });
        lifecycle.addStartupHook(() => {
          process.send?.('ready');
        });
      },
    });
  },
});

const backend = createBackend();
backend.add(import('@callboard/backstage-plugin-events-backend'));
backend.add(import('@callboard/backstage-plugin-events-backend-module-github'));
backend.add(recorder);
backend.start();
