import type { CelInput } from '@bufbuild/cel';
import { budget } from './Budget';

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

/**
 * An event in the form that expressions are evaluated on. It is made once for each event, and looked at by every filter.
 *
 * @remarks
 * Payload and metadata are read when the first filter asks for them, so that an event may parse its own as late as that.
 */
export class FilterSubject {
  readonly bindings: Readonly<Record<string, CelInput>>;

  constructor(event: FilteredEvent) {
    const { id, topic, key, entity } = event;
    const bindings: Record<string, CelInput> = {
      id,
      topic,
      ...(key !== undefined && { key }),
      ...(entity && { entity: convert(entity) }),
    };
    bindLate(bindings, 'payload', () => convert(event.payload));
    bindLate(bindings, 'metadata', () => convert(event.metadata));
    this.bindings = bindings;
  }
}

function convert(value: unknown): CelInput {
  if (Array.isArray(value)) {
    return value.map(convert);
  }
  if (typeof value === 'object' && value !== null) {
    return new FieldMap(
      Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([name, item]): [string, CelInput] => [name, convert(item)]),
    );
  }
  return typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
    ? value
    : null;
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

/** Fields by their names. Asked for a number it pays for all keys, which the library then goes through. */
class FieldMap extends Map<string, CelInput> {
  override get(key: unknown): CelInput | undefined {
    if (typeof key !== 'string') {
      budget.spend(Math.ceil(this.size / 8));
      return undefined;
    }
    return super.get(key);
  }
}
