import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { DeliveryPool } from '../../deliveries';
import {
  replayQuerySchema,
  toSubscriptionId,
  type Endpoint,
  type EndpointPool,
  type EndpointReplay,
  type ReplayQuery,
} from '../../endpoints';
import type { SqlEventLog } from '../../log';
import type { OwedEvent } from '../../model/batch';
import type { SubscriptionPool } from '../../subscriptions';

const eventsPerPage = 500;
const bytesPerPage = 4 * 1024 * 1024;
/** What is owed at once: a replay of a million events waits in the log, and not as a million deliveries. */
const maxOwed = 5_000;

/** Another process was faster, or the replay was cancelled. */
class PageTakenError extends Error {}

/** One page of a replay. */
interface ReplayPage {
  lookedAt: number;
  chosen: OwedEvent[];
  /** Position up to which everything was looked at. */
  place: number;
  isLast: boolean;
}

/**
 * Carries replays on, page by page: owes the events that they take to their endpoints.
 *
 * @remarks
 * Any process may carry any replay on. Its place moves in the transaction that owes the events of a page, and only from
 * where it was read: of two processes that have read the same page one owes it, and a crash changes nothing or all.
 */
export class ReplayRunner {
  readonly #log: Pick<SqlEventLog, 'list' | 'readPositions'>;
  readonly #endpoints: EndpointPool;
  readonly #subscriptions: SubscriptionPool;
  readonly #deliveries: DeliveryPool;
  readonly #choose: (
    endpoint: Endpoint,
    events: readonly LogEvent[],
  ) => Promise<readonly LogEvent[]>;
  readonly #onOwed: () => void;

  constructor(options: {
    log: Pick<SqlEventLog, 'list' | 'readPositions'>;
    endpoints: EndpointPool;
    subscriptions: SubscriptionPool;
    deliveries: DeliveryPool;
    /** Those of some events that an endpoint wants. */
    choose: (
      endpoint: Endpoint,
      events: readonly LogEvent[],
    ) => Promise<readonly LogEvent[]>;
    /** Something is due. */
    onOwed: () => void;
  }) {
    this.#log = options.log;
    this.#endpoints = options.endpoints;
    this.#subscriptions = options.subscriptions;
    this.#deliveries = options.deliveries;
    this.#choose = options.choose;
    this.#onOwed = options.onOwed;
  }

  /**
   * Takes one page of each replay that is running and whose endpoint is not owed much.
   *
   * @returns whether any was taken
   * @throws what went wrong with one of them, once all were tried
   */
  async runOnce(): Promise<boolean> {
    const failures: unknown[] = [];
    let moved = false;
    for (const replay of await this.#endpoints.listRunningReplays()) {
      try {
        moved = (await this.#carryOn(replay)) || moved;
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) {
      throw failures[0];
    }
    return moved;
  }

  async #carryOn(replay: EndpointReplay): Promise<boolean> {
    const { id, place, lookedAt, owed } = replay;
    const subscriptionId = toSubscriptionId(replay.endpointId);
    const endpoint = await this.#endpoints.read(replay.endpointId);
    const query = replayQuerySchema.safeParse(JSON.parse(replay.query));
    if (!endpoint || !query.success) {
      return this.#endpoints.advanceReplay(id, place, {
        place,
        lookedAt,
        owed,
        state: 'failed',
        error: endpoint
          ? 'Another version of Callboard has made this replay; make it again'
          : 'The endpoint is gone',
      });
    }
    const counts = await this.#deliveries.count(subscriptionId, [
      'due',
      'blocked',
    ]);
    const isOwed = [...counts.values()].reduce((sum, count) => sum + count, 0);
    if (isOwed >= maxOwed) {
      return false;
    }
    const page =
      query.data.state === 'dead'
        ? await this.#readDead(subscriptionId, replay, query.data)
        : await this.#readLog(endpoint, replay, query.data);
    try {
      const replayed = await this.#deliveries.replay(
        subscriptionId,
        page.chosen,
        {
          dryRun: false,
          choose: (...args) => this.#subscriptions.chooseForReplay(...args),
          note: async (trx, result) => {
            const progress = {
              place: page.place,
              lookedAt: lookedAt + page.lookedAt,
              owed: owed + result.owed,
              ...(page.isLast && { state: 'done' as const }),
            };
            if (
              !(await this.#endpoints.advanceReplay(id, place, progress, trx))
            ) {
              throw new PageTakenError();
            }
          },
        },
      );
      if (replayed.owed > 0) {
        this.#onOwed();
      }
      return true;
    } catch (error) {
      if (error instanceof PageTakenError) {
        return false;
      }
      throw error;
    }
  }

  async #readLog(
    endpoint: Endpoint,
    { place, upTo }: EndpointReplay,
    { topic, key }: ReplayQuery,
  ): Promise<ReplayPage> {
    const heads = await this.#log.list({
      topic,
      key,
      order: 'asc',
      after: place,
      limit: eventsPerPage,
    });
    const within = heads.filter(({ position }) => Number(position) <= upTo);
    const taken = takeBytes(within);
    const positions = taken.map(({ position }) => Number(position));
    const events = await this.#log.readPositions(positions);
    const isLast =
      within.length < eventsPerPage && taken.length === within.length;
    return {
      lookedAt: positions.length,
      chosen: (await this.#choose(endpoint, events)).map(event =>
        endpoint.settings.ordered ? event : { ...event, key: undefined },
      ),
      place: isLast ? upTo : positions.at(-1) ?? upTo,
      isLast,
    };
  }

  async #readDead(
    subscriptionId: string,
    { place, upTo }: EndpointReplay,
    { topic, key }: ReplayQuery,
  ): Promise<ReplayPage> {
    const rows = await this.#deliveries.list({
      state: 'dead',
      subscriptionId,
      topic,
      key,
      after: { position: place, subscriptionId },
      limit: eventsPerPage,
    });
    const dead = rows
      .map(row => ({
        position: Number(row.position),
        id: row.event_id,
        topic: row.topic,
        key: row.key ?? undefined,
        size: row.size,
      }))
      .filter(({ position }) => position <= upTo);
    const isLast = dead.length < eventsPerPage;
    return {
      lookedAt: dead.length,
      chosen: dead,
      place: isLast ? upTo : dead.at(-1)?.position ?? upTo,
      isLast,
    };
  }
}

/** The first of some events whose payloads fit into a page; one fits whatever its size. */
function takeBytes<T extends { size: number }>(heads: readonly T[]): T[] {
  let bytes = 0;
  const end = heads.findIndex(({ size }, index) => {
    bytes += size;
    return index > 0 && bytes > bytesPerPage;
  });
  return end < 0 ? [...heads] : heads.slice(0, end);
}
