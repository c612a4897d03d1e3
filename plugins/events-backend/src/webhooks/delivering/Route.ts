import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { Selector } from '../routing';
import type { Match } from './Outlook';

/** Whoever is told of the events that an endpoint wants. */
export interface RoutedEndpoint {
  onMatch(match: Match): void;
  /** Nobody knows which of the events up to where the router is from now on it wants. */
  onDoubt(): void;
}

/** What a route needs of the router that made it. */
interface RouterOfRoute {
  position(): number;
  select(
    selector: Selector,
    events: readonly LogEvent[],
  ): Promise<readonly LogEvent[]>;
  remove(): void;
}

/** The way of events to one endpoint as it is with one revision, from when it was added to the router until it is removed. */
export class Route {
  readonly selector: Selector;
  readonly endpoint: RoutedEndpoint;
  readonly #router: RouterOfRoute;
  /** Where it was removed. */
  #end: number | undefined;

  constructor(
    router: RouterOfRoute,
    selector: Selector,
    endpoint: RoutedEndpoint,
  ) {
    this.#router = router;
    this.selector = selector;
    this.endpoint = endpoint;
  }

  /**
   * Every event up to here, from when it was added on, that the endpoint wants it was told of. It stands still once the
   * route is removed: nobody may go by what nobody looks at.
   */
  get position(): number {
    return this.#end ?? this.#router.position();
  }

  /**
   * Chooses those of some events that the endpoint wants.
   *
   * @throws CatalogAwayError when that depends on the catalog, which cannot be asked
   */
  choose(events: readonly LogEvent[]): Promise<readonly LogEvent[]> {
    return this.#router.select(this.selector, events);
  }

  remove(): void {
    this.#end ??= this.#router.position();
    this.#router.remove();
  }
}
