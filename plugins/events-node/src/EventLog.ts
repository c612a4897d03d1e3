/**
 * An event that is about to be appended.
 *
 * @public
 */
export interface NewEvent {
  /** UUID; version 7 where Callboard makes it. */
  id: string;
  topic: string;
  key: string | undefined;
  /** The sender's delivery id, unique within the topic. */
  deduplicationId: string | undefined;
  /** The payload as JSON text. */
  payload: string;
  /** The metadata as JSON text: an object of strings and arrays of strings. */
  metadata: string;
  /** Size of `payload` in bytes. */
  size: number;
}

/**
 * An event of the log.
 *
 * @public
 */
export interface LogEvent extends NewEvent {
  /** Its place in the log; strictly increasing in commit order, not without gaps. */
  position: number;
  /** When it was appended, in milliseconds since the epoch; never decreases from one position to the next. */
  timeMs: number;
}

/**
 * What became of an event that was given to {@link EventLog.append}.
 *
 * @public
 */
export type AppendOutcome =
  | { appended: true; position: number }
  /** The log has an event with this id, or with this topic and deduplication id. */
  | { appended: false };

/**
 * Which events a reader wants. A missing field does not filter.
 *
 * @public
 */
export interface EventFilter {
  topics?: string[];
  key?: string;
}

/**
 * Some events, and how far the log was read to find them.
 *
 * @public
 */
export interface LogSlice {
  events: LogEvent[];
  /** Every event up to this position that matches the filter was returned, now or earlier. */
  upTo: number;
  /** Position of the newest event. */
  tail: number;
  /**
   * Events up to this position are trimmed, as seen together with `events`: a reader that starts before it may have
   * missed some.
   */
  head: number;
}

/**
 * The log: every event, once, in order, durable.
 *
 * @remarks
 * What every keeper promises:
 *
 * - When `append` resolves, the events survive a crash of the process and of the store.
 * - A reader that has seen position n will never be shown a position below n that it has not seen: positions are
 *   given in the order of commits.
 * - An event whose id, or whose topic and deduplication id, is in the log already is not appended again.
 * - When the store is away, `append` rejects, and nothing is acknowledged.
 *
 * @public
 */
export interface EventLog {
  /**
   * Appends a batch, whole or not at all.
   *
   * @param events - at least one
   * @returns an outcome for each event, in the same order
   */
  append(events: readonly NewEvent[]): Promise<AppendOutcome[]>;

  /**
   * Reads in order, starting behind a position.
   *
   * @param position - 0 for the start of the log
   * @param filter - what to read
   * @param limit - how many events at the most, and after how many bytes of payload to stop: the event that reaches the
   * limit is the last one, so that one is returned whatever its size
   */
  readAfter(
    position: number,
    filter: EventFilter,
    limit: { events: number; bytes: number },
  ): Promise<LogSlice>;

  /** Position of the newest event; 0 when there never was one. */
  tail(): Promise<number>;

  /**
   * Removes the oldest events.
   *
   * @param upTo - the last position that may go
   * @param limit - how many events at the most
   * @param topics - only events of these, so that the log has gaps afterwards; unless given, every event
   * @returns how many went
   */
  trim(
    upTo: number,
    limit: number,
    topics?: readonly string[],
  ): Promise<number>;
}
