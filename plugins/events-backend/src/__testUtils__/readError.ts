/** Waits for a promise to fail; attached before the failure comes, so that nobody calls it unhandled. */
export async function readError(failing: Promise<unknown>): Promise<unknown> {
  try {
    await failing;
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail');
}
