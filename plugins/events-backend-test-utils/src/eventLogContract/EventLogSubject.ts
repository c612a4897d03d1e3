import type { EventLog } from '@callboard/backstage-plugin-events-node';

/**
 * An empty log for one test, and what the test may do around it.
 *
 * @public
 */
export interface EventLogSubject {
  log: EventLog;

  /**
   * Opens the same log beside `log`, with connections of its own, as another replica has it. Where only one process can
   * have the log, this is `log` itself.
   */
  openReplica(): Promise<EventLog>;

  /** Closes the log and opens it again, as the next process does. The test uses `log` no more. */
  reopen(): Promise<EventLog>;

  /** Makes the store refuse events of a topic, by a constraint for example. */
  refuse(topic: string): Promise<void>;
}
