/**
 * The circuit breaker of an endpoint: keeps a receiver that does not work from being sent everything, at the price of one
 * event now and then.
 *
 * ```
 *            failures in a row, or throttled              the pause is over: one probe
 *   closed ──────────────────────────────────▶ open ──────────────────────────────────▶ half-open
 *     ▲                                         ▲                                        │    │
 *     │                                         └──── the probe failed: longer pause ────┘    │
 *     └──────────────────────────── the probe was answered ───────────────────────────────────┘
 * ```
 *
 * What is sent carries the round in which permission was given, and a result counts only in its own round: requests that
 * were still under way when the breaker opened, and probes that were given up for lost, change nothing later.
 *
 * A state is plain data and never changed, so it can be kept in a row. Whoever keeps it there must replace it only if it
 * is still the one that was read, or two replicas send a probe each. A function that changes nothing returns the very
 * state that it was given, so that nothing need be written.
 */
import type { Verdict } from './classifyAnswer';

export type Breaker =
  | { state: 'closed'; round: number; failures: number }
  | {
      state: 'open';
      round: number;
      /** Pauses so far without a probe that was answered, this one included; from 1. */
      pauses: number;
      /** When a probe may be sent, in milliseconds since the epoch. */
      untilMs: number;
    }
  | {
      state: 'half-open';
      round: number;
      pauses: number;
      /** When the probe is given up for lost, in milliseconds since the epoch. */
      untilMs: number;
    };

export interface BreakerPolicy {
  /** Failures in a row that open it. */
  maxFailures: number;
  /** The first pause until a probe, in milliseconds; doubled after each probe that fails. */
  firstPauseMs: number;
  /** The longest pause between probes, in milliseconds. A receiver may ask for a longer one. */
  longestPauseMs: number;
  /** When a probe without a result is given up for lost, in milliseconds. Must be longer than the time limit of a request. */
  probeLimitMs: number;
}

/**
 * A receiver that restarts is missed for seconds, and one that was down for long is found again within five minutes.
 * Ten failures are as many as an endpoint with ten requests under way loses at once.
 */
export const defaultBreakerPolicy: BreakerPolicy = {
  maxFailures: 10,
  firstPauseMs: 5_000,
  longestPauseMs: 300_000,
  probeLimitMs: 60_000,
};

/** The state of an endpoint that is new, or that a person has resumed. */
export const closedBreaker: Breaker = {
  state: 'closed',
  round: 0,
  failures: 0,
};

/** Whether something may be sent. */
export type Permission =
  | { kind: 'send'; round: number }
  /** One event, once `breaker` is kept. */
  | { kind: 'probe'; round: number; breaker: Breaker }
  /** Nothing, until then; in milliseconds since the epoch. */
  | { kind: 'wait'; untilMs: number };

/**
 * Decides whether something may be sent now.
 *
 * @param nowMs - milliseconds since the epoch
 */
export function askBreaker(
  breaker: Breaker,
  nowMs: number,
  policy: BreakerPolicy = defaultBreakerPolicy,
): Permission {
  if (breaker.state === 'closed') {
    return { kind: 'send', round: breaker.round };
  }
  if (nowMs < breaker.untilMs) {
    return { kind: 'wait', untilMs: breaker.untilMs };
  }
  const round = breaker.round + 1;
  return {
    kind: 'probe',
    round,
    breaker: {
      state: 'half-open',
      round,
      pauses: breaker.pauses,
      untilMs: nowMs + policy.probeLimitMs,
    },
  };
}

/**
 * Notes what became of something that was sent.
 *
 * An event that is refused for its own sake does not count as a failure but as a sign of life: a working receiver judged
 * it. Otherwise one bad event, tried again and again, would hold back all the good ones behind an open breaker. Such
 * events fail one by one and end as dead, while the rest goes on.
 *
 * @param round - of the permission by which it was sent
 * @param nowMs - milliseconds since the epoch
 * @returns the state to keep
 */
export function noteVerdict(
  breaker: Breaker,
  verdict: Verdict,
  round: number,
  nowMs: number,
  policy: BreakerPolicy = defaultBreakerPolicy,
): Breaker {
  if (round !== breaker.round) {
    return breaker;
  }
  switch (verdict.kind) {
    case 'delivered':
      return noteLife(breaker);
    case 'failed':
      return verdict.fault === 'event'
        ? noteLife(breaker)
        : noteFailure(breaker, nowMs, policy);
    case 'gone':
      // Nothing more is sent while the endpoint is being disabled.
      return noteThrottling(breaker, undefined, nowMs, policy);
    case 'throttled':
      return noteThrottling(breaker, verdict.retryAfterMs, nowMs, policy);
    case 'cancelled':
      return breaker.state === 'half-open'
        ? { ...breaker, state: 'open', untilMs: nowMs }
        : breaker;
    default:
      throw new Error(`Unknown verdict ${JSON.stringify(verdict)}`);
  }
}

function noteLife(breaker: Breaker): Breaker {
  const { state, round } = breaker;
  // What was sent before it opened and is answered late says little; the probe will tell.
  if (state === 'open' || (state === 'closed' && breaker.failures === 0)) {
    return breaker;
  }
  return { state: 'closed', round, failures: 0 };
}

function noteFailure(
  breaker: Breaker,
  nowMs: number,
  policy: BreakerPolicy,
): Breaker {
  switch (breaker.state) {
    case 'closed': {
      const { round } = breaker;
      const failures = breaker.failures + 1;
      return failures < policy.maxFailures
        ? { state: 'closed', round, failures }
        : open(round, 1, nowMs + planPause(1, policy));
    }
    case 'half-open': {
      const pauses = breaker.pauses + 1;
      return open(breaker.round, pauses, nowMs + planPause(pauses, policy));
    }
    case 'open':
      return breaker;
    default:
      throw new Error(`Unknown state ${JSON.stringify(breaker)}`);
  }
}

/**
 * Opens it at once, for as long as the receiver asked. If even a probe after that is throttled, what it asked for was too
 * short, and our own pause holds as well.
 */
function noteThrottling(
  breaker: Breaker,
  retryAfterMs: number | undefined,
  nowMs: number,
  policy: BreakerPolicy,
): Breaker {
  switch (breaker.state) {
    case 'closed':
      return open(
        breaker.round,
        1,
        nowMs + (retryAfterMs ?? planPause(1, policy)),
      );
    case 'half-open': {
      const pauses = breaker.pauses + 1;
      const pause = Math.max(planPause(pauses, policy), retryAfterMs ?? 0);
      return open(breaker.round, pauses, nowMs + pause);
    }
    case 'open': {
      const untilMs = nowMs + (retryAfterMs ?? 0);
      return untilMs > breaker.untilMs ? { ...breaker, untilMs } : breaker;
    }
    default:
      throw new Error(`Unknown state ${JSON.stringify(breaker)}`);
  }
}

function open(round: number, pauses: number, untilMs: number): Breaker {
  return { state: 'open', round, pauses, untilMs };
}

function planPause(pauses: number, policy: BreakerPolicy): number {
  return Math.min(
    policy.firstPauseMs * 2 ** Math.min(pauses - 1, maxDoublings),
    policy.longestPauseMs,
  );
}

/** From a millisecond to a year and beyond, and far from what a number can hold. */
const maxDoublings = 40;
