import { setTimeout as delay } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import type { EndpointSettings } from '@callboard/backstage-plugin-events-common';
import type {
  EventLog,
  LogEvent,
  Notifier,
} from '@callboard/backstage-plugin-events-node';
import {
  FailureLog,
  WakeUp,
} from '@callboard/backstage-plugin-events-node/bus';
import {
  CatalogAwayError,
  findEventEntities,
  noEntity,
  type EntityLookup,
} from '../entities';
import {
  compileSelector,
  ParsedEvent,
  RoutedEvent,
  RoutingTable,
  type Selection,
  type Selector,
} from '../routing';
import type { Match } from './Outlook';
import { toSubscriptionId } from '../../endpoints';
import { WishChangedError } from '../../subscriptions';
import { RecentEvents } from './RecentEvents';

export type { Selection } from '../routing';

/** How the log is routed. */
export interface RoutingOptions {
  /** Events and bytes of payload that are read at once. */
  page: { events: number; bytes: number };
  /** How often to look when nobody wakes, in milliseconds. */
  pollIntervalMs: number;
  /** Pause after a failure of the store, in milliseconds. */
  errorDelayMs: number;
  /** Events that are remembered for the claims that follow. */
  recent: { events: number; bytes: number };
}

/** The part of settings that says which events an endpoint wants. */
type WantedEvents = Pick<EndpointSettings, 'topics' | 'filter' | 'entity'>;

/** Whoever is told of the events that an endpoint wants. */
export interface RoutedEndpoint {
  onMatch(match: Match): void;
  /** Nobody knows which of the events up to where the router is from now on it wants. */
  onDoubt(): void;
}

/** An endpoint that the router finds events for. */
interface Route {
  selector: Selector;
  endpoint: RoutedEndpoint;
}

/**
 * Follows the log once for all endpoints of this process, and tells each of the events that it wants: an endpoint that
 * wants none costs nothing.
 *
 * @remarks
 * What it tells is a hint. It begins at the tail, keeps nothing, and may be behind or ahead of any claim.
 */
export class EventRouter {
  readonly #log: Pick<EventLog, 'readAfter' | 'tail'>;
  readonly #notifier: Notifier;
  readonly #lookup: EntityLookup;
  readonly #options: RoutingOptions;
  readonly #table = new RoutingTable();
  readonly #routes = new Map<string, Route>();
  readonly #recent: RecentEvents;
  readonly #failures: FailureLog;
  readonly #wakeUp = new WakeUp();
  readonly #stopping = new AbortController();
  #unlisten = () => {};
  #running: Promise<void> | undefined;
  #position = 0;

