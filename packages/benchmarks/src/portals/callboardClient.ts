import { eventsServiceFactory } from '@callboard/backstage-plugin-events-node';
import { runPortal } from './runPortal';

runPortal(() => [eventsServiceFactory]);
