/** What trimming the log is decided by. All are positions. */
export interface TrimFacts {
  /** Of the newest event that is older than the retention. */
  retained: number;
  /** Up to here the hard cap demands that events go, read or not. */
  capped: number;
  /** Up to here nobody needs the events any more. */
  needless: number;
}

/**
 * Decides how far the log is trimmed.
 *
 * @returns `upTo`, and whether the hard cap bites: events go that somebody still has to read
 */
export function planTrim({ retained, capped, needless }: TrimFacts): {
  upTo: number;
  capBites: boolean;
} {
  return {
    upTo: Math.max(Math.min(retained, needless), capped),
    capBites: capped > needless,
  };
}
