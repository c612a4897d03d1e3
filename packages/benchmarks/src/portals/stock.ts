import events from '@backstage/plugin-events-backend';
import { runPortal } from './runPortal';

runPortal(() => [events]);
