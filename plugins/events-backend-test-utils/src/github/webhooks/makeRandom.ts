/**
 * Makes numbers from 0 to 1 that look random, and are the same for the same seed (mulberry32).
 *
 * @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 *
 * @public
 */
export function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) % 2 ** 32;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Puts things into an order that the random numbers choose. */
export function shuffle<T>(things: readonly T[], random: () => number): T[] {
  const left = [...things];
  return things.flatMap(() =>
    left.splice(Math.floor(random() * left.length), 1),
  );
}
