import type { IncomingHttpHeaders } from 'node:http';
import type { Tally } from '../portals/orders';
import type { Distribution } from '../report/statistics';

/** How requests to a path are answered, always with 200. */
export type Behaviour = 'at once' | 'after 14 s';

/** What some paths have answered since they were last told to begin anew. */
export interface Answered {
  answers: number;
  /** Of the requests that were looked into: those whose signature is wrong. */
  wrong: number;
  /** By the machine's monotonic clock; 0 before the first answer. */
  lastAtUs: number;
}

/** A request as it came. */
export interface ReceivedRequest {
  headers: IncomingHttpHeaders;
  body: string;
}

/** What a receiver can be told to do, and what it answers. */
export interface ReceiverOrders {
  /** Answers requests to any path on a free port. */
  listen: {
    order: {
      /** Requests are signed with it. */
      secret: string;
      /** One of so many requests is looked into: verified, and its event counted. */
      lookIntoOneOf: number;
    };
    answer: { url: string };
  };
  behave: { order: { path: string; behaviour: Behaviour }; answer: null };
  /** From now on nobody is answered. */
  hold: { order: null; answer: null };
  /** Answers whoever waits, and everybody from now on; the answer is when, by the machine's monotonic clock. */
  release: { order: null; answer: { atUs: number } };
  answered: { order: { paths: readonly string[] }; answer: Answered };
  /** Begins to count anew. */
  forget: { order: null; answer: null };
  /** The last request that was looked into. */
  sample: { order: null; answer: ReceivedRequest };
  /** What came of one run, of the events that were looked into. */
  tally: { order: { path: string; run: string }; answer: Tally };
  /** Milliseconds from the call of `publish` to the first byte of the request. */
  latency: { order: { path: string; run: string }; answer: Distribution };
}
