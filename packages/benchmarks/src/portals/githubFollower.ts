import catalogModuleGithub from '@callboard/backstage-plugin-catalog-backend-module-github';
import events from '@callboard/backstage-plugin-events-backend';
import eventsModuleGithub from '@callboard/backstage-plugin-events-backend-module-github';
import { runFollower } from './runFollower';

runFollower([events, eventsModuleGithub, catalogModuleGithub]);
