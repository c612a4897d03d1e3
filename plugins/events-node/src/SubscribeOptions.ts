import type { EventParams } from '@backstage/plugin-events-node';
import type { HumanDuration } from '@backstage/types';
import type { Topic } from './Topic';

/**
 * What a subscription can be told besides id, topics and handler. All of it but the signal holds for the whole
 * subscription: handlers that subscribe with the same id say the same, or nothing. What replicas say last holds for all
 * of them.
 *
 * @public
 */
export interface SubscriptionOptions {
  /**
   * Events that are handled side by side, per process, or calls of a batch handler; from 1 to 1,000. Default:
   * `events.handlers.concurrency`.
   */
  concurrency?: number;
  /**
   * What follows when a handler fails. What is missing is as configured under `events.handlers.retry`. A change holds
   * from the next failure on, for what is owed already too.
   */
  retry?: {
    /** Attempts before the delivery is dead, the first included; from 1 to 1,000. */
    maxAttempts?: number;
    /** Pause after the first failure, at most 30 days; each further one is three times as long. */
    initialDelay?: HumanDuration;
    /** The longest pause, at most 30 days. */
    maxDelay?: HumanDuration;
  };
  /**
   * Where to start when the subscription is made: behind the newest event, with the oldest event of the log, or with
   * the first event that was appended at or after a time; one that is still to come is the end. A subscription that
   * stands goes on where it is, and a topic that is added to it starts at the end. One that expired although its process
   * runs is made anew at the beginning if it starts there, and at the end otherwise. Default: `end`.
   */
  startAt?: 'end' | 'beginning' | Date;
  /**
   * Whether each process has a subscription of its own, so that every replica is given every event, and not one of
   * them: a random part is added to the id. It is removed when the process stops, or ten minutes after the process
   * died, with what is owed to it. Default: false.
   */
  perProcess?: boolean;
  /**
   * Ends the handler: nothing more is claimed for it, and what it has in hand is settled. The subscription stays, and
   * its cursor waits, unless it is `perProcess` or another handler of the process has the same id.
   */
  signal?: AbortSignal;
}

/**
 * An event of a batch that its handler could not handle.
 *
 * @public
 */
export interface BatchFailure {
  /** Place of the event in the batch, from 0. */
  index: number;
  error: unknown;
}

/**
 * Parameters of the `subscribe` of a {@link DurableEventsService}.
 *
 * @public
 */
export type SubscribeOptions<TPayload = unknown> = SubscriptionOptions & {
  /** Replicas, and handlers of one process, that use the same id share the events. */
  id: string;
  /** Names of topics, or topics with a type. */
  topics: readonly (string | Topic<TPayload>)[];
} & (
    | {
        /** Handles one event. When it rejects, the event is tried again. */
        onEvent(params: EventParams<TPayload>): Promise<void>;
        onBatch?: undefined;
        maxBatchEvents?: undefined;
      }
    | {
        /**
         * Handles several events at once, in the order of the log. No other handler of the process may have its id.
         *
         * Behind an event that failed, those of the batch with the same key are given again too, so a handler that
         * keeps to the order leaves them alone. An event that was tried before is given alone, without others.
         *
         * @returns which of them failed; nothing when all went well. When it rejects, all are tried again
         */
        onBatch(
          events: readonly EventParams<TPayload>[],
        ): Promise<void | readonly BatchFailure[]>;
        onEvent?: undefined;
        /** Events that one batch holds at the most; from 1 to 200. Default: 200. */
        maxBatchEvents?: number;
      }
  );
