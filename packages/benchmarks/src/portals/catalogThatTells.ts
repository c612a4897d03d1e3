import catalog from '@backstage/plugin-catalog-backend';
import catalogModuleEvents from '@callboard/backstage-plugin-catalog-backend-module-events';
import events from '@callboard/backstage-plugin-events-backend';
import { createCatalogDriver } from './createCatalogDriver';
import { runPortal } from './runPortal';

runPortal(staff => [
  events,
  catalog,
  catalogModuleEvents,
  createCatalogDriver(staff),
]);
