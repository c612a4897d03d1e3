import { setTimeout as delay } from 'node:timers/promises';
import type { LoggerService } from '@backstage/backend-plugin-api';
import type { DeliveryPool } from '../deliveries';
import type { SqlEventLog } from '../log';
import type { SubscriptionPool } from '../subscriptions';
import type { Chore } from './Chore';
import { planTrim } from './planTrim';

/** How long events are kept. */
export interface RetentionOptions {
  /** Events younger than this stay, in milliseconds. */
  retentionMs: number;
  /** Hard cap: events older than this go, even unread, in milliseconds. */
  maxAgeMs: number;
  /** Hard cap: the log holds about this many events at the most, even unread. */
  maxEvents: number;
}

const eventsPerStatement = 500;
/** Publishers share the disk: after each page the chore rests so many times as long as the page took. */
const restFactor = 3;
const deliveriesPerPage = 1_000;
const topicsPerTurn = 1_000;
const turnLimitMs = 20_000;

/**
 * Removes events that are older than the retention and that nobody needs: every subscription has read past them, no
 * batch holds them, and they are not owed or dead. Beyond the hard cap they go all the same, which is announced.
 */
export function trimLog(options: {
  log: SqlEventLog;
  subscriptions: Pick<
    SubscriptionPool,
    'readFloor' | 'list' | 'removeEndedTopics'
  >;
  deliveries: Pick<DeliveryPool, 'readFloor' | 'removeUpTo'>;
  retention: RetentionOptions;
  observer: {
    onTrimmed(events: number): void;
    /** Deliveries that went with their events. */
    onTrimmedUnread(deliveries: number): void;
    onPassedOver(subscriptions: number): void;
  };
  logger: LoggerService;
}): Chore {
  const { log, subscriptions, deliveries, retention, observer, logger } =
    options;

  async function announce(upTo: number): Promise<void> {
    const behind = (await subscriptions.list()).filter(
      ({ cursor }) => cursor < upTo,
    );
    if (behind.length > 0) {
      observer.onPassedOver(behind.length);
      logger.error(
        `The log has reached its hard cap (events.log.maxAge or events.log.maxEvents): events up to position ${upTo} are removed although these subscriptions have not read them: ${behind
          .map(({ id, cursor }) => `${id} (at ${cursor})`)
          .join(', ')}. Raise the cap, or find out why they do not read.`,
      );
    }
  }

  /** Whether there is an event to trim: nothing but gaps may be left, which repetitions and ephemeral events leave. */
  async function hasEvents(head: number, upTo: number): Promise<boolean> {
    const { events } = await log.readAfter(head, {}, { events: 1, bytes: 1 });
    return events.some(({ position }) => position <= upTo);
  }

  /** Also finds what was in a reader's hands when its event went, and failed later. */
  async function removeLost(head: number): Promise<void> {
    const end = performance.now() + turnLimitMs;
    let lost = 0;
    let more = true;
    while (more && performance.now() < end) {
      const page = await deliveries.removeUpTo(head, deliveriesPerPage);
      lost += page.lost;
      more = page.found > 0;
    }
    if (lost > 0) {
      observer.onTrimmedUnread(lost);
      logger.error(
        `${lost} deliveries that were owed or dead are gone with their events: the log reached its hard cap, or they were asked for while it was trimmed`,
      );
    }
  }

  /** Removes what nobody needs once the events up to the head are gone. */
  async function removeBehind(head: number): Promise<void> {
    await removeLost(head);
    await subscriptions.removeEndedTopics(head, topicsPerTurn);
  }

  /** Up to where nobody needs the events any more. */
  async function findNeedless(tail: number): Promise<number> {
    const read = await subscriptions.readFloor();
    // Last, because settling moves an event from a batch to what is owed: one of the two looks sees it.
    const owed = await deliveries.readFloor();
    return Math.min(read ?? tail, owed ?? tail);
  }

  return {
    id: 'trim-log',
    intervalMs: 60_000,
    initialDelayMs: 300_000,
    async run() {
      const { head, tail } = await log.ends();
      const [retained, aged] = await Promise.all([
        log.positionOlderThan(retention.retentionMs),
        log.positionOlderThan(retention.maxAgeMs),
      ]);
      const capped = Math.max(aged, tail - retention.maxEvents);
      const plan = async () =>
        planTrim({ retained, capped, needless: await findNeedless(tail) });
      const { upTo, capBites } = await plan();
      if (upTo <= head || !(await hasEvents(head, upTo))) {
        await removeBehind(head);
        return;
      }
      if (capBites) {
        await announce(upTo);
      }
      const end = performance.now() + turnLimitMs;
      let trimmed = 0;
      let removed = eventsPerStatement;
      while (removed > 0 && performance.now() < end) {
        const startMs = performance.now();
        // Anew before each page: somebody may ask for a replay meanwhile, or subscribe to begin in the past.
        const now = await plan();
        removed = await log.trim(Math.min(upTo, now.upTo), eventsPerStatement);
        trimmed += removed;
        await delay(restFactor * (performance.now() - startMs));
      }
      await removeBehind((await log.ends()).head);
      if (trimmed > 0) {
        observer.onTrimmed(trimmed);
        logger.info(
          `Trimmed ${trimmed} events from the log, up to position ${upTo}`,
        );
      }
    },
  };
}
