import type { EventParams } from '@backstage/plugin-events-node';
import type { ClaimedEvent } from './ClaimedBatch';

/** What a handler failed at, by event. */
export type HandlingErrors = ReadonlyMap<ClaimedEvent, unknown>;

/** What is measured about handling. */
export interface HandlingObserver {
  /**
   * Runs a handler within a span that continues the trace of its event, and measures it.
   *
   * @param handle - resolves with what failed; when it rejects, all of it failed
   */
  observeHandling(
    handled: {
      /** At least one. */
      events: readonly ClaimedEvent[];
      /** What the handler is given of each. */
      given: readonly EventParams[];
      subscriptionId: string;
    },
    handle: () => Promise<HandlingErrors>,
  ): Promise<HandlingErrors>;
  /** A batch was settled after its lease had lapsed. */
  onLapsed(subscriptionId: string): void;
}
