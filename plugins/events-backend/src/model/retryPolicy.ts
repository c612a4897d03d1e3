/** How often, and after which pauses, an event is tried again. */
export interface RetryPolicy {
  /** Attempts before the delivery is dead, the first included. */
  maxAttempts: number;
  /** Pause after the first failure, in milliseconds. */
  initialDelayMs: number;
  /** What the pause is multiplied by after each further failure. */
  factor: number;
  /** The longest pause, in milliseconds. */
  maxDelayMs: number;
  /** How far a pause may stray to either side, as a share of itself; keeps failures from coming back all at once. */
  jitter: number;
}

/**
 * Decides what follows a failed attempt.
 *
 * @param attempts - how many failed so far, this one included; from 1
 * @param random - from 0 to 1
 * @returns the pause in milliseconds, or `dead`
 */
export function decideRetry(
  policy: RetryPolicy,
  attempts: number,
  random: number,
): { delayMs: number } | 'dead' {
  if (attempts >= policy.maxAttempts) {
    return 'dead';
  }
  const pause = Math.min(
    policy.initialDelayMs * policy.factor ** (attempts - 1),
    policy.maxDelayMs,
  );
  return {
    delayMs: Math.round(pause * (1 + policy.jitter * (2 * random - 1))),
  };
}
