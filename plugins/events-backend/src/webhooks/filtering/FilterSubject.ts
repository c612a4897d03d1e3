import type { CelInput } from '@bufbuild/cel';

/** What a filter can ask of the entity that an event is about. */
export interface EntityFacts {
  /** Such as `component:default/my-service`. */
  ref: string;
  kind: string;
  namespace: string;
  name: string;
  /** Reference of the first owner; undefined when it has none. Likewise the system. */
  owner?: string | undefined;
  /** References of all owners. */
  owners: readonly string[];
  system?: string | undefined;
  type?: string | undefined;
  lifecycle?: string | undefined;
  tags: readonly string[];
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
}

/** An event as filters look at it. */
export interface FilteredEvent {
  id: string;
  topic: string;
  key: string | undefined;
  /** From JSON. */
  payload: unknown;
  metadata: Readonly<Record<string, string | readonly string[]>>;
  /** Undefined when the event is about no entity, or about one that the catalog does not know. */
  entity: EntityFacts | undefined;
}

/** The names that an expression may use. What an event lacks is not bound, so asking for it fails. */
export const filterVariables = [
  'id',
  'topic',
  'key',
  'payload',
  'metadata',
  'entity',
] as const;
export type FilterVariable = (typeof filterVariables)[number];

/** Elements of lists that one filter may look at: nested searches of a large payload would take minutes. */
const maxVisits = 100_000;

/**
 * An event in the form that expressions are evaluated on. It is made once for each event, and looked at by every filter.
 *
 * @remarks
 * Payload and metadata are read when the first filter asks for them, so that an event may parse its own as late as that.
 *
 * A payload has at most the size that the system accepts; what is bounded here is how often a filter goes through it.
 */
export class FilterSubject {
  readonly bindings: Readonly<Record<string, CelInput>>;
  readonly #budget = { visits: 0 };

  constructor(event: FilteredEvent) {
    const { id, topic, key, entity } = event;
    const bindings: Record<string, CelInput> = {
      id,
      topic,
      ...(key !== undefined && { key }),
      ...(entity && { entity: this.#convert(entity) }),
    };
    bindLate(bindings, 'payload', () => this.#convert(event.payload));
    bindLate(bindings, 'metadata', () => this.#convert(event.metadata));
    this.bindings = bindings;
  }

  /** Gives the next filter its own budget. */
  refresh(): void {
    this.#budget.visits = maxVisits;
  }

  /** Whether the last filter wanted to look at more than it may. */
  get isExhausted(): boolean {
    return this.#budget.visits < 0;
  }

  #convert(value: unknown): CelInput {
    if (Array.isArray(value)) {
      return new BudgetedList(
        this.#budget,
        value.map(item => this.#convert(item)),
      );
    }
    if (typeof value === 'object' && value !== null) {
      return new Map(
        Object.entries(value)
          .filter(([, item]) => item !== undefined)
          .map(([name, item]): [string, CelInput] => [
            name,
            this.#convert(item),
          ]),
      );
    }
    return typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean'
      ? value
      : null;
  }
}

/** Binds a name to what is made when it is asked for, and made once. */
function bindLate(
  bindings: Record<string, CelInput>,
  name: string,
  make: () => CelInput,
): void {
  Object.defineProperty(bindings, name, {
    configurable: true,
    enumerable: true,
    get() {
      const value = make();
      Object.defineProperty(bindings, name, { value, enumerable: true });
      return value;
    },
  });
}

/** A list that counts how many of its elements are looked at. */
class BudgetedList extends Array<CelInput> {
  static get [Symbol.species]() {
    return Array;
  }

  readonly #budget: { visits: number };

  constructor(budget: { visits: number }, items: readonly CelInput[]) {
    super();
    this.#budget = budget;
    for (const item of items) {
      this.push(item);
    }
  }

  override *[Symbol.iterator](): ArrayIterator<CelInput> {
    for (let index = 0; index < this.length; index += 1) {
      this.#budget.visits -= 1;
      if (this.#budget.visits < 0) {
        throw new Error('The budget is exhausted');
      }
      yield this[index];
    }
  }

  override values(): ArrayIterator<CelInput> {
    return this[Symbol.iterator]();
  }
}
