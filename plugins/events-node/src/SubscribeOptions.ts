import type { EventParams } from '@backstage/plugin-events-node';
import type { HumanDuration } from '@backstage/types';
import type { Topic } from './Topic';

/**
 * What a subscription can be told besides id, topics and handler. All of it holds for the whole subscription: handlers
 * that subscribe with the same id say the same, or nothing.
 *
 * @public
 */
export interface SubscriptionOptions {
  /** Events that are handled side by side, per process; from 1 to 1,000. Default: `events.handlers.concurrency`. */
  concurrency?: number;
  /** What follows when a handler fails. What is missing is as configured under `events.handlers.retry`. */
  retry?: {
    /** Attempts before the delivery is dead, the first included; from 1 to 1,000. */
    maxAttempts?: number;
    /** Pause after the first failure; each further one is three times as long. */
    initialDelay?: HumanDuration;
    /** The longest pause. */
    maxDelay?: HumanDuration;
  };
  /**
   * Where to start when the subscription is made: behind the newest event, with the oldest event of the log, or with
   * the first event that was appended at or after a time. A subscription that stands goes on where it is. Default:
   * `end`.
   */
  startAt?: 'end' | 'beginning' | Date;
  /**
   * Whether the subscription belongs to this process alone: its id is made for the process, nobody else reads it, and
   * it goes when the process stops, or ten minutes after it died. Default: false.
   */
  perProcess?: boolean;
  /**
   * Ends the handler: nothing more is claimed for it, and what it has in hand is settled. The subscription stays, and
   * its cursor waits, unless it is `perProcess`.
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
         * Handles several events at once, in the order of the log.
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
