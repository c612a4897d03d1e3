import { withTimeLimit } from './withTimeLimit';

/** Waits for a promise to fail; attached before the failure comes, so that nobody calls it unhandled. */
async function readError(failing: Promise<unknown>): Promise<unknown> {
  try {
    await failing;
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail');
}

describe('withTimeLimit', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const timeUp = () => new Error('time is up');

  it('gives what the promise gives', async () => {
    await expect(withTimeLimit(Promise.resolve(1), 10, timeUp)).resolves.toBe(
      1,
    );
  });

  it('fails as the promise fails', async () => {
    await expect(
      withTimeLimit(Promise.reject(new Error('own')), 10, timeUp),
    ).rejects.toThrow('own');
  });

  it('waits no longer than the limit', async () => {
    const waiting = readError(withTimeLimit(new Promise(() => {}), 10, timeUp));
    await jest.advanceTimersByTimeAsync(10);
    expect(await waiting).toEqual(timeUp());
  });

  it('ignores a failure that comes after the limit', async () => {
    let fail = (_: Error) => {};
    const late = new Promise<void>((_, reject) => {
      fail = reject;
    });
    const waiting = readError(withTimeLimit(late, 10, timeUp));
    await jest.advanceTimersByTimeAsync(10);
    expect(await waiting).toEqual(timeUp());
    fail(new Error('late'));
    await expect(late).rejects.toThrow('late');
  });
});
