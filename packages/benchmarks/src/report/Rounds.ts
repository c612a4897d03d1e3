import { median } from './statistics';

/** What was measured of each contestant in each round. */
export class Rounds<T> {
  readonly #measured: { round: number; name: string; value: T }[] = [];

  add(round: number, name: string, value: T): void {
    this.#measured.push({ round, name, value });
  }

  /** Everything that was measured of a contestant. */
  of(name: string): T[] {
    return this.#measured
      .filter(one => one.name === name)
      .map(({ value }) => value);
  }

  /** The median of a measured number. */
  median(name: string, read: (value: T) => number): number {
    return median(this.of(name).map(read));
  }

  /**
   * The median of the ratios within a round, so that what the machine did in one round weighs on both sides.
   *
   * @returns undefined when the other one was not measured
   */
  ratio(
    name: string,
    other: string,
    read: (value: T) => number,
  ): number | undefined {
    const ratios = this.#measured
      .filter(one => one.name === name)
      .flatMap(one =>
        this.#measured
          .filter(
            candidate =>
              candidate.name === other && candidate.round === one.round,
          )
          .map(candidate => read(one.value) / read(candidate.value)),
      );
    return ratios.length > 0 ? median(ratios) : undefined;
  }
}
