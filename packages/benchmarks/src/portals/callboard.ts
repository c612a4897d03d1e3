import events from '@callboard/backstage-plugin-events-backend';
import { createWatchingModule } from './benchPlugin';
import { runPortal } from './runPortal';

runPortal(staff => [events, createWatchingModule(staff)]);
