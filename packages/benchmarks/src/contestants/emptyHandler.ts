import { createEmptyPlugin } from './createEmptyPlugin';
import { runContestant } from './runContestant';

runContestant([createEmptyPlugin({ readsBody: false })], { subscribes: false });
