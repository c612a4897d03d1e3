import events from '@callboard/backstage-plugin-events-backend';
import github from '@callboard/backstage-plugin-events-backend-module-github';
import { runContestant } from './runContestant';

runContestant([events, github], { subscribes: true });
