import type { LogEvent } from '@callboard/backstage-plugin-events-node';

/** An event that a reader holds. */
export interface ClaimedEvent {
  event: LogEvent;
  /** Which attempt this will be, from 1. */
  attempt: number;
  /** Whether it has a delivery already, because it failed, waited behind one that failed, or was asked for again. */
  owed: boolean;
}

/** The events that a reader has claimed of one subscription, and the proof of it. */
export interface Batch {
  /** Lapses with the lease; whoever holds a lapsed ticket can settle nothing. */
  ticket: string;
  subscriptionId: string;
  /** In the order of the log, owed ones first. */
  events: ClaimedEvent[];
}

/** What became of a claimed event. */
export type Outcome =
  | { kind: 'delivered'; durationMs: number }
  | { kind: 'failed'; error: string; durationMs: number }
  /** Not tried, because an earlier one with its key failed or the reader stops. Does not count as an attempt. */
  | { kind: 'untried' }
  /** Nobody knows: the reader vanished. Counts as an attempt, or an event that kills its reader would do so for ever. */
  | { kind: 'lapsed' };

/** A claimed event with its outcome, as far as settling needs it. */
export interface Settlement {
  position: number;
  eventId: string;
  topic: string;
  key: string | undefined;
  attempt: number;
  owed: boolean;
  outcome: Outcome;
}
