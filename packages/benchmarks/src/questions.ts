import { howManyPushesPerSecondDoesTheIngressTake } from './howManyPushesPerSecondDoesTheIngressTake';
import type { Workbench } from './Workbench';

/** How thoroughly to measure, and what of it. */
export interface MeasuringOptions {
  rounds: number;
  /** About how long each measurement takes. */
  seconds: number;
  warmUpSeconds: number;
  /** The only database; all of them when undefined. */
  database: string | undefined;
  /** The only contestants; all of them when undefined. */
  contestants: string[] | undefined;
  /** Where contestants write CPU profiles; none are written when undefined. */
  profileFolder: string | undefined;
}

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