  constructor(options: {
    log: Pick<EventLog, 'readAfter' | 'tail'>;
    notifier: Notifier;
    lookup: EntityLookup;
    options: RoutingOptions;
    logger: LoggerService;
  }) {
    this.#log = options.log;
    this.#notifier = options.notifier;
    this.#lookup = options.lookup;
    this.#options = options.options;
    this.#recent = new RecentEvents(options.options.recent);
    this.#failures = new FailureLog({
      logger: options.logger,
      failed: 'Finding the endpoints of events failed, trying again',
      worked: 'Finding the endpoints of events goes on',
    });
  }

  /** Every event up to here has been looked at, for the endpoints that were there. */
  get position(): number {
    return this.#position;
  }

  /** Begins at the tail of the log. */
  async start(): Promise<void> {
    if (this.#running || this.#stopping.signal.aborted) {
      return;
    }
    this.#position = await this.#log.tail();
    this.#unlisten = this.#notifier.listen({
      wants: () => this.#routes.size > 0,
      wake: () => this.#wakeUp.wake(),
    });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#unlisten();
    this.#wakeUp.wake();
    await this.#running;
  }

  /**
   * Adds an endpoint, which is told of events from here on.
   *
   * @throws Error with a sentence for people, when its settings cannot be used
   */
  add(id: string, settings: EndpointSettings, endpoint: RoutedEndpoint): void {
    const selector = compile(settings);
    this.#table.set(id, selector);
    this.#routes.set(id, { selector, endpoint });
    this.#wakeUp.wake();
  }

  remove(id: string): void {
    this.#table.remove(id);
    this.#routes.delete(id);
  }

  /**
   * Chooses those of some events that an endpoint wants.
   *
   * @throws CatalogAwayError when that depends on the catalog, which cannot be asked
   * @throws WishChangedError when the endpoint is not here any more
   */
  async choose(id: string, events: readonly LogEvent[]): Promise<LogEvent[]> {
    const selector = this.#routes.get(id)?.selector;
    if (!selector) {
      // Nobody may pass over what nobody has looked at.
      throw new WishChangedError(toSubscriptionId(id));
    }
    return this.#select(selector, events);
  }

  /**
   * Chooses those of some events that somebody with these settings wants.
   *
   * @throws CatalogAwayError as `choose` does
   */
  async chooseFor(
    settings: WantedEvents,
    events: readonly LogEvent[],
  ): Promise<LogEvent[]> {
    return this.#select(compile(settings), events);
  }

  /**
   * Says whether somebody with these settings wants an event, and why not.
   *
   * @throws CatalogAwayError as `choose` does
   */
  async explain(settings: WantedEvents, event: LogEvent): Promise<Selection> {
    const selector = compile(settings);
    const [routed] = await this.#prepare(
      [event],
      () => selector.asksForEntity && selector.wantsTopic(event.topic),
    );
    return selector.select(routed);
  }

  /** Looks at one page of the log; returns whether there is more. */
  async runOnce(): Promise<boolean> {
    if (this.#routes.size === 0) {
      this.#position = Math.max(this.#position, await this.#log.tail());
      return false;
    }
    const { events, upTo, tail } = await this.#log.readAfter(
      this.#position,
      {},
      this.#options.page,
    );
    const matches = await this.#match(events);
    // Without a pause in between, so that whoever sees the position has been told of every match before it.
    if (matches) {
      events.forEach((event, index) =>
        matches[index].forEach(id =>
          this.#routes.get(id)?.endpoint.onMatch(event),
        ),
      );
    } else {
      this.#doubt(events);
    }
    this.#position = Math.max(this.#position, upTo);
    return upTo < tail;
  }

  async #run(): Promise<void> {
    const { pollIntervalMs, errorDelayMs } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#wakeUp.reset();
      try {
        const isMore = await this.runOnce();
        this.#failures.onWorked();
        if (!isMore) {
          await this.#wakeUp.sleep(pollIntervalMs);
        }
      } catch (error) {
        if (!signal.aborted) {
          this.#failures.onFailed(error);
        }
        await delay(errorDelayMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #select(
    selector: Selector,
    events: readonly LogEvent[],
  ): Promise<LogEvent[]> {
    const ofTopic = events.filter(({ topic }) => selector.wantsTopic(topic));
    const routed = await this.#prepare(ofTopic, () => selector.asksForEntity);
    return ofTopic.filter((_, index) => selector.select(routed[index]).matches);
  }

  /** The ids of those that want each event; undefined when the catalog, by which that is decided, cannot be asked. */
  async #match(events: readonly LogEvent[]): Promise<string[][] | undefined> {
    try {
      const routed = await this.#prepare(events, topic =>
        this.#table.needsEntity(topic),
      );
      return routed.map(event => this.#table.route(event));
    } catch (error) {
      if (error instanceof CatalogAwayError) {
        return undefined;
      }
      throw error;
    }
  }

  /** Lets whoever may want one of the events read them, and ask for itself. */
  #doubt(events: readonly LogEvent[]): void {
    const topics = [...new Set(events.map(({ topic }) => topic))];
    for (const { selector, endpoint } of this.#routes.values()) {
      if (topics.some(topic => selector.wantsTopic(topic))) {
        endpoint.onDoubt();
      }
    }
  }

  async #prepare(
    events: readonly LogEvent[],
    needsEntity: (topic: string) => boolean,
  ): Promise<RoutedEvent[]> {
    const known = events.map(({ position, topic }) =>
      this.#recent.get(position, needsEntity(topic)),
    );
    const missing = events.filter((_, index) => !known[index]);
    const parsed = missing.map(event => new ParsedEvent(event));
    const asked = parsed.filter(({ topic }) => needsEntity(topic));
    const about =
      asked.length > 0 ? await findEventEntities(asked, this.#lookup) : [];
    const aboutOf = new Map(asked.map((event, index) => [event, about[index]]));
    const made = new Map(
      missing.map((event, index) => {
        const found = aboutOf.get(parsed[index]);
        const routed = new RoutedEvent(parsed[index], found ?? noEntity);
        this.#recent.set(event.position, {
          routed,
          knowsEntity: found !== undefined,
          bytes: event.size,
        });
        return [event.position, routed];
      }),
    );
    return events.map(
      (event, index) =>
        known[index] ??
        made.get(event.position) ??
        new RoutedEvent(new ParsedEvent(event), noEntity),
    );
  }
}

function compile(settings: WantedEvents): Selector {
  const compiled = compileSelector(settings);
  if ('problem' in compiled) {
    throw new Error(compiled.problem);
  }
  return compiled.selector;
}
