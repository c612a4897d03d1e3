/** How thoroughly to measure, and what of it. */
export interface MeasuringOptions {
  /** Only to see that everything works. */
  quick: boolean;
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
