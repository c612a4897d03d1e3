import type { Verdict } from '../sending';

/** A request that is about to be sent. */
export interface ObservedRequest {
  endpointId: string;
  events: number;
  /** The trace of its event, as W3C Trace Context has it; undefined of a batch, and of an event without one. */
  traceparent: string | undefined;
}

/** What is measured about webhooks. */
export interface WebhookObserver {
  /** Runs a request within a span that continues the trace of its event, and measures it. */
  observeSending<T extends { verdict: Pick<Verdict, 'kind'> }>(
    request: ObservedRequest,
    send: () => Promise<T>,
  ): Promise<T>;
}
