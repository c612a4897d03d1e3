import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { FilteredEvent } from '../filtering';

/** What an event carries itself. */
export type EventContent = Omit<FilteredEvent, 'entity'>;

/** An event of the log, whose payload and metadata are parsed when somebody asks for them, and once. */
export class ParsedEvent implements EventContent {
  readonly id: string;
  readonly topic: string;
  readonly key: string | undefined;
  readonly #payload: () => unknown;
  readonly #metadata: () => EventContent['metadata'];

  constructor({
    id,
    topic,
    key,
    payload,
    metadata,
  }: Pick<LogEvent, 'id' | 'topic' | 'key' | 'payload' | 'metadata'>) {
    this.id = id;
    this.topic = topic;
    this.key = key;
    this.#payload = once(() => JSON.parse(payload));
    this.#metadata = once(() => JSON.parse(metadata));
  }

  get payload(): unknown {
    return this.#payload();
  }

  get metadata(): EventContent['metadata'] {
    return this.#metadata();
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
