import catalog from '@backstage/plugin-catalog-backend';
import events from '@callboard/backstage-plugin-events-backend';
import { createCatalogDriver } from './createCatalogDriver';
import { runPortal } from './runPortal';

runPortal(staff => [events, catalog, createCatalogDriver(staff)]);
