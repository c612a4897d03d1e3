import type { Selector } from './compileSelector';
import { ConditionIndex, type ReadPlace } from './ConditionIndex';
import type { RoutedEvent } from './RoutedEvent';
import { TopicPatterns } from './TopicPatterns';

/**
 * Which endpoints want which events: what asking every selector would tell, without asking every one.
 *
 * @remarks
 * An event looks up its topic, and under each pattern that the topic fits, each place in events at which an endpoint waits
 * for a text: an owner, `payload.repository.full_name`. Only the endpoints that it finds there are asked. So an event costs
 * as much as there are such places and endpoints that it may concern, however many others there are.
 *
 * An endpoint that requires nothing that can be looked up, such as one without a filter or with `payload.size > 3`, is
 * asked for each event of its topics.
 */
export class RoutingTable {
  readonly #selectors = new Map<string, Selector>();
  readonly #patterns = new TopicPatterns<EndpointsOfPattern>();

  /** Adds an endpoint, or gives it another selector. */
  set(id: string, selector: Selector): void {
    this.remove(id);
    this.#selectors.set(id, selector);
    for (const pattern of new Set(selector.topics)) {
      let endpoints = this.#patterns.get(pattern);
      if (!endpoints) {
        endpoints = { index: new ConditionIndex(), askForEntity: new Set() };
        this.#patterns.set(pattern, endpoints);
      }
      endpoints.index.add(id, selector.conditions);
      if (selector.asksForEntity) {
        endpoints.askForEntity.add(id);
      }
    }
  }

  /** Removes an endpoint, if it is there. */
  remove(id: string): void {
    const selector = this.#selectors.get(id);
    this.#selectors.delete(id);
    for (const pattern of new Set(selector?.topics)) {
      const endpoints = this.#patterns.get(pattern);
      endpoints?.index.remove(id);
      endpoints?.askForEntity.delete(id);
      if (endpoints?.index.isEmpty) {
        this.#patterns.delete(pattern);
      }
    }
  }

  /** Whether an endpoint that wants a topic has to know the entities of its events. */
  needsEntity(topic: string): boolean {
    return this.#patterns
      .find(topic)
      .some(({ askForEntity }) => askForEntity.size > 0);
  }

  /** Gives the ids of the endpoints that want an event, in no particular order. */
  route(event: RoutedEvent): string[] {
    const readPlace = createReadPlace(event);
    const candidates = new Set<string>();
    for (const { index } of this.#patterns.find(event.topic)) {
      for (const id of index.findCandidates(readPlace)) {
        candidates.add(id);
      }
    }
    return [...candidates].filter(
      id => this.#selectors.get(id)?.select(event).matches,
    );
  }
}

interface EndpointsOfPattern {
  index: ConditionIndex;
  /** Ids of those that have to know the entity. */
  askForEntity: Set<string>;
}

/** Reads each place once, under however many patterns it is looked up. */
function createReadPlace(event: RoutedEvent): ReadPlace {
  const read = new Map<string, readonly string[]>();
  return place => {
    let texts = read.get(place.name);
    if (!texts) {
      texts = place.read(event);
      read.set(place.name, texts);
    }
    return texts;
  };
}
