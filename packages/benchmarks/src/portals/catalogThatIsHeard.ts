import { createBackendPlugin } from '@backstage/backend-plugin-api';
import catalog from '@backstage/plugin-catalog-backend';
import catalogModuleEvents from '@callboard/backstage-plugin-catalog-backend-module-events';
import events from '@callboard/backstage-plugin-events-backend';
import {
  durableEventsServiceRef,
  entityChanges,
} from '@callboard/backstage-plugin-events-node';
import { ChangeLatencies, createCatalogDriver } from './createCatalogDriver';
import type { Staff } from './orders';
import { runPortal } from './runPortal';

/** Somebody who wants to know, as there is in every portal that installs the module. */
const createListener = (staff: Partial<Staff>) =>
  createBackendPlugin({
    pluginId: 'listener',
    register(env) {
      env.registerInit({
        deps: { events: durableEventsServiceRef },
        async init({ events: service }) {
          const latencies = new ChangeLatencies();
          await service.subscribe({
            id: 'changes',
            topics: [entityChanges({ kind: 'Component' })],
            async onEvent({ metadata }) {
              latencies.note(String(metadata?.timestamp));
            },
          });
          Object.assign(staff, {
            changeLatency: () => latencies.take(),
          } satisfies Partial<Staff>);
        },
      });
    },
  });

runPortal(staff => [
  events,
  catalog,
  catalogModuleEvents,
  createCatalogDriver(staff),
  createListener(staff),
]);
