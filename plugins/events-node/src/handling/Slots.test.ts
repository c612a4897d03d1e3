import { Slots } from './Slots';

/** Work that goes on until it is told to end; counts how much is under way. */
function createWork(slots: Slots) {
  const ends: (() => void)[] = [];
  const started: number[] = [];
  const begin = (name: number) =>
    slots.use(() => {
      started.push(name);
      return new Promise<void>(resolve => ends.push(resolve));
    });
  return { begin, ends, started };
}

/** Lets every promise that can go on go on. */
const settle = () => new Promise(setImmediate);

describe('Slots', () => {
  it('lets no more happen at once than the limit, in the order asked', async () => {
    const { begin, ends, started } = createWork(new Slots(2));
    const all = [1, 2, 3, 4].map(begin);
    await settle();
    expect(started).toEqual([1, 2]);
    ends[1]();
    await settle();
    expect(started).toEqual([1, 2, 3]);
    ends[0]();
    ends[2]();
    await settle();
    ends[3]();
    await Promise.all(all);
  });

  it('has room until as much happens as may', async () => {
    const slots = new Slots(2);
    const { begin, ends } = createWork(slots);
    const all = [begin(1)];
    expect(slots.hasRoom).toBe(true);
    all.push(begin(2));
    expect(slots.hasRoom).toBe(false);
    ends.forEach(end => end());
    await Promise.all(all);
    expect(slots.hasRoom).toBe(true);
  });

  it('frees the slot of what fails', async () => {
    const slots = new Slots(1);
    await expect(
      slots.use(() => Promise.reject(new Error('failed'))),
    ).rejects.toThrow('failed');
    await expect(slots.use(async () => 'next')).resolves.toBe('next');
  });

  it('admits at once what a higher limit has room for', async () => {
    const slots = new Slots(1);
    const { begin, ends, started } = createWork(slots);
    const all = [1, 2, 3].map(begin);
    await settle();
    slots.limit = 3;
    await settle();
    expect(started).toEqual([1, 2, 3]);
    ends.forEach(end => end());
    await Promise.all(all);
  });

  it('lets what happens go on when the limit is lowered, and admits nothing until there is room', async () => {
    const slots = new Slots(2);
    const { begin, ends, started } = createWork(slots);
    const all = [1, 2, 3].map(begin);
    await settle();
    slots.limit = 1;
    ends[0]();
    await settle();
    expect(started).toEqual([1, 2]);
    ends[1]();
    await settle();
    expect(started).toEqual([1, 2, 3]);
    ends[2]();
    await Promise.all(all);
  });
});
