import type { EventParams } from '@backstage/plugin-events-node';

/** An event in a reader's hands. */
export interface ClaimedEvent {
  position: number;
  id: string;
  topic: string;
  key: string | undefined;
  /** When it was appended, in milliseconds since the epoch. */
  timeMs: number;
  /** Which attempt this will be, from 1. */
  attempt: number;
  /** Makes what a handler is given. */
  present(): EventParams;
}

/** The events that a reader has claimed of one subscription, and the proof of the claim. */
export interface ClaimedBatch {
  /** Lapses with the lease; whoever holds a lapsed ticket can settle nothing. */
  ticket: string;
  subscriptionId: string;
  /** How long the ticket is good unless it is renewed, in milliseconds. */
  leaseMs: number;
  /** No later than when the lease began, by `performance.now()` of this process. */
  leasedFromMs: number;
  events: ClaimedEvent[];
}

/** What a reader says became of an event. */
export type HandlingOutcome =
  | { kind: 'delivered'; durationMs: number }
  | {
      kind: 'failed';
      error: string;
      durationMs: number;
      /** What follows, where the reader decides that itself. Default: by the retries of the subscription. */
      next?: { delayMs: number } | 'dead';
    }
  /**
   * Not tried, because an earlier one with its key failed, the reader stops, or it has no handler for the topic. Does
   * not count as an attempt.
   */
  | {
      kind: 'untried';
      /** Pause before anybody may claim it again, in milliseconds. Default: none. */
      afterMs?: number;
    };

/** A claimed event with its outcome. */
export interface HandledEvent {
  event: ClaimedEvent;
  outcome: HandlingOutcome;
}
