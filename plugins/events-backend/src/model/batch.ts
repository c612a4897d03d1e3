import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { HandlingOutcome } from '@callboard/backstage-plugin-events-node/bus';

/** An event that a reader holds. */
export interface ClaimedEvent {
  event: LogEvent;
  /** Which attempt this will be, from 1. */
  attempt: number;
  /** Whether it has a delivery already, because it failed, waited behind one that failed, or was asked for again. */
  owed: boolean;
  /** What it is kept in order by: the key of the event, unless the reader keeps no order. */
  orderedBy: string | undefined;
  /** When it was due, if it was owed, in milliseconds since the epoch, by the clock of the store. */
  dueAtMs?: number;
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
  | HandlingOutcome
  /** Nobody knows: the reader vanished. Counts as an attempt, or an event that kills its reader would do so for ever. */
  | { kind: 'lapsed' };

/** What a delivery keeps of its event. */
export type OwedEvent = Pick<
  LogEvent,
  'position' | 'id' | 'topic' | 'key' | 'size'
>;

/** A claimed event with its outcome. */
export interface Settlement {
  event: OwedEvent;
  attempt: number;
  owed: boolean;
  outcome: Outcome;
}
