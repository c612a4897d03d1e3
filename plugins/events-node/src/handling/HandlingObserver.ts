import type { EventParams } from '@backstage/plugin-events-node';
import type { ClaimedEvent } from './ClaimedBatch';

/** What is measured about handling. */
export interface HandlingObserver {
  /** Runs a handler within a span that continues the trace of its event, and measures it. */
  observeHandling<T>(
    handled: {
      events: readonly ClaimedEvent[];
      /** What the handler is given of each. */
      given: readonly EventParams[];
      subscriptionId: string;
    },
    handle: () => Promise<T>,
  ): Promise<T>;
  /** A batch was settled after its lease had lapsed. */
  onLapsed(subscriptionId: string): void;
}
