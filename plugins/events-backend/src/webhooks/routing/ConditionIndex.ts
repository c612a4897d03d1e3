import type { Condition, Place } from './Condition';
import { TextCounts } from './TextCounts';

/** The texts that an event has at a place. */
export type ReadPlace = (place: Place) => readonly string[];

/**
 * Which ids an event may concern, by what each of them requires: of its conditions, each id waits under one, and an event
 * finds it by the text that it has at that place. Ids without a condition wait under none, and are found by every event.
 *
 * @remarks
 * The condition is the most selective one. Among equals it is the one whose texts the fewest ids require so far, so that
 * of a thousand filters `payload.action == 'opened' && payload.repository.name == '…'` all but the first wait for their
 * repositories.
 */
export class ConditionIndex {
  /** By id: all that it requires, and under which it waits. */
  readonly #entries = new Map<
    string,
    { conditions: readonly Condition[]; chosen: Condition | undefined }
  >();
  readonly #required = new TextCounts();
  readonly #unconditional = new Set<string>();
  readonly #places = new Map<string, WaitingAtPlace>();

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** @param id - one that is not in it */
  add(id: string, conditions: readonly Condition[]): void {
    const chosen = this.#choose(conditions);
    this.#entries.set(id, { conditions, chosen });
    conditions.forEach(condition => this.#required.add(condition));
    if (!chosen) {
      this.#unconditional.add(id);
      return;
    }
    const { place, values } = chosen;
    let waiting = this.#places.get(place.name);
    if (!waiting) {
      waiting = { place, byText: new Map() };
      this.#places.set(place.name, waiting);
    }
    for (const text of values) {
      const ids = waiting.byText.get(text);
      if (ids) {
        ids.add(id);
      } else {
        waiting.byText.set(text, new Set([id]));
      }
    }
  }

  remove(id: string): void {
    const { conditions = [], chosen } = this.#entries.get(id) ?? {};
    this.#entries.delete(id);
    this.#unconditional.delete(id);
    conditions.forEach(condition => this.#required.remove(condition));
    const waiting = chosen && this.#places.get(chosen.place.name);
    if (!waiting) {
      return;
    }
    for (const text of chosen.values) {
      const ids = waiting.byText.get(text);
      ids?.delete(id);
      if (ids?.size === 0) {
        waiting.byText.delete(text);
      }
    }
    if (waiting.byText.size === 0) {
      this.#places.delete(chosen.place.name);
    }
  }

  /** Gives every id whose conditions an event fulfils, and perhaps some more; an id perhaps more than once. */
  *findCandidates(readPlace: ReadPlace): Generator<string> {
    yield* this.#unconditional;
    for (const { place, byText } of this.#places.values()) {
      for (const text of readPlace(place)) {
        yield* byText.get(text) ?? [];
      }
    }
  }

  #choose(conditions: readonly Condition[]): Condition | undefined {
    return conditions.reduce<Condition | undefined>(
      (best, other) => (best && this.#compare(best, other) <= 0 ? best : other),
      undefined,
    );
  }

  #compare(a: Condition, b: Condition): number {
    return (
      a.place.selectivity - b.place.selectivity ||
      this.#required.findMost(a) - this.#required.findMost(b)
    );
  }
}

interface WaitingAtPlace {
  place: Place;
  /** Ids, by the text that they wait for. */
  byText: Map<string, Set<string>>;
}
