import fc from 'fast-check';
import { endTopic, expire, removeDead } from './cleaning';
import { commandOf } from './Command';
import { passPauses } from './operations';
import { publish, publishAgain } from './publishing';
import { claim, follow, renew, settle, subscribe } from './reading';
import { replayMany, replayOne } from './replaying';
import {
  crash,
  lapseEverything,
  lapseOne,
  rescue,
  restart,
  trim,
} from './trouble';

const pausesPass = commandOf('pass pauses', fc.constant({}), passPauses);

/** All that may happen, and how often of a hundred and some times. A new kind of command gets a line here. */
export const anyCommand = fc.oneof(
  { arbitrary: publish, weight: 20 },
  { arbitrary: publishAgain, weight: 3 },
  { arbitrary: subscribe, weight: 5 },
  { arbitrary: claim, weight: 28 },
  { arbitrary: settle, weight: 24 },
  { arbitrary: renew, weight: 4 },
  { arbitrary: follow, weight: 4 },
  { arbitrary: pausesPass, weight: 5 },
  { arbitrary: lapseOne, weight: 5 },
  { arbitrary: lapseEverything, weight: 1 },
  { arbitrary: rescue, weight: 5 },
  { arbitrary: crash, weight: 2 },
  { arbitrary: restart, weight: 1 },
  { arbitrary: replayOne, weight: 4 },
  { arbitrary: replayMany, weight: 2 },
  { arbitrary: trim, weight: 2 },
  { arbitrary: removeDead, weight: 2 },
  { arbitrary: endTopic, weight: 2 },
  { arbitrary: expire, weight: 1 },
);
