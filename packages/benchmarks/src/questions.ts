import { howManyPushesPerSecondDoesTheIngressTake } from './howManyPushesPerSecondDoesTheIngressTake';
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

/** Everything that `npm run bench` can answer; the first is the default. */
export const questions: readonly Question[] = [
  {
    name: 'howManyPushesPerSecondDoesTheIngressTake',
    answer: howManyPushesPerSecondDoesTheIngressTake,
  },
];
