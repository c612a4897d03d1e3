import type { History } from '../History';
import {
  attemptsAreBounded,
  inOrder,
  notAgain,
  nothingLost,
  nothingRemains,
  onlyWantedAndWhole,
} from './deliveries';
import { nothingPassed, positionsRise, storedOnce } from './log';
import {
  goodTicketSettles,
  oneHolder,
  staleTicketSettlesNothing,
} from './tickets';

/** The promises of the pools. Each looks at a history and tells what breaks it. */
const promises: Record<string, (history: History) => Iterable<string>> = {
  'stored once': storedOnce,
  'positions in commit order': positionsRise,
  'nothing passed over': nothingPassed,
  'nothing lost': nothingLost,
  'not again once delivered': notAgain,
  'only what is wanted, and whole': onlyWantedAndWhole,
  'ordered per key': inOrder,
  'one holder at a time': oneHolder,
  'a stale ticket settles nothing': staleTicketSettlesNothing,
  'a good ticket settles': goodTicketSettles,
  'bounded attempts': attemptsAreBounded,
  'nothing remains': nothingRemains,
};

/** Names each promise that a history breaks, and how. */
export function findBrokenPromises(history: History): string[] {
  return [
    ...history.errors,
    ...Object.entries(promises).flatMap(([title, findBreaches]) =>
      [...findBreaches(history)].map(breach => `${title}: ${breach}`),
    ),
  ];
}
