/** Requests that a bare sender sends, the same one again and again. */
export interface BareLoad {
  /** The requests go to all of them, over connections of their own. */
  urls: readonly string[];
  /** Requests under way at once, to each. */
  concurrency: number;
  /** Of every request. */
  headers: Readonly<Record<string, string>>;
  body: string;
  seconds: number;
}

/** What came of it. */
export interface BareOutcome {
  /** Requests that were answered. */
  sent: number;
  /** From the first request to the last answer. */
  seconds: number;
  /** Processor time of the process. */
  cpuMs: number;
}

/** What a bare sender can be told to do, and what it answers. */
export interface SenderOrders {
  send: { order: BareLoad; answer: BareOutcome };
}
