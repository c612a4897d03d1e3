import type {
  EventParams,
  RequestValidator,
} from '@backstage/plugin-events-node';
import type {
  IngressSource,
  SourceDescription,
} from '@callboard/backstage-plugin-events-node';

/** One door: a topic, and what is known about who comes through it. */
export interface Ingress {
  topic: string;
  /** Of Callboard: sees the raw body, names key and deduplication id. */
  source?: IngressSource;
  /** Of the stock extension point: sees the parsed body, may reject. */
  validator?: RequestValidator;
}

/** Which topics have an ingress, and what is known about their senders. */
export class Ingresses {
  readonly #ingresses = new Map<string, Ingress>();

  /** Opens an ingress for a topic, if it has none yet. */
  open(topic: string): Ingress {
    const ingress = this.#ingresses.get(topic) ?? { topic };
    this.#ingresses.set(topic, ingress);
    return ingress;
  }

  /** @throws Error when the topic has a source already */
  addSource(source: IngressSource): void {
    const ingress = this.open(source.topic);
    if (ingress.source) {
      throw new Error(
        `Topic '${source.topic}' has two ingress sources; remove one of the modules, or the entry of events.http.ingresses`,
      );
    }
    ingress.source = source;
  }

  /**
   * Opens an ingress in the stock style. Its validator takes the place of an earlier one, as in the stock plugin; where
   * a source is there too, both must accept. Without a validator the earlier one stays, so that nothing opens a door
   * that somebody guards.
   */
  addValidator(topic: string, validator: RequestValidator | undefined): void {
    const ingress = this.open(topic);
    ingress.validator = validator ?? ingress.validator;
  }

  /**
   * Closes ingresses that nobody guards although the configuration has a module that should: one that did not start must
   * not leave its door open.
   *
   * @param topics - that a module is configured for
   * @returns those that were closed
   */
  closeUnguarded(topics: readonly string[]): string[] {
    const unguarded = this.list().filter(
      ({ topic, source, validator }) =>
        topics.includes(topic) && !source && !validator,
    );
    unguarded.forEach(ingress => {
      ingress.source = {
        topic: ingress.topic,
        verify: async () => ({
          accepted: false,
          reason: 'no_module',
          message: 'the module that checks these webhooks has not started',
        }),
      };
    });
    return unguarded.map(({ topic }) => topic);
  }

  /** All ingresses, in the order they were opened. */
  list(): Ingress[] {
    return [...this.#ingresses.values()];
  }

  /** One ingress. */
  get(topic: string): Ingress | undefined {
    return this.#ingresses.get(topic);
  }

  /** What the source of the event's topic says about it. */
  describe(event: EventParams): SourceDescription | undefined {
    return this.#ingresses.get(event.topic)?.source?.describe?.(event);
  }
}
