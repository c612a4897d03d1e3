/**
 * Waits for a promise, but not for ever.
 *
 * @param promise - goes on if the time is up; its outcome is then ignored
 * @param limitMs - in milliseconds
 * @param describe - makes the error for when the time is up
 */
export async function withTimeLimit<T>(
  promise: Promise<T>,
  limitMs: number,
  describe: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(describe()), limitMs);
    // What is waited for may never end; that alone must not keep the process alive.
    timer.unref();
  });
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
