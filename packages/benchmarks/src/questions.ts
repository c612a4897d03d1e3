import { howManyPushesPerSecondDoesTheIngressTake } from './howManyPushesPerSecondDoesTheIngressTake';
import { howManyEventsPerSecondGoBetweenProcesses } from './howManyEventsPerSecondGoBetweenProcesses';
import { howLongDoesAnEventTakeToItsHandler } from './howLongDoesAnEventTakeToItsHandler';
import { howLongDoesASequentialPublishTake } from './howLongDoesASequentialPublishTake';
import { doesASlowOrFailingSubscriberSlowDownOthers } from './doesASlowOrFailingSubscriberSlowDownOthers';
import { whatDoesABacklogOfAMillionEventsCost } from './whatDoesABacklogOfAMillionEventsCost';
import { doesTellingOfChangesSlowDownTheCatalog } from './doesTellingOfChangesSlowDownTheCatalog';
import { howLongDoesAChangeOfTheCatalogTakeToItsHandler } from './howLongDoesAChangeOfTheCatalogTakeToItsHandler';
import { howManyEventsPerSecondGoToEndpoints } from './howManyEventsPerSecondGoToEndpoints';
import { howLongDoesAnEventTakeToItsEndpoint } from './howLongDoesAnEventTakeToItsEndpoint';
import { whatDoEndpointsThatWantNothingCost } from './whatDoEndpointsThatWantNothingCost';
import { doesADeadOrSlowEndpointSlowDownOthers } from './doesADeadOrSlowEndpointSlowDownOthers';
import { howManyCallsToGithubDoesADayCost } from './howManyCallsToGithubDoesADayCost';
import { howLongDoesAPushTakeToTheCatalog } from './howLongDoesAPushTakeToTheCatalog';
import type { MeasuringOptions } from './MeasuringOptions';
import type { Workbench } from './Workbench';

/** Something that is answered by measuring. */
export interface Question {
  /** As on the command line. */
  name: string;
  /**
   * Measures, and prints the setup first and a Markdown table last.
   *
   * @throws Error when a contestant broke a promise, or could not be measured
   */
  answer(workbench: Workbench, options: MeasuringOptions): Promise<void>;
}

/** Everything that `npm run bench` can answer, in the order in which it does. */
export const questions: readonly Question[] = [
  {
    name: 'howManyPushesPerSecondDoesTheIngressTake',
    answer: howManyPushesPerSecondDoesTheIngressTake,
  },
  {
    name: 'howManyEventsPerSecondGoBetweenProcesses',
    answer: howManyEventsPerSecondGoBetweenProcesses,
  },
  {
    name: 'howLongDoesAnEventTakeToItsHandler',
    answer: howLongDoesAnEventTakeToItsHandler,
  },
  {
    name: 'howLongDoesASequentialPublishTake',
    answer: howLongDoesASequentialPublishTake,
  },
  {
    name: 'doesASlowOrFailingSubscriberSlowDownOthers',
    answer: doesASlowOrFailingSubscriberSlowDownOthers,
  },
  {
    name: 'whatDoesABacklogOfAMillionEventsCost',
    answer: whatDoesABacklogOfAMillionEventsCost,
  },
  {
    name: 'doesTellingOfChangesSlowDownTheCatalog',
    answer: doesTellingOfChangesSlowDownTheCatalog,
  },
  {
    name: 'howLongDoesAChangeOfTheCatalogTakeToItsHandler',
    answer: howLongDoesAChangeOfTheCatalogTakeToItsHandler,
  },
  {
    name: 'howManyEventsPerSecondGoToEndpoints',
    answer: howManyEventsPerSecondGoToEndpoints,
  },
  {
    name: 'howLongDoesAnEventTakeToItsEndpoint',
    answer: howLongDoesAnEventTakeToItsEndpoint,
  },
  {
    name: 'whatDoEndpointsThatWantNothingCost',
    answer: whatDoEndpointsThatWantNothingCost,
  },
  {
    name: 'doesADeadOrSlowEndpointSlowDownOthers',
    answer: doesADeadOrSlowEndpointSlowDownOthers,
  },
  {
    name: 'howManyCallsToGithubDoesADayCost',
    answer: howManyCallsToGithubDoesADayCost,
  },
  {
    name: 'howLongDoesAPushTakeToTheCatalog',
    answer: howLongDoesAPushTakeToTheCatalog,
  },
];
