import { setImmediate } from 'node:timers/promises';
import { Slots } from './Slots';

describe('slots', () => {
  it('let so many things happen at once, and the others in their order', async () => {
    const slots = new Slots(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const all = [0, 1, 2, 3].map(number =>
      slots.use(() => {
        begun.push(number);
        return new Promise<void>(resolve => ends.push(resolve));
      }),
    );
    await setImmediate();
    expect(begun).toEqual([0, 1]);

    ends[1]();
    await setImmediate();
    expect(begun).toEqual([0, 1, 2]);
    ends[0]();
    await setImmediate();
    expect(begun).toEqual([0, 1, 2, 3]);
    ends[2]();
    ends[3]();
    await Promise.all(all);
  });

  it('are given back by what fails', async () => {
    const slots = new Slots(1);

    await expect(
      slots.use(() => Promise.reject(new Error('failed'))),
    ).rejects.toThrow('failed');
    expect(await slots.use(async () => 'done')).toBe('done');
  });

  it('are not taken by who has given up waiting', async () => {
    const slots = new Slots(1);
    const controller = new AbortController();
    let end = () => {};
    const first = slots.use(
      () =>
        new Promise<void>(resolve => {
          end = resolve;
        }),
    );
    const given = slots.use(async () => 'never', controller.signal);
    const next = slots.use(async () => 'next');
    controller.abort(new Error('given up'));

    await expect(given).rejects.toThrow('given up');
    end();
    await first;
    expect(await next).toBe('next');
    await expect(
      slots.use(async () => 'never', controller.signal),
    ).rejects.toThrow('given up');
  });
});
