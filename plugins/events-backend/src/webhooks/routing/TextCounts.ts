import type { Condition } from './Condition';

/** How many conditions require which text at which place. */
export class TextCounts {
  readonly #counts = new Map<string, number>();

  add(condition: Condition): void {
    this.#change(condition, 1);
  }

  remove(condition: Condition): void {
    this.#change(condition, -1);
  }

  /** Of the texts of a condition, the count of the one that is required most. */
  findMost({ place, values }: Condition): number {
    return Math.max(
      0,
      ...values.map(text => this.#counts.get(toKey(place.name, text)) ?? 0),
    );
  }

  #change({ place, values }: Condition, by: number): void {
    for (const text of new Set(values)) {
      const key = toKey(place.name, text);
      const count = (this.#counts.get(key) ?? 0) + by;
      if (count > 0) {
        this.#counts.set(key, count);
      } else {
        this.#counts.delete(key);
      }
    }
  }
}

function toKey(place: string, text: string): string {
  return JSON.stringify([place, text]);
}
