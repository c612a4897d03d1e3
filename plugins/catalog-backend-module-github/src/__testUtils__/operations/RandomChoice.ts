import { makeRandom } from '@callboard/backstage-plugin-events-backend-test-utils';

/** Chooses by random numbers, which are the same for the same seed. */
export class RandomChoice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = makeRandom(seed);
  }

  /** @param share - from 0 to 1 */
  happens(share: number): boolean {
    return this.#random() < share;
  }

  /** A whole number, both ends included. */
  number(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1));
  }

  /** One of them; nothing if there are none. */
  pick<T>(things: readonly T[]): T | undefined {
    return things[this.number(0, things.length - 1)];
  }

  /** One of them that matches: the first one from a random one on. */
  find<T>(things: readonly T[], matches: (thing: T) => boolean): T | undefined {
    const start = this.number(0, things.length - 1);
    return [...things.slice(start), ...things.slice(0, start)].find(matches);
  }

  /** So many different ones, or all if there are fewer. */
  pickSome<T>(things: readonly T[], count: number): T[] {
    const left = [...things];
    return Array.from({ length: Math.min(count, left.length) }, () =>
      left.splice(this.number(0, left.length - 1), 1),
    ).flat();
  }

  /** One of them, as often as its weight says. */
  pickWeighted<T extends { weight: number }>(things: readonly T[]): T {
    const sum = things.reduce((total, { weight }) => total + weight, 0);
    let left = this.#random() * sum;
    const found = things.find(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    return found ?? things[things.length - 1];
  }
}
