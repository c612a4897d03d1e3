import { waitWithin } from './waitWithin';

const never = () => new Promise<never>(() => {});
const describeTime = () => new Error('too late');

describe('what is waited for', () => {
  it('is had if it comes in time', async () => {
    const limits = {
      timeLimit: { ms: 60_000, describe: describeTime },
      signal: new AbortController().signal,
    };

    expect(await waitWithin(limits, async () => 'done')).toBe('done');
    await expect(
      waitWithin(limits, () => Promise.reject(new Error('failed'))),
    ).rejects.toThrow('failed');
  });

  it('is told that nobody waits any more', async () => {
    let told: unknown;
    const late = waitWithin(
      { timeLimit: { ms: 1, describe: describeTime } },
      signal => {
        signal.addEventListener('abort', () => {
          told = signal.reason;
        });
        return never();
      },
    );

    await expect(late).rejects.toThrow('too late');
    expect(told).toEqual(new Error('too late'));
  });

  it('is given up with the reason of the signal, and not begun if that came before', async () => {
    const controller = new AbortController();
    const limits = { signal: controller.signal };
    const waiting = waitWithin(limits, never);
    controller.abort(new Error('not wanted'));

    await expect(waiting).rejects.toThrow('not wanted');
    const begin = jest.fn(never);
    await expect(waitWithin(limits, begin)).rejects.toThrow('not wanted');
    expect(begin).not.toHaveBeenCalled();
  });
});
