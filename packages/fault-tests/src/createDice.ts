import { createHash } from 'node:crypto';

/**
 * Makes numbers that follow from a seed, so that a run can be repeated as far as its processes keep step.
 *
 * @returns gives the next one, from 0 to 1
 */
export function createDice(seed: number): () => number {
  let count = 0;
  return () => {
    count += 1;
    const hash = createHash('sha256').update(`${seed} ${count}`).digest();
    return hash.readUInt32BE() / 2 ** 32;
  };
}
