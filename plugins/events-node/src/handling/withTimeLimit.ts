/**
 * Waits for a promise, but not for ever.
 *
 * @param promise - goes on if the time is up; its outcome is then ignored
 * @param limitMs - in milliseconds
 * @param describe - makes the error for when the time is up
 */
export function withTimeLimit<T>(
  promise: Promise<T>,
  limitMs: number,
  describe: () => Error,
): Promise<T> {
  // Each event passes here, and a race would cost two promises more.
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(describe()), limitMs);
    // What is waited for may never end; that alone must not keep the process alive.
    timer.unref();
    promise.then(
      value => {
        clearTimeout(timer);
        resolve(value);
      },
      error => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
