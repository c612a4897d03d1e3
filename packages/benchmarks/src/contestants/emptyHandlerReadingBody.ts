import { createEmptyPlugin } from './createEmptyPlugin';
import { runContestant } from './runContestant';

runContestant([createEmptyPlugin({ readsBody: true })], { subscribes: false });
