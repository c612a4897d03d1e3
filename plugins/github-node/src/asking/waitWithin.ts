/** For how long something is waited for. */
export interface WaitLimits {
  /** Ends the waiting, with its reason. */
  signal?: AbortSignal;
  timeLimit?: {
    ms: number;
    /** Makes the error for when the time is up. */
    describe: () => Error;
  };
}

/**
 * Waits for something, but not for ever.
 *
 * @param action - is told when nobody waits any more
 */
export function waitWithin<T>(
  { signal, timeLimit }: WaitLimits,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    signal?.throwIfAborted();
    // Not AbortSignal.any: it keeps what it makes for as long as the signal lives (nodejs/node#54614).
    const controller = new AbortController();
    const giveUp = (reason: unknown) => {
      reject(reason);
      controller.abort(reason);
    };
    const onAborted = () => giveUp(signal?.reason);
    signal?.addEventListener('abort', onAborted, { once: true });
    const timer =
      timeLimit && setTimeout(() => giveUp(timeLimit.describe()), timeLimit.ms);
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAborted);
    };
    action(controller.signal).then(resolve, reject).finally(end);
  });
}
