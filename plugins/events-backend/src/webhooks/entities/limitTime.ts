/**
 * Waits for something for a bounded time. What does not end by then goes on, and what becomes of it is of no interest.
 *
 * @throws Error when the time is up
 */
export async function limitTime<T>(
  timeLimitMs: number,
  run: () => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      run(),
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new Error(`No answer in ${timeLimitMs} ms`)),
          timeLimitMs,
        );
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
