import type { EventEntity } from '../entities';
import {
  FilterSubject,
  type EntityFacts,
  type FilteredEvent,
} from '../filtering';
import type { EventContent } from './ParsedEvent';

/**
 * An event that is on its way to endpoints: what it carries, and what is known of its entity. It is made once for each
 * event, and looked at by every endpoint.
 */
export class RoutedEvent implements FilteredEvent {
  readonly #content: EventContent;
  readonly #about: EventEntity;
  #subject: FilterSubject | undefined;

  /**
   * @param content - read only as far as somebody asks for it, so that a {@link ParsedEvent} may stay unparsed
   * @param about - what is known of its entity; `noEntity` will do where the table needs none
   */
  constructor(content: EventContent, about: EventEntity) {
    this.#content = content;
    this.#about = about;
  }

  get id(): string {
    return this.#content.id;
  }

  get topic(): string {
    return this.#content.topic;
  }

  get key(): string | undefined {
    return this.#content.key;
  }

  get payload(): unknown {
    return this.#content.payload;
  }

  get metadata(): EventContent['metadata'] {
    return this.#content.metadata;
  }

  get entity(): EntityFacts | undefined {
    return this.#about.facts;
  }

  /** Why nothing is known of the entity, as a sentence for people; undefined when something is. */
  get entityProblem(): string | undefined {
    return this.#about.facts ? undefined : this.#about.reason;
  }

  /** As filters are evaluated on it. */
  get subject(): FilterSubject {
    this.#subject ??= new FilterSubject(this);
    return this.#subject;
  }
}
