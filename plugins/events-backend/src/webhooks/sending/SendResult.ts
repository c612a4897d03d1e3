/** Why an exchange came to no whole answer. */
export type FailureReason =
  /** Not over within the time limit, or the limit of the dispatcher for connecting. */
  | 'timed out'
  /** Nobody listens at the port. */
  | 'refused'
  /** The connection was closed before the answer was whole. */
  | 'reset'
  /** The name has no address. */
  | 'unresolved'
  /** No route leads to the address. */
  | 'unreachable'
  /** No TLS: a certificate that is not trusted, no version in common, a client certificate that is missing … */
  | 'tls'
  /** The guard of the dispatcher refused the address. */
  | 'forbidden address'
  /** What came back is no answer of HTTP. */
  | 'malformed answer'
  | 'other';

/** The headers of an answer that are kept. Longer values are cut. */
export interface AnswerHeaders {
  'retry-after'?: string;
  'content-type'?: string;
  /** Tells people why they cannot read the body: it is kept as it came. */
  'content-encoding'?: string;
}

/** The other side answered, with whatever status. */
export interface Answered {
  kind: 'answered';
  /** From 200. */
  status: number;
  headers: AnswerHeaders;
  /** The beginning of the body, for people: read as UTF-8; what is not UTF-8, and NUL, is replaced by U+FFFD. */
  body: string;
  /** Whether the body was longer than what is kept. */
  cut: boolean;
  durationMs: number;
}

/** There is no whole answer. The other side may have received the request all the same. */
export interface Failed {
  kind: 'failed';
  reason: FailureReason;
  /** A sentence for people. */
  message: string;
  durationMs: number;
}

/** We gave up ourselves, by the signal. The other side may have received the request all the same. */
export interface Cancelled {
  kind: 'cancelled';
  durationMs: number;
}

/** What became of a request. */
export type SendResult = Answered | Failed | Cancelled;
