import { makeRandom, shuffle } from './makeRandom';

describe('random numbers', () => {
  it('are the same for the same seed, and from 0 to 1', () => {
    const take = (seed: number) => {
      const random = makeRandom(seed);
      return Array.from({ length: 1000 }, random);
    };

    expect(take(7)).toEqual(take(7));
    expect(take(7)).not.toEqual(take(8));
    expect(Math.min(...take(7))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...take(7))).toBeLessThan(1);
    const mean = take(7).reduce((sum, each) => sum + each, 0) / 1000;
    expect(mean).toBeCloseTo(0.5, 1);
  });

  it('shuffle without losing anything, in the same way for the same seed', () => {
    const things = Array.from({ length: 20 }, (_, index) => index);
    const shuffled = shuffle(things, makeRandom(7));

    expect(shuffled).toEqual(shuffle(things, makeRandom(7)));
    expect(shuffled).not.toEqual(things);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(things);
  });
});
