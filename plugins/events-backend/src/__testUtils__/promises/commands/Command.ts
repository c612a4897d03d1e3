import fc from 'fast-check';
import type { Mishap } from '../Stepper';
import type { World } from '../World';

/** Something that happens in a {@link World}: drawn at random, and printed when a promise is broken. */
export class Command {
  readonly #name: string;
  readonly #parameters: unknown;
  readonly #run: (world: World) => Promise<void>;

  constructor(
    name: string,
    parameters: unknown,
    run: (world: World) => Promise<void>,
  ) {
    this.#name = name;
    this.#parameters = parameters;
    this.#run = run;
  }

  /** Runs it; what there is nothing to do for does nothing. */
  run(world: World): Promise<void> {
    return this.#run(world);
  }

  toString(): string {
    return `${this.#name} ${JSON.stringify(this.#parameters)}`;
  }

  [fc.toStringMethod](): string {
    return this.toString();
  }
}

/**
 * Makes a kind of command.
 *
 * @param name - in reports
 * @param parameters - are drawn at random; `pick` chooses among what there is when the command runs
 */
export function commandOf<T>(
  name: string,
  parameters: fc.Arbitrary<T>,
  run: (world: World, drawn: T) => Promise<void>,
): fc.Arbitrary<Command> {
  return parameters.map(
    drawn => new Command(name, drawn, world => run(world, drawn)),
  );
}

/** Chooses one of the items by a number drawn beforehand, whose list was not known then. */
export function pick<T>(items: readonly T[], drawn: number): T | undefined {
  return items[drawn % items.length];
}

export const anyNumber = fc.nat({ max: 1_000 });
export const anySubscription = fc.constantFrom('s1', 's1', 's1', 's2');
export const anyTopic = fc.constantFrom('a', 'a', 'b', 'c');
export const anyTopics = fc.uniqueArray(anyTopic, {
  minLength: 1,
  maxLength: 3,
});

/** One time in eight; undefined otherwise. */
export function seldom<T>(drawn: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { arbitrary: fc.constant(undefined), weight: 7 },
    { arbitrary: drawn, weight: 1 },
  );
}

/** Some operations have fewer statements, so that nothing befalls them. */
export const anyMishap: fc.Arbitrary<Mishap | undefined> = seldom(
  fc.record({
    statement: fc.nat({ max: 14 }),
    kind: fc.constantFrom('lost', 'answer lost', 'frozen'),
  }),
);
