import {
  setImmediate as nextTurn,
  setTimeout as delay,
} from 'node:timers/promises';
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
import { RecentEvents } from './RecentEvents';
import { Route, type RoutedEndpoint } from './Route';

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

/** While events are looked at, others have their turn after so many milliseconds. */
const longestTurnMs = 10;
/** The catalog is not asked again for so long when it is away, in milliseconds: each time may take seconds. */
const catalogPauseMs = 5_000;

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
  /** By ids of their own: an endpoint that was changed has another route. */
  readonly #routes = new Map<string, Route>();
  /** Since the page that is under way was begun. */
  readonly #added = new Set<Route>();
  #nextId = 0;
  #catalogAway: { error: CatalogAwayError; untilMs: number } | undefined;
  #explaining = Promise.resolve();
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
  add(settings: WantedEvents, endpoint: RoutedEndpoint): Route {
    const route = new Route(
      {
        position: () => this.#position,
        select: (selector, events) => this.#select(selector, events),
        remove: () => {
          this.#table.remove(id);
          this.#routes.delete(id);
        },
      },
      compile(settings),
      endpoint,
    );
    const id = String(this.#nextId);
    this.#nextId += 1;
    this.#table.set(id, route.selector);
    this.#routes.set(id, route);
    this.#added.add(route);
    this.#wakeUp.wake();
    return route;
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
    // Many may be asked for at once, and each has a turn of the event loop to itself.
    this.#explaining = this.#explaining.then(() => nextTurn());
    await this.#explaining;
    return selector.select(routed);
  }

  /** Looks at one page of the log; returns whether there is more. */
  async runOnce(): Promise<boolean> {
    this.#added.clear();
    if (this.#routes.size === 0) {
      this.#move(await this.#log.tail());
      return false;
    }
    const { events, upTo, tail } = await this.#log.readAfter(
      this.#position,
      {},
      this.#options.page,
    );
    if (tail < this.#position) {
      this.#startOver(tail);
      return true;
    }
    const { matches, doubted } = await this.#match(events);
    // Without a pause in between, so that whoever sees the position has been told of every match before it.
    for (const { id, event } of matches) {
      this.#routes.get(id)?.endpoint.onMatch(event);
    }
    doubted.forEach(({ endpoint }) => endpoint.onDoubt());
    this.#move(upTo);
    return upTo < tail;
  }

  /** Moves on; an endpoint that was added meanwhile was not asked about all that is passed. */
  #move(position: number): void {
    this.#added.forEach(({ endpoint }) => endpoint.onDoubt());
    this.#added.clear();
    this.#position = position;
  }

  /** The log has lost its end, by a failover or a restored backup: other events come to stand there. */
  #startOver(tail: number): void {
    this.#recent.clear();
    this.#move(tail);
    this.#routes.forEach(({ endpoint }) => endpoint.onDoubt());
  }

  async #run(): Promise<void> {
    const { pollIntervalMs, errorDelayMs } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#wakeUp.reset();
      try {
        const isMore = await this.runOnce();
        this.#failures.onWorked();
        if (isMore) {
          // SQLite answers within the turn of the event loop, which others want as well.
          await nextTurn();
        } else {
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
    const chosen: LogEvent[] = [];
    await inTurns(ofTopic, (event, index) => {
      if (selector.select(routed[index]).matches) {
        chosen.push(event);
      }
    });
    return chosen;
  }

  /** Who wants which events, and who may want some that nobody can decide about while the catalog is away. */
  async #match(events: readonly LogEvent[]): Promise<{
    matches: { id: string; event: LogEvent }[];
    doubted: Route[];
  }> {
    const routed = await this.#prepareWhileCatalogIsThere(events);
    const known = routed ?? (await this.#prepare(events, () => false));
    const matches: { id: string; event: LogEvent }[] = [];
    await inTurns(events, (event, index) => {
      for (const id of this.#table.route(known[index])) {
        if (routed || !this.#routes.get(id)?.selector.asksForEntity) {
          matches.push({ id, event });
        }
      }
    });
    return { matches, doubted: routed ? [] : this.#listAsking(events) };
  }

  async #prepareWhileCatalogIsThere(
    events: readonly LogEvent[],
  ): Promise<RoutedEvent[] | undefined> {
    try {
      return await this.#prepare(events, topic =>
        this.#table.needsEntity(topic),
      );
    } catch (error) {
      if (error instanceof CatalogAwayError) {
        return undefined;
      }
      throw error;
    }
  }

  /** Those who have to know the entities of some of the events. */
  #listAsking(events: readonly LogEvent[]): Route[] {
    const topics = [...new Set(events.map(({ topic }) => topic))];
    return [...this.#routes.values()].filter(
      ({ selector }) =>
        selector.asksForEntity &&
        topics.some(topic => selector.wantsTopic(topic)),
    );
  }

  async #prepare(
    events: readonly LogEvent[],
    needsEntity: (topic: string) => boolean,
  ): Promise<RoutedEvent[]> {
    const parsed = events.map(event => this.#parse(event));
    const asked = parsed.filter(({ topic }) => needsEntity(topic));
    const about = asked.length > 0 ? await this.#findEntities(asked) : [];
    const aboutOf = new Map(asked.map((event, index) => [event, about[index]]));
    return parsed.map(
      event => new RoutedEvent(event, aboutOf.get(event) ?? noEntity),
    );
  }

  #parse(event: LogEvent): ParsedEvent {
    const recent = this.#recent.get(event.position);
    if (recent) {
      return recent;
    }
    const parsed = new ParsedEvent(event);
    this.#recent.set(event.position, parsed, event.size);
    return parsed;
  }

  /** @throws CatalogAwayError at once, if it was away a moment ago */
  async #findEntities(events: readonly ParsedEvent[]) {
    if (this.#catalogAway && performance.now() < this.#catalogAway.untilMs) {
      throw this.#catalogAway.error;
    }
    try {
      return await findEventEntities(events, this.#lookup);
    } catch (error) {
      if (error instanceof CatalogAwayError) {
        this.#catalogAway = {
          error,
          untilMs: performance.now() + catalogPauseMs,
        };
      }
      throw error;
    }
  }
}

/** Visits some items; others have their turn of the event loop meanwhile. */
async function inTurns<T>(
  items: readonly T[],
  visit: (item: T, index: number) => void,
): Promise<void> {
  let turnMs = performance.now();
  for (const [index, item] of items.entries()) {
    visit(item, index);
    if (performance.now() - turnMs > longestTurnMs) {
      await nextTurn();
      turnMs = performance.now();
    }
  }
}

function compile(settings: WantedEvents): Selector {
  const compiled = compileSelector(settings);
  if ('problem' in compiled) {
    throw new Error(compiled.problem);
  }
  return compiled.selector;
}
