/** After which pauses an event is sent. */
export interface RetrySchedule {
  /** The pause before each attempt, in milliseconds, the first attempt included; as many attempts as steps. */
  stepsMs: readonly number[];
  /** How far a pause may stray to either side, as a share of itself; keeps failures from coming back all at once. */
  jitter: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** The ten steps of Standard Webhooks 1.0: at once, then over 75.6 hours. */
export const defaultRetrySchedule: RetrySchedule = {
  stepsMs: [
    0,
    5 * second,
    5 * minute,
    30 * minute,
    2 * hour,
    5 * hour,
    10 * hour,
    14 * hour,
    20 * hour,
    24 * hour,
  ],
  jitter: 0.2,
};

/** What the next pause depends on. */
export interface RetryCircumstances {
  schedule: RetrySchedule;
  /** Attempts made so far, the one that failed now included. */
  attempts: number;
  /** The pause that the receiver asked for, in milliseconds. Wins when it is longer. */
  retryAfterMs?: number;
  /** From 0 to 1. */
  random: number;
}

/**
 * Decides when an event is sent again.
 *
 * @returns the pause in milliseconds; undefined when the attempts are used up
 */
export function planRetry({
  schedule,
  attempts,
  retryAfterMs = 0,
  random,
}: RetryCircumstances): { delayMs: number } | undefined {
  if (attempts >= schedule.stepsMs.length) {
    return undefined;
  }
  const pause =
    schedule.stepsMs[attempts] * (1 + schedule.jitter * (2 * random - 1));
  return { delayMs: Math.max(Math.round(pause), retryAfterMs) };
}
